from seedbed.probes.metric_names import part_name, part_names


def test_signs_that_no_metric_has_are_dashes():
    assert part_name("depth 1, length 8") == "depth 1- length 8"
    assert part_name("n't/¿?") == "n-t---"
    assert part_name("det noun.sg: grün_2-a") == "det noun.sg: grün_2-a"


def test_labels_that_would_be_called_alike_are_numbered():
    assert part_names(["a?", "b", "a!", "a-"]) == ["a-", "b", "a--2", "a--3"]
