from __future__ import annotations

import json

import pytest

from seedbed.data.code import CodeTree
from seedbed.data.identity import component_identity
from seedbed.data.recipes import Component
from seedbed.errors import RecipeError, SourceError


@pytest.fixture
def tree(workbench):
    root = workbench.root / "project"
    for name, text in {
        "a.py": "a = 1\n" * 30,
        "deep/er/b.PY": "b = 2\n" * 30,
        "c.rs": "fn main() {}\n",
        ".git/d.py": "hidden\n",
        "node_modules/e.py": "others\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "bin.py").write_bytes(b"\0" * 100)
    (root / "link.py").symlink_to(root / "a.py")
    return root


def test_a_tree_becomes_documents_and_what_is_left_out_is_counted(tree, build):
    stored, receipt = build(Component("code", CodeTree("project", document_bytes=64), heldout_share=0))
    texts = list(stored.iter_texts())
    assert len("".join(texts)) == 2 * 30 * 6
    assert all(len(text.encode()) <= 64 for text in texts)
    assert receipt.skipped == {"binary": 1}


def test_suffixes_choose(tree, workbench):
    def names(*suffixes):
        return [path.name for path in CodeTree("project", suffixes=suffixes).files(workbench)]

    assert names(".py") == ["a.py", "bin.py", "b.PY"]
    assert names(".rs", ".py") == ["a.py", "bin.py", "c.rs", "b.PY"]


def test_text_that_is_not_utf8_is_refused_or_counted(tree, build):
    (tree / "latin.py").write_bytes("# gr\u00fc\u00dfe\n".encode("latin-1"))
    with pytest.raises(SourceError, match=r'latin\.py is not UTF-8: .*errors="skip"'):
        build(Component("code", CodeTree("project")))
    _, receipt = build(Component("code", CodeTree("project", errors="skip")))
    assert receipt.skipped == {"binary": 1, "not UTF-8": 1}


def test_identity_is_the_content_and_not_the_place(tree, workbench):
    def identity():
        return json.dumps(component_identity(Component("code", CodeTree("project")), workbench), sort_keys=True)

    before = identity()
    assert str(workbench.root) not in before
    (tree / "a.py").rename(tree / "deep" / "z.py")
    assert identity() == before
    (tree / "deep" / "z.py").write_text("other\n")
    assert identity() != before


def test_what_is_not_there_is_said_with_what_is(tree, workbench):
    with pytest.raises(SourceError, match=r"'project' holds no \.java file; it holds \.py, \.rs \(suffixes=\)"):
        CodeTree("project", suffixes=(".java",)).steps(workbench)
    with pytest.raises(SourceError, match=r"'project/c\.rs' is no folder; .* Files"):
        CodeTree("project/c.rs").steps(workbench)
    with pytest.raises(RecipeError, match="'py' is no suffix; write it with its point"):
        CodeTree("project", suffixes=("py",))
