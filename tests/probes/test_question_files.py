import gzip
import random

import pytest

from seedbed.data.grammar.items import question_items
from seedbed.errors import SourceError
from seedbed.probes.question_files import balanced_sample, read_lines, read_questions


@pytest.fixture(scope="module")
def items(workbench):
    return question_items("ood-hard", 30, 5, workbench=workbench)


def written(path, items):
    lines = [
        f"{item.declarative} quest\t{item.question}\n{item.declarative} decl\t{item.declarative}\n" for item in items
    ]
    with gzip.open(path, "wt") if path.suffix == ".gz" else path.open("w") as file:
        file.writelines(lines)
    return path


@pytest.mark.parametrize("name", ["q.tsv", "q.tsv.gz"])
def test_questions_are_read_and_declaratives_left_out(tmp_path, workbench, items, name):
    assert read_questions(written(tmp_path / name, items), workbench) == items


def test_a_sample_is_balanced_nested_and_free_of_the_files_order(items):
    kinds = [item.subject_rc for item in balanced_sample(items, 9)]
    assert sorted(kinds) == ["o"] * 3 + ["si"] * 3 + ["st"] * 3
    assert kinds == ["o", "si", "st"] * 3
    shuffled = random.Random(0).sample(items, len(items))
    assert balanced_sample(shuffled, 9) == balanced_sample(items, 9) == balanced_sample(items, 30)[:9]


def test_a_sample_of_lopsided_items_takes_what_there_is(items):
    lopsided = [item for item in items if item.subject_rc == "o"] + [item for item in items if item.subject_rc == "si"][
        :1
    ]
    assert sorted(item.subject_rc for item in balanced_sample(lopsided, 5)) == ["o"] * 4 + ["si"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("the newt does sleep . quest", "line 2: there is no tab.*mend the line"),
        ("colourless ideas do sleep . quest\tdo colourless ideas sleep ?", "line 2: the grammar 'english' has no"),
    ],
)
def test_a_bad_line_is_named(tmp_path, workbench, items, line, message):
    path = tmp_path / "q.tsv"
    path.write_text(f"{items[0].declarative} quest\t{items[0].question}\n{line}\n")
    with pytest.raises(SourceError, match=message):
        read_questions(path, workbench)


def test_a_file_without_questions_is_refused(tmp_path, workbench):
    path = tmp_path / "q.tsv"
    path.write_text("the newt does sleep . decl\tthe newt does sleep .\n")
    with pytest.raises(SourceError, match="no line whose first column ends in 'quest'"):
        read_questions(path, workbench)


def test_a_missing_a_cut_off_and_a_badly_encoded_file_are_refused(tmp_path):
    with pytest.raises(SourceError, match=r"none\.tsv is not there"):
        list(read_lines(tmp_path / "none.tsv"))
    whole = gzip.compress(b"a line\n" * 1000)
    (tmp_path / "cut.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match=r"cut\.gz is a damaged gzip file"):
        list(read_lines(tmp_path / "cut.gz"))
    (tmp_path / "plain.gz").write_bytes(b"no gzip\n")
    with pytest.raises(SourceError, match=r"plain\.gz is a damaged gzip file after line 0"):
        list(read_lines(tmp_path / "plain.gz"))
    (tmp_path / "latin").write_bytes("ein\nzwölf\n".encode("latin-1"))
    with pytest.raises(SourceError, match="latin is not UTF-8"):
        list(read_lines(tmp_path / "latin"))
