import pytest

from seedbed.pipelines.siblings import Kind, kinds, kinds_of_reference, outside_embedding, worded
from seedbed.training.recipes import Model, parameter_counts

ALL = ("bytes", "tokens", "updates", "flops")


@pytest.mark.parametrize(
    ("asked", "layout", "made"),
    [
        (("bytes",), "documents", [(("bytes", "updates"), None)]),
        # One run serves both labels, so it is made once.
        (("updates", "bytes"), "documents", [(("bytes", "updates"), None)]),
        (ALL, "documents", [(("bytes", "updates"), None), (("tokens",), "tokens"), (("flops",), "flops")]),
        (("tokens",), "documents", [(("tokens",), "tokens")]),
        (("bytes",), "packed", [(("bytes",), "bytes")]),
        (ALL, "packed", [(("bytes",), "bytes"), (("tokens", "updates"), None), (("flops",), "flops")]),
    ],
)
def test_what_a_tokenizer_beside_the_reference_needs(asked, layout, made):
    assert kinds(asked, layout, same_documents=True) == [Kind(labels, computed) for labels, computed in made]


@pytest.mark.parametrize(("layout", "kept"), [("documents", ("updates",)), ("packed", ("tokens", "updates"))])
def test_other_documents_have_other_bytes_at_equal_steps(layout, kept):
    made = kinds(ALL, layout, same_documents=False)
    assert Kind(kept, None) in made
    assert Kind(("bytes",), "bytes") in made
    assert {label for kind in made for label in kind.labels} == set(ALL)


def test_the_reference_is_one_arm_with_every_label_that_is_asked_for_or_holds():
    assert kinds_of_reference(("flops",), "documents") == [Kind(("bytes", "updates", "flops"), None)]
    assert kinds_of_reference(("bytes",), "packed") == [Kind(("bytes", "tokens", "updates"), None)]


def test_names_say_what_steps_were_computed_from():
    assert Kind(("tokens",), "tokens").ending == ".matched-tokens"
    assert Kind(("bytes", "updates"), None).ending == ""
    assert worded(("bytes", "flops")) == "bytes seen and FLOPs"


def test_what_lies_outside_the_embedding_does_not_depend_on_the_vocabulary():
    model = Model(2, 16, 2, context=32, positions="learned", tied=False)
    small, large = (parameter_counts(model, size) for size in (257, 5_000))
    assert outside_embedding(small) == outside_embedding(large) == small["attention"] + small["mlp"] + small["norm"]
