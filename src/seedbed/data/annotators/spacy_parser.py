"""Parsing raw text with a spaCy model that the user has installed.

Every document is parsed by itself: batches of other sizes change the last bits of a model's numbers, and so now and
then a head, and documents must not depend on how a build is split into tasks. Relations of spaCy's English and
German models are given the names Universal Dependencies has for them where there is one ("dobj" is "obj"); their trees
stay as they are (prepositions head their phrases).
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from datatrove.data import Document, DocumentsPipeline
from datatrove.pipeline.base import PipelineStep

from seedbed.data.recipes import JSON
from seedbed.errors import SourceError
from seedbed.workbench import Workbench

UNIVERSAL = {
    "ROOT": "root",
    "dobj": "obj",
    "dative": "iobj",
    "nsubjpass": "nsubj:pass",
    "csubjpass": "csubj:pass",
    "auxpass": "aux:pass",
    "relcl": "acl:relcl",
    "neg": "advmod",
    "poss": "nmod:poss",
    "prt": "compound:prt",
    "npadvmod": "obl:unmarked",
    "preconj": "cc:preconj",
    "predet": "det:predet",
    "intj": "discourse",
}
INSTALL_SPACY = 'pip install "seedbed[spacy]"'


@dataclass(frozen=True)
class Model:
    """A spaCy model. location: what spaCy loads; identity: what stands for it in a hash."""

    location: str
    identity: dict[str, JSON]


def find_model(name: str, workbench: Workbench) -> Model:
    """An installed model, or a model's folder in the workbench.

    Errors: SourceError if spaCy or the model is not there, with the command that gets it.
    """
    if importlib.util.find_spec("spacy") is None:
        raise SourceError(f"Parsed({name!r}) needs spaCy, which is not installed; {INSTALL_SPACY}")
    import spacy

    folder = workbench.resolve(name)
    installed = spacy.util.is_package(name)
    if installed:
        content: dict[str, JSON] = {"model": name, "model_version": version(name)}
    elif (folder / "meta.json").is_file():
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        content = {"model_sha256": {str(path.relative_to(folder)): workbench.digest(path) for path in files}}
    else:
        raise SourceError(
            f"the spaCy model {name!r} is not installed; python -m spacy download {name}, or give a model's folder"
        )
    return Model(name if installed else str(folder), content | {"spacy_version": version("spacy")})


class SpacyParser(PipelineStep):  # type: ignore[misc]  # datatrove has no types
    """Parses every document and leaves its words, heads, relations and morphology in the metadata.

    model: the name of an installed spaCy model, or the path of a model's folder.
    """

    type = "🏷 - ANNOTATOR"
    name = "spaCy parser"
    behaviour_version = 1

    def __init__(self, model: str) -> None:
        super().__init__()
        self.model = model

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Parse every document. Errors: SourceError if the model has no parser or a text is too long for it."""
        import spacy

        try:
            nlp = spacy.load(self.model, exclude=["ner", "textcat"])
        except (OSError, ValueError) as error:
            raise SourceError(f"the spaCy model cannot be loaded ({str(error)[:200]}); install it again") from error
        for document in data:
            document.metadata |= self._parse(nlp, document)
            self.stat_update("documents")
            yield document

    def _parse(self, nlp: Any, document: Document) -> dict[str, list[Any]]:
        if len(document.text) > nlp.max_length:
            raise SourceError(
                f"document {document.id} has {len(document.text):,} characters and spaCy parses at most "
                f"{nlp.max_length:,} at once; cut it with document_bytes="
            )
        parsed = nlp(document.text)
        if len(parsed) and not parsed.has_annotation("DEP"):
            raise SourceError(
                f"the spaCy model {parsed.lang_!r} parses nothing; take one with a parser, en_core_web_sm"
            )
        tokens = [token for token in parsed if not token.is_space]
        places = {token.i: place for place, token in enumerate(tokens)}
        return {
            "heads": [_head(token, places) for token in tokens],
            "relations": ["root" if token.head is token else UNIVERSAL.get(token.dep_, token.dep_) for token in tokens],
            "word_starts": [token.idx for token in tokens],
            "word_ends": [token.idx + len(token) for token in tokens],
            "upos": [token.pos_ for token in tokens],
            "lemmas": [token.lemma_ for token in tokens],
            "features": [str(token.morph) for token in tokens],
        }


def _head(token: Any, places: dict[int, int]) -> int:
    """A token's head among the tokens that are words, -1 for a root; white space has no dependents worth a name."""
    at = token
    while at.head.i != at.i:
        at = at.head
        if at.i in places:
            return places[at.i]
    return -1
