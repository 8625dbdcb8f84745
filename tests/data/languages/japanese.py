"""A checker of Japanese sentences: particles after their nouns, the verb last, polite or plain where it has to be."""

from __future__ import annotations

from tests.data.languages.trees import Tree, malformed

POLITE = ("ます", "ました", "ません", "ませんでした", "です", "でした", "ないです", "かったです")
PLAIN_ENDS = "うくぐすつぬぶむるただい"
PARTICLES = {"は", "が", "を", "に", "で", "の", "と", "か"}
PARTICLE_OF = {"obj": {"を"}, "obl": {"に", "で"}, "nmod": {"の"}, "nsubj": {"は", "が"}, "ccomp": {"と"}}
TIMES = {"昨日", "最近", "今日", "時々"}
PEOPLE = {
    "男の子",
    "女の子",
    "子供",
    "男性",
    "女性",
    "先生",
    "医者",
    "農夫",
    "隣人",
    "友人",
    "看護師",
    "母親",
    "おばあさん",
    "歌手",
}


def is_polite(word: str) -> bool:
    return word.endswith(POLITE)


def faults(tree: Tree) -> list[str]:
    """What is wrong with a sentence; empty if nothing is."""
    found = malformed(tree)
    last = tree.spoken(range(len(tree.words)))[-1]
    if tree.words[last] == "か":
        last -= 1
    if last != tree.root or not is_polite(tree.words[last]):
        found.append("does not end in a polite predicate")
    for place, word in enumerate(tree.words):
        if place and word in PARTICLES and tree.words[place - 1] in PARTICLES:
            found.append("has two particles in a row")
        if word.endswith("たち") and word.removesuffix("たち") not in PEOPLE | {"私"}:
            found.append(f"{word} is no person")
        if tree.relations[place] in PARTICLE_OF and word not in TIMES:
            found += particle_faults(tree, place)
    for head, relation in tree.clauses():
        found += clause_faults(tree, head, relation)
    return found


def particle_faults(tree: Tree, place: int) -> list[str]:
    """What is wrong with the particle of this word."""
    word, relation = tree.words[place], tree.relations[place]
    particle = tree.child(place, "case", "mark")
    if particle is None or tree.words[particle] not in PARTICLE_OF[relation]:
        return [f"{word} has not the particle of {relation}"]
    found = [] if particle == place + 1 else [f"the particle does not follow {word}"]
    if relation == "nsubj":
        wanted = "は" if tree.heads[place] == tree.root else "が"
        found += [] if tree.words[particle] == wanted else [f"{word} has not {wanted}"]
    return found


def clause_faults(tree: Tree, head: int, relation: str) -> list[str]:
    """What is wrong with a subordinate clause."""
    inside = [place for place in tree.subtree(head) if tree.relations[place] != "mark"]
    found = [] if inside[-1] == head else [f"{tree.words[head]} is not last in its clause"]
    if is_polite(tree.words[head]) or tree.words[head][-1] not in PLAIN_ENDS:
        found.append(f"{tree.words[head]} is not plain")
    if relation == "acl" and tree.heads[head] != head + 1:
        found.append(f"a relative clause does not stand before {tree.words[tree.heads[head]]}")
    if "は" in {tree.words[place] for place in inside}:
        found.append("a topic in a clause within another")
    return found
