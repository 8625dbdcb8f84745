"""A checker of German sentences, made from a grammar book and not from the lexicon: words with gender and plural, the
declension of articles and adjectives, and where the verb stands."""

from __future__ import annotations

from tests.data.languages.trees import Tree, malformed

NOUNS = """
m Junge Jungen|n Mädchen Mädchen|n Kind Kinder|m Mann Männer|f Frau Frauen|m Lehrer Lehrer|m Arzt Ärzte|m Bauer Bauern
m Nachbar Nachbarn|m Freund Freunde|f Krankenschwester Krankenschwestern|f Mutter Mütter|f Großmutter Großmütter
f Sängerin Sängerinnen|m Hund Hunde|f Katze Katzen|n Pferd Pferde|f Maus Mäuse|m Vogel Vögel|f Kuh Kühe|m Bär Bären
n Kaninchen Kaninchen|m Kuchen Kuchen|f Banane Bananen|f Tomate Tomaten|f Birne Birnen|m Keks Kekse
n Sandwich Sandwichs|n Buch Bücher|m Brief Briefe|m Bericht Berichte|n Gedicht Gedichte|f Geschichte Geschichten
n Fahrrad Fahrräder|n Auto Autos|f Lampe Lampen|f Gitarre Gitarren|f Kamera Kameras|n Boot Boote|m Stuhl Stühle
m Tisch Tische|m Spiegel Spiegel|f Tür Türen|n Fenster Fenster|f Kiste Kisten|m Koffer Koffer
"""
GENDER = {word.split()[1]: word.split()[0] for line in NOUNS.split("\n") for word in line.split("|") if word}
PLURAL = {word.split()[1]: word.split()[2] for line in NOUNS.split("\n") for word in line.split("|") if word}
WEAK = {"Junge", "Bauer", "Nachbar", "Bär"}  # -n in all but the nominative singular
PLACES = {"Park", "Garten", "Wald", "Haus", "Museum", "Dorf", "Hotel"}  # no feminine: im is right
CASES = ("nom", "acc", "dat", "gen")
DER = {"m": "der den dem des", "f": "die die der der", "n": "das das dem des", "p": "die die den der"}
# ein, mein: endings by case; "-" is none. einige, meine in the plural.
EIN = {"m": "- en em es", "f": "e e er er", "n": "- - em es", "p": "e e en er"}
CASE_OF = {"nsubj": "nom", "obj": "acc", "obl:arg": "dat", "nmod": "gen"}


def articles(gender: str, case: str) -> dict[str, str]:
    """Every article of this gender ("p" for the plural) and case, and what adjectives do after it."""
    at = CASES.index(case)
    der, ending = DER[gender].split()[at], EIN[gender].split()[at]
    dieser = {"die": "diese", "das": "dieses"}.get(der, "dies" + der[1:].replace("ie", "e"))
    ending = "" if ending == "-" else ending
    found = {der: "weak", dieser: "weak"}
    for stem in ("mein", "dein", "unser"):
        found[stem + ending] = "mixed"
    if gender == "p":
        found["einig" + ending] = "strong"
    else:
        found["ein" + ending] = "mixed"
    return found


def noun_form(noun: str, number: str, case: str) -> set[str]:
    if number == "pl":
        plural = PLURAL[noun]
        return {plural if case != "dat" or plural[-1] in "ns" else plural + "n"}
    if noun in WEAK and case != "nom":
        return {PLURAL[noun]}
    if case == "gen" and GENDER[noun] in "mn":
        return {noun + "s", noun + "es"}
    return {noun}


def adjective_ending(kind: str, gender: str, case: str) -> str:
    if kind == "strong":
        return {"nom": "e", "acc": "e", "dat": "en", "gen": "er"}[case]
    if gender == "p" or case in ("dat", "gen") or (gender == "m" and case == "acc"):
        return "en"
    if kind == "weak":
        return "e"
    return {"m": "er", "f": "e", "n": "es"}[gender]


def numbers(tree: Tree, place: int, case: str) -> set[str]:
    """The numbers in which a noun with its article and adjective is right in this case."""
    article, adjective = tree.child(place, "det", "det:poss"), tree.child(place, "amod")
    found = set()
    for noun, gender in GENDER.items():
        for number in ("sg", "pl"):
            declined = gender if number == "sg" else "p"
            if article is None or tree.words[place] not in noun_form(noun, number, case):
                continue
            kind = articles(declined, case).get(tree.words[article])
            if kind is None:
                continue
            if adjective is None or tree.words[adjective].endswith(adjective_ending(kind, declined, case)):
                found.add(number)
    return found


def is_plural(verb: str) -> bool:
    """Whether a third person is plural, in both tenses."""
    return verb == "sind" or verb.endswith("n")


def finite(tree: Tree, head: int) -> int:
    """The finite verb of the clause of this head: its copula, or itself."""
    copula = tree.child(head, "cop")
    return head if copula is None else copula


def faults(tree: Tree) -> list[str]:
    """What is wrong with a sentence; empty if nothing is."""
    found = malformed(tree)
    for place, (word, relation) in enumerate(zip(tree.words, tree.relations, strict=True)):
        if relation in CASE_OF and word[0].isupper() and word not in PLACES:
            case = CASE_OF[relation]
            fits = numbers(tree, place, case)
            if not fits:
                found.append(f"{word} is not right as {relation}")
            if relation == "nsubj":
                verb = tree.words[finite(tree, tree.heads[place])]
                if ("pl" if is_plural(verb) else "sg") not in fits:
                    found.append(f"{verb} does not agree with {word}")
        elif relation in ("obl", "nmod") and word in PLACES:
            preposition = tree.child(place, "case")
            if preposition is None or tree.words[preposition] != "im":
                found.append(f"{word} without im")
    found += verb_place(tree)
    for head, relation in tree.clauses():
        found += subordinate(tree, head, relation)
    return found


def verb_place(tree: Tree) -> list[str]:
    """The main clause: the verb second, or first in a question; a particle last."""
    root = tree.root
    verb = finite(tree, root)
    before = {place for place in range(verb) if place != root}
    fields = [child for child in tree.children(root) if set(tree.subtree(child)) & before and child != verb]
    wanted = 0 if tree.words[-1] == "?" else 1
    found = []
    if len(fields) != wanted or (fields and set(tree.spoken(tree.subtree(fields[0]))) - before):
        found.append(f"the verb {tree.words[verb]} stands after {len(fields)} constituents")
    particle = tree.child(root, "compound:prt")
    if particle is not None and particle != tree.spoken(range(len(tree.words)))[-1]:
        found.append("the particle is not last")
    return found


def subordinate(tree: Tree, head: int, relation: str) -> list[str]:
    """A clause with the verb last, between commas; a relative pronoun of its noun's gender and number."""
    verb = finite(tree, head)
    spoken = tree.spoken(tree.subtree(head))
    found = []
    if spoken[-1] != verb:
        found.append(f"the verb {tree.words[verb]} is not last in its clause")
    first, last = spoken[0], spoken[-1]
    if tree.words[first - 1] != "," or tree.words[last + 1] not in {",", ".", "?"}:
        found.append("a clause is not set off by commas")
    if relation == "ccomp":
        if tree.words[first] != "dass":
            found.append("a complement clause without dass")
        return found
    noun = tree.heads[head]
    case = CASE_OF.get(tree.relations[first])
    if case is None:
        return [*found, f"{tree.words[first]} is no relative pronoun"]
    outer = numbers(tree, noun, CASE_OF[tree.relations[noun]])
    genders = {
        "p" if number == "pl" else gender
        for number in outer
        for name, gender in GENDER.items()
        if tree.words[noun] in noun_form(name, number, CASE_OF[tree.relations[noun]])
    }
    at = CASES.index(case)
    if tree.words[first] not in {DER[gender].split()[at] for gender in genders}:
        found.append(f"{tree.words[first]} does not agree with {tree.words[noun]}")
    if case == "nom" and ("pl" if is_plural(tree.words[verb]) else "sg") not in outer:
        found.append(f"{tree.words[verb]} does not agree with {tree.words[noun]}")
    return found
