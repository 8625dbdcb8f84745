"""Small grammars whose numbers can be worked out by hand."""

from __future__ import annotations

from seedbed.data.grammar.file import GrammarFile, grammar_from_text

NOUNS = "concept\tsg\tpl\nyak\tyak\tyaks\nnewt\tnewt\tnewts\nquail\tquail\tquails\n"
AUXILIARIES = "concept\tsg\tpl\nyes\tdoes\tdo\nno\tdoesn't\tdon't\n"
LEXICONS = {"en/noun.tsv": NOUNS, "en/auxiliary.tsv": AUXILIARIES}

# Questions and copies, with relative clauses (a quarter of noun phrases) down to depth 2.
ZOO = """
language = "en"
[tasks]
copy     = { start = "Document[mode=copy]", share = 0.6 }
question = { start = "Document[mode=question]", share = 0.4 }
[features]
number = ["sg", "pl"]
mode   = ["copy", "question"]
depth  = [0, 1, 2]
[lexicon]
noun       = "en/noun.tsv"
auxiliary  = "en/auxiliary.tsv"
verb       = ["sleep", "wait"]
transitive = ["see", "hear"]
determiner = ["the", "my"]
[rules.Document]
question = { when = "mode=question", is = "first=Sentence[mode=copy]:head 'quest':discourse>second second=Sentence[mode=question]~first:parataxis" }
copy     = { when = "mode=copy", is = "first=Sentence[mode=copy]:head 'decl':discourse>second second=Sentence[mode=copy]~first:parataxis" }
[rules.Sentence]
intransitive = [
  { when = "mode=copy", is = "subject=NounPhrase[number=$n,depth=0]:nsubj auxiliary[number=$n]:aux verb:head '.'" },
  { is = "auxiliary[number=$n]:aux subject=NounPhrase[number=$n,depth=0]:nsubj verb:head '?'" },
]
transitive = [
  { when = "mode=copy", is = "subject=NounPhrase[number=$n,depth=0]:nsubj auxiliary[number=$n]:aux verb=transitive:head object=NounPhrase[depth=0]:obj '.'" },
  { is = "auxiliary[number=$n]:aux subject=NounPhrase[number=$n,depth=0]:nsubj verb=transitive:head object=NounPhrase[depth=0]:obj '?'" },
]
[rules.NounPhrase]
plain    = { weight = 3, is = "determiner:det noun[number]:head" }
relative = { is = "determiner:det noun[number]:head 'that':nsubj>clause clause=Clause[number,depth=next]:acl:relcl", marks = ["relative"] }
[rules.Clause]
intransitive = "auxiliary[number]:aux verb:head"
transitive   = "auxiliary[number]:aux verb=transitive:head object=NounPhrase[depth]:obj"
[document]
of = "first"
[selectors.subject]
plain    = { "Sentence.subject" = ["plain"] }
relative = { "Sentence.subject" = { relative = 1 } }
[held_out]
share = 0.05
"""  # noqa: E501  # one rule a line, as in a grammar file

# A meaning, and a language with gender, articles, more orders, and fewer nouns of one gender.
SCENE = """
language = "en"
[tasks]
scene = "Clause"
[features]
number = { sg = 3, pl = 1 }
[lexicon]
noun = ["dog", "cat", "sun", "child"]
verb = ["see", "hear"]
[rules.Clause]
acting = "subject=NounPhrase[number=$n]:nsubj verb:head object=NounPhrase:obj"
[rules.NounPhrase]
plain = { weight = 3, is = "noun[number]:head" }
owned = { is = "noun[number]:head owner=NounPhrase:nmod", marks = ["owner"] }
"""
SCENE_NOUNS = "concept\tsg\tpl\n" + "".join(f"{n}\t{n}\t{n}s\n" for n in ("dog", "cat", "sun", "child"))
TONGUE = """
language = "de"
meaning = "scene"
[tasks]
scene = "Clause"
[features]
number = ["sg", "pl"]
case   = ["nom", "acc", "gen"]
gender = { of = "noun" }
[lexicon]
noun    = "de/noun.tsv"
verb    = "de/verb.tsv"
article = "de/article.tsv"
[rules.Clause]
acting = { is = "subject=NounPhrase[number=$n,case=nom]:nsubj verb[number=$n]:head object=NounPhrase[case=acc]:obj", order = ["subject verb object", "object verb subject"] }
[rules.NounPhrase]
plain = "article[number,gender,case]:det noun[number]:head"
owned = "article[number,gender,case]:det noun[number]:head owner=NounPhrase[case=gen]:nmod"
"""  # noqa: E501  # as above
TONGUE_LEXICONS = {
    "de/noun.tsv": "concept\tgender\tsg\tpl\ndog\tmasc\tHund\tHunde\ncat\tfem\tKatze\tKatzen\nsun\tfem\tSonne\tSonnen\n"
    "child\tneut\tKind\tKinder\n",
    "de/verb.tsv": "concept\tsg\tpl\nsee\tsieht\tsehen\nhear\thört\thören\n",
    "de/article.tsv": "concept\tgender\tnumber\tcase\tform\n"
    "def\tmasc\tsg\tnom\tder\ndef\tmasc\tsg\tacc\tden\ndef\tfem\tsg\tgen\tder\ndef\tfem\tsg\t\tdie\n"
    "def\tneut\tsg\tgen\tdes\ndef\tneut\tsg\t\tdas\ndef\tmasc\tsg\tgen\tdes\ndef\t\tpl\tgen\tder\ndef\t\tpl\t\tdie\n",
}


def zoo(*changes: tuple[str, str]) -> GrammarFile:
    """The zoo, with parts of its text replaced; each must be there."""
    return grammar_from_text(changed(ZOO, *changes), LEXICONS, "zoo")


def scene() -> GrammarFile:
    """The meaning, with number on its nouns."""
    text = SCENE.replace('noun = ["dog", "cat", "sun", "child"]', 'noun = "scene/noun.tsv"')
    return grammar_from_text(text, {"scene/noun.tsv": SCENE_NOUNS}, "scene")


def tongue(meaning: GrammarFile, *changes: tuple[str, str]) -> GrammarFile:
    """The language that words the meaning."""
    return grammar_from_text(changed(TONGUE, *changes), TONGUE_LEXICONS, "tongue", meaning)


def changed(text: str, *changes: tuple[str, str]) -> str:
    """A text with replacements, each of which must apply."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def flat() -> GrammarFile:
    """The meaning with owners that own nothing: a few hundred documents in all."""
    text = changed(SCENE, ("owner=NounPhrase:nmod", "owner=noun[number]:nmod"))
    text = text.replace('noun = ["dog", "cat", "sun", "child"]', 'noun = "scene/noun.tsv"')
    return grammar_from_text(text, {"scene/noun.tsv": SCENE_NOUNS}, "scene")
