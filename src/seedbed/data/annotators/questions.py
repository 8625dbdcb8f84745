"""Question types of English, from a Universal Dependencies parse.

A sentence is taken apart into main clauses (the root's, and clauses coordinated with or loosely joined to it). A main
clause is a question of one of these types:

- wh-subject question, wh-object question, wh-adjunct question, wh-predicate question: begins with an interrogative
  phrase, which is the subject, an object (of this clause or one below), an adjunct or the predicate ("what is it?");
- polar question: the auxiliary, or be, stands before the subject and nothing is fronted;
- tag question: ends in auxiliary and pronoun ("..., isn't it?") or in a word such as "right?";
- declarative question: ends in "?" with a subject before its verb; fragment question: ends in "?" without both.

embedded question is an interrogative clause below another one ("wonder whether", "know what he did"). `question` stands
for any of them but the embedded.
"""

from __future__ import annotations

from seedbed.data.annotators.base import Annotator, Labels
from seedbed.data.annotators.depth import CLAUSAL, CLAUSAL_VERBS, VERBS, beside_words
from seedbed.data.annotators.parse import ROOT, Parse

WH = frozenset({"who", "whom", "whose", "what", "which", "when", "where", "why", "how", "whatever", "whoever"})
SUBJECTS = frozenset({"nsubj", "csubj", "expl"})
OBJECTS = frozenset({"obj", "iobj", "dobj", "dative", "pobj"})
OPENERS = frozenset({"cc", "discourse", "intj", "vocative", "punct", "mark", "reparandum"})
FRONTED = frozenset({"ADP", "PUNCT", "CCONJ", "INTJ", "SYM"})
ENDS = frozenset({"?", "??", "???", "?!", "!?", "????", "?)"})
TAG_WORDS = frozenset({"right", "huh", "eh", "no", "yes", "ok", "okay", "correct", "yeah", "agreed"})
NOT = frozenset({"n't", "not", "nt", "n’t"})
PRONOUNS = frozenset({"i", "you", "he", "she", "it", "we", "they", "there", "one", "u"})
TAG_LENGTH = 3


class QuestionAnnotator(Annotator):
    """Labels the types of question in a document (English)."""

    name = "questions"

    def annotate(self, parse: Parse) -> Labels:
        """Question types of all sentences of this document."""
        kinds = {kind for _, kind in questions(parse)}
        return Labels(frozenset(kinds | ({"question"} if kinds - {"embedded question"} else set())))


def questions(parse: Parse) -> list[tuple[int, str]]:
    """Every question of a document: the word that heads its clause, and its type."""
    mains = _main_clauses(parse)
    segments: dict[int, list[int]] = {}
    for word, main in enumerate(mains):
        segments.setdefault(main, []).append(word)
    found = []
    for main, words in segments.items():
        kind = _kind(parse, main, words, _is_asked(parse, mains, main, words))
        if kind is not None:
            found.append((main, kind))
    return found + [(word, "embedded question") for word in range(len(parse.heads)) if _is_embedded(parse, word)]


def _main_clauses(parse: Parse) -> list[int]:
    """The head of the main clause that each word stands in."""
    beside = beside_words(parse)
    mains = []
    for word in range(len(parse.heads)):
        path = parse.path(word)
        main = path[-1]
        for at in reversed(path[:-1]):
            if not (beside[at] and parse.heads[at] == main):
                break
            main = at
        mains.append(main)
    return mains


def _is_asked(parse: Parse, mains: list[int], main: int, words: list[int]) -> bool:
    """Whether a question mark ends this main clause: the first mark at or after its last word, punctuation aside."""
    content = [word for word in words if parse.plain_relations[word] != "punct"]
    at = (content or words)[-1] + 1
    while at < len(mains) and parse.plain_relations[at] == "punct" and parse.roots[at] == parse.roots[main]:
        if "?" in parse.words[at]:
            return True
        at += 1
    return parse.words[(content or words)[-1]].endswith("?")


def _kind(parse: Parse, main: int, words: list[int], asked: bool) -> str | None:
    content = [word for word in words if parse.plain_relations[word] != "punct"]
    if not content:
        return None
    phrase = _fronted_wh(parse, content)
    if phrase is not None and asked and [*parse.words, ""][phrase + 1] in ("about", "if"):
        return "fragment question"  # "what about me?"
    if phrase is not None and (asked or _inverts(parse, main, phrase)):
        return _wh_kind(parse, main, phrase)
    if asked and _has_tag(parse, main, content):
        return "tag question"
    if phrase is None and _begins_with_auxiliary(parse, main, content, asked):
        return "polar question"
    if not asked:
        return None
    finite = parse.upos[main] in VERBS or parse.child(main, "cop", "aux") is not None
    return "declarative question" if finite and parse.child(main, *SUBJECTS) is not None else "fragment question"


def _fronted_wh(parse: Parse, content: list[int]) -> int | None:
    """The interrogative word that a main clause begins with, prepositions and conjunctions aside."""
    for number, word in enumerate(content):
        if parse.words[word] in WH:
            exclaims = parse.words[word] == "what" and [parse.words[at] for at in content[number + 1 : number + 2]] in (
                ["a"],
                ["an"],
            )
            return None if exclaims or _heads_free_relative(parse, word) else word
        opener = parse.plain_relations[word] in OPENERS or parse.upos[word] in FRONTED
        if not opener and parse.words[word] not in ("so", "then", "now", "also", "please", "but"):
            return None
    return None


def _heads_free_relative(parse: Parse, word: int) -> bool:
    """ "what he said" as a noun phrase: the word has a relative clause of its own, or is marked as relative."""
    return "PronType=Rel" in parse.features[word].split("|") and parse.plain_relations[word] != "root"


def _inverts(parse: Parse, main: int, phrase: int) -> bool:
    """Whether an auxiliary, or be, stands between an interrogative word and the first subject after it."""
    for word in range(phrase + 1, len(parse.words)):
        relation = parse.plain_relations[word]
        if relation in ("aux", "cop", "auxpass") or (word == main and parse.lemmas[word] == "be"):
            return parse.dominates(main, word) and parse.heads[word] in (ROOT, main, phrase)
        if relation in SUBJECTS or parse.upos[word] in VERBS:
            return False
    return False


def _wh_kind(parse: Parse, main: int, word: int) -> str:
    """The type of a question by what its interrogative phrase is."""
    if word == main:
        return "wh-predicate question"
    at = word
    while True:
        relation, head = parse.plain_relations[at], parse.heads[at]
        if relation in SUBJECTS:
            return "wh-subject question"
        if relation in OBJECTS:
            return "wh-object question"
        if head == ROOT or relation == "attr":
            return "wh-predicate question"
        clause = parse.upos[head] in VERBS or parse.child(head, "cop") is not None
        if clause and relation not in ("det", "amod", "nmod", "case", "advmod", "compound"):
            return "wh-adjunct question"
        if clause and relation == "advmod":
            # "how much does it cost": the phrase is the adverb; "how old is it": the predicate itself.
            same = head == main and parse.upos[head] not in VERBS and at == word and _next_to(parse, word, head)
            return "wh-predicate question" if same else "wh-adjunct question"
        at = head
        if at == main:
            return "wh-predicate question"


def _next_to(parse: Parse, word: int, head: int) -> bool:
    return all(parse.dominates(head, at) and parse.plain_relations[at] != "cop" for at in range(word, head))


def _begins_with_auxiliary(parse: Parse, main: int, content: list[int], asked: bool) -> bool:
    """Whether an auxiliary, or be or have itself, stands before the subject of a main clause that begins with it."""
    subject = parse.child(main, *SUBJECTS)
    if subject is None:
        return False
    inverted = [word for word in parse.children[main] if parse.plain_relations[word] in ("aux", "cop", "auxpass")]
    if parse.lemmas[main] in ("be", "have", "do") or parse.upos[main] == "AUX":
        inverted.append(main)
    before = [word for word in inverted if word < subject]
    if not before:
        return False
    first = min(before)
    openers = [word for word in content if word < first]
    plain = all(parse.plain_relations[word] in OPENERS or parse.upos[word] in FRONTED for word in openers)
    negative = any(parse.words[word] in ("nor", "neither", "never", "so", "only") for word in openers)
    return asked or (plain and not negative and parse.words[first] not in ("may", "let", "long", "be"))


def _has_tag(parse: Parse, main: int, content: list[int]) -> bool:
    """Whether a main clause ends in a tag, the clause before it being declarative."""
    last = content[-1]
    if len(content) > 1 and parse.words[last] in TAG_WORDS and last != main:
        return parse.words[last - 1] in (",", "-", "--", "...")
    tail = content[-TAG_LENGTH:]
    joined = parse.heads[main] != ROOT  # a tag that is a clause of its own, joined to what it asks about
    if parse.words[last] not in PRONOUNS or (len(content) <= len(tail) and not joined):
        return False
    start = next((at for at in tail if parse.upos[at] == "AUX" or parse.lemmas[at] in ("be", "do", "have")), None)
    if start is None or (start != content[0] if joined else start <= content[0] or main >= start):
        return False
    return all(parse.words[word] in NOT for word in range(start + 1, last))


def _is_embedded(parse: Parse, word: int) -> bool:
    """Whether a word heads an interrogative clause below another clause."""
    relation = parse.plain_relations[word]
    if relation not in CLAUSAL | CLAUSAL_VERBS | {"nmod", "obl"} or relation == "relcl":
        return False
    marks = {parse.words[each] for each in parse.children[word] if parse.plain_relations[each] == "mark"}
    if relation != "advcl" and ("whether" in marks or ("if" in marks and relation in ("ccomp", "csubj"))):
        return True
    return not parse.relations[word].endswith("relcl") and relation != "advcl" and _opens_with_wh(parse, word)


def _opens_with_wh(parse: Parse, clause: int) -> bool:
    """Whether a clause begins with an interrogative phrase of its own."""
    words = [word for word in range(len(parse.words)) if parse.dominates(clause, word)]
    for word in words:
        if parse.words[word] in WH:
            interrogative = "PronType=Int" in parse.features[word].split("|") or not parse.features[word]
            verbal = parse.upos[clause] in VERBS or parse.child(clause, "cop", "nsubj") is not None
            below = word > parse.heads[clause]  # else it is fronted out of this clause: "what do you think he saw"
            return interrogative and verbal and below and not (word == clause and parse.child(clause, "cop") is None)
        if parse.upos[word] not in FRONTED:
            return False
    return False
