from __future__ import annotations

from datatrove.data import Document

from seedbed.data.annotators.base import Annotator, ForgetMorphology, KeepMorphology, Labels


class Fixed(Annotator):
    """Finds what it is told."""

    name = "fixed"
    needs_morphology = False

    def __init__(self, *constructions, **metadata):
        super().__init__()
        self.labels = Labels(frozenset(constructions), metadata)

    def annotate(self, parse):
        return self.labels


def document(**metadata):
    return Document("a", "0", metadata={"heads": [-1], "relations": ["root"], **metadata})


def test_constructions_of_all_annotators_are_joined_and_sorted():
    (found,) = Fixed("b", "a", depth=2).run(Fixed("c", "a").run([document(constructions=["d"])]))
    assert found.metadata["constructions"] == ["a", "b", "c", "d"]
    assert found.metadata["depth"] == 2


def test_a_document_without_any_says_so():
    (found,) = Fixed().run([document()])
    assert found.metadata["constructions"] == []


def test_constructions_are_counted_in_documents():
    step = Fixed("a", "b")
    list(step.run([document(), document()]))
    assert {label: step.stats[label].total for label in ("documents", "a", "b")} == {"documents": 2, "a": 2, "b": 2}


def test_morphology_is_forgotten_and_the_tree_is_not():
    (found,) = ForgetMorphology().run([document(upos=["X"], lemmas=["a"], features=[""])])
    assert found.metadata == {"heads": [-1], "relations": ["root"]}


def test_morphology_is_kept_in_one_place():
    (found,) = KeepMorphology().run([document(upos=["X"], lemmas=["a"], features=[""])])
    assert found.metadata == {
        "heads": [-1],
        "relations": ["root"],
        "morphology": {"upos": ["X"], "lemmas": ["a"], "features": [""]},
    }
