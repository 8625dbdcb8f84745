import pytest

from seedbed.errors import UnknownNameError
from seedbed.pipelines.compare_tokenizers import compare, print_comparison
from seedbed.workbench import Workbench


@pytest.fixture
def workbench(tmp_path):
    (tmp_path / "text.txt").write_text(" ".join(["the newts that don't sleep do giggle ."] * 200))
    return Workbench(tmp_path)


def test_tokenizers_are_trained_on_the_text_and_measured_on_it(workbench):
    byte, word = compare(("byte", "word"), "text.txt", workbench)
    assert byte.vocab_size == 257
    assert byte.measures.bytes_per_token == pytest.approx(1.0)
    assert byte.sample[:4] == ["t", "h", "e", " "]
    assert word.measures.fertility == pytest.approx(1.0)


def test_the_comparison_is_printed_with_the_text_cut_into_tokens(workbench, capsys):
    print_comparison(("byte",), "text.txt", workbench)
    printed = capsys.readouterr().out
    assert "bytes per token" in printed
    assert "t|h|e| |n|e|w|t|s" in printed


def test_an_unknown_tokenizer_is_answered_with_the_nearest(workbench):
    with pytest.raises(UnknownNameError, match="'bytes'; did you mean 'byte'"):
        compare(("bytes",), "text.txt", workbench)
