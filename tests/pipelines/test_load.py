import pytest

from seedbed.errors import RecipeError, SeedbedError, UnknownNameError
from seedbed.pipelines.load import load_study, pipeline_file
from seedbed.workbench import Workbench
from tests.pipelines.studies import tiny_study, write_pipeline


def test_a_pipeline_file_gives_its_study_and_docstring(tmp_path):
    loaded = tiny_study(tmp_path)
    assert loaded.study.name == "tiny"
    assert loaded.description == "Two doses of center embedding, tiny."


def test_a_pipeline_is_found_by_name_on_the_shelf(tmp_path):
    assert pipeline_file("quickstart", Workbench(tmp_path)).name == "quickstart.py"
    with pytest.raises(UnknownNameError, match="'quikstart'; did you mean 'quickstart'"):
        pipeline_file("quikstart", Workbench(tmp_path))
    with pytest.raises(UnknownNameError, match="quickstart"):
        pipeline_file("elsewhere/quickstart.py", Workbench(tmp_path))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import seedbed\n\nx = 1 +\n", "broken.py:3: invalid syntax"),
        ("from seedbed import Seeds\nSeeds(0)\n", "broken.py:2: Seeds: count"),
        ("import nothing_of_the_kind\n", "broken.py:1: ModuleNotFoundError"),
        ("x = 1\n", "states 0 studies; it must state one"),
        ("from seedbed import Grammer\n", "Grammer"),
        (
            "from seedbed import tokenizer\ntokenizer('bpe-521')\n",
            "broken.py:2: no tokenizers recipe is called 'bpe-521'",
        ),
    ],
)
def test_a_fault_in_a_pipeline_file_is_one_line_with_its_place(tmp_path, text, words):
    path = write_pipeline(tmp_path, text, "broken.py")
    with pytest.raises(SeedbedError) as caught:
        load_study(str(path), Workbench(tmp_path))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_shares_that_do_not_sum_to_one_are_refused_where_they_are_written(tmp_path):
    with pytest.raises(RecipeError, match=r"tiny\.py:\d+: Mixture.*sum to 0\.9"):
        tiny_study(tmp_path, share=("questions: 0.5, center: 0.5", "questions: 0.5, center: 0.4"))
