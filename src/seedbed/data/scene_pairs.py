"""Minimal pairs of the English scenes: a verb in the right number against the same sentence with the other.

`python -m seedbed.data.scene_pairs > probes/pairs/scenes-agreement.jsonl` writes the file that the probe
`scenes-agreement` reads. Sentences come from the held-out split, which no training corpus of scenes has, in any
language.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from seedbed.workbench import Workbench

if TYPE_CHECKING:
    from seedbed.data.grammar.documents import Sentence
    from seedbed.data.grammar.file import GrammarFile

OTHER = {"sg": "pl", "pl": "sg"}
PARADIGMS = ("beside the subject", "across a place", "across a clause", "in a clause")
PER_PARADIGM = 120
AT_ONCE = 2_000


def scene_pairs(workbench: Workbench, per_paradigm: int = PER_PARADIGM) -> Iterator[dict[str, str]]:
    """Pairs in BLiMP's format: sentence_good, sentence_bad, UID; the paradigms in turn, no good sentence twice.

    "beside the subject": the verb follows its noun. "across a place", "across a clause": a prepositional phrase or a
    relative clause stands between, and the noun or verb next to the main verb has the other number, so that it cannot
    be the one to agree with. "in a clause": the verb of a relative clause whose noun is its subject.
    """
    from seedbed.data.grammar.documents import Request, Sampler
    from seedbed.data.grammar.file import load_grammar

    grammar = load_grammar("scenes", workbench)
    sampler = Sampler(grammar, Request(split="held-out"))
    found: dict[str, dict[str, str]] = {paradigm: {} for paradigm in PARADIGMS}
    start = 0
    while min(map(len, found.values())) < per_paradigm:
        for sentence in sampler.sentences(start, start + AT_ONCE):
            for place in range(len(sentence.words)):
                paradigm = paradigm_of(sentence, place)
                if paradigm is None or len(found[paradigm]) >= per_paradigm:
                    continue
                bad = with_other_number(grammar, sentence, place)
                if bad is not None:
                    found[paradigm].setdefault(" ".join(sentence.words), bad)
        start += AT_ONCE
    for paradigm, pairs in found.items():
        for good, bad in pairs.items():
            yield {"sentence_good": good, "sentence_bad": bad, "UID": paradigm.replace(" ", "-")}


def paradigm_of(sentence: Sentence, place: int) -> str | None:
    """What agreement the word at a place shows, None if it shows none of these."""
    features = sentence.features[place]
    if features.get("tense") != "pres" or features.get("form", "finite") != "finite" or "number" not in features:
        return None
    if sentence.words[place] in ("do", "does"):
        return None
    own = sentence.paths[place].split(".")
    number = features["number"]
    last = sentence.features[place - 1]
    before = None if last.get("form") == "base" else last.get("number")
    if own[:-1] == ["clause"]:  # the verb of the main clause
        subject = [i for i, path in enumerate(sentence.paths) if path == "clause.subject.noun"]
        if not subject or subject[0] >= place:
            return None
        between = {path.split(".")[2] for path in sentence.paths[subject[0] + 1 : place] if path.count(".") > 1}
        if not between:
            return "beside the subject" if subject[0] == place - 1 else None
        # A place is singular, so that only a plural subject is another number than what stands before the verb.
        if between == {"place"}:
            return "across a place" if number == "pl" else None
        return "across a clause" if between == {"clause"} and before == OTHER[number] else None
    relative = own[-2:] == ["clause", "verb"] and sentence.relations[place] == "acl:relcl"
    subject_gap = sentence.words[place - 1] in ("who", "that")
    return "in a clause" if relative and subject_gap else None


def with_other_number(grammar: GrammarFile, sentence: Sentence, place: int) -> str | None:
    """The sentence with the word at a place in the other number; None if it may be a past: "read", "cut"."""
    features = dict(sentence.features[place]) | {"number": OTHER[sentence.features[place]["number"]]}
    word = sentence.categories[place], sentence.concepts[place]
    other = grammar.form(*word, **features)
    if grammar.form(*word, **(features | {"tense": "past"})) in (other, sentence.words[place]):
        return None
    return " ".join((*sentence.words[:place], other, *sentence.words[place + 1 :]))


def main() -> None:
    """Write the pairs as JSON lines."""
    for pair in scene_pairs(Workbench()):
        sys.stdout.write(json.dumps(pair, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
