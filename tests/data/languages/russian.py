"""A checker of Russian sentences, made from a grammar book and not from the lexicon: nouns with gender, animacy and
their nominatives, the declensions, the endings of adjectives, pronouns and verbs."""

from __future__ import annotations

import re

from tests.data.languages.trees import Tree, malformed

# gender (small: animate), nominative singular and plural
NOUNS = """
m мальчик мальчики|f девочка девочки|m ребёнок дети|m мужчина мужчины|f женщина женщины|m учитель учителя|m врач врачи
m фермер фермеры|m сосед соседи|m друг друзья|f медсестра медсёстры|f мать матери|f бабушка бабушки|f певица певицы
f собака собаки|f кошка кошки|f лошадь лошади|f мышь мыши|f птица птицы|f корова коровы|m медведь медведи
m кролик кролики|M торт торты|M банан бананы|M помидор помидоры|F груша груши|N печенье печенья
M бутерброд бутерброды|F книга книги|N письмо письма|M отчёт отчёты|N стихотворение стихотворения|M рассказ рассказы
M велосипед велосипеды|F машина машины|F лампа лампы|F гитара гитары|M фотоаппарат фотоаппараты|F лодка лодки
M стул стулья|M стол столы|N зеркало зеркала|F дверь двери|N окно окна|F коробка коробки|M чемодан чемоданы
"""
ENTRIES = [entry.split() for line in NOUNS.split("\n") for entry in line.split("|") if entry]
# What the rules below do not give: case -> form, singular and plural.
IRREGULAR = {
    "ребёнок": ("ребёнка ребёнку ребёнка", "детей детям детей"),
    "мать": ("матери матери мать", "матерей матерям матерей"),
    "друг": ("друга другу друга", "друзей друзьям друзей"),
    "сосед": ("соседа соседу соседа", "соседей соседям соседей"),
    "стул": ("стула стулу стул", "стульев стульям стулья"),
    "медсестра": ("медсестры медсестре медсестру", "медсестёр медсёстрам медсестёр"),
    "печенье": ("печенья печенью печенье", "печений печеньям печенья"),
    "стихотворение": ("стихотворения стихотворению стихотворение", "стихотворений стихотворениям стихотворения"),
    "девочка": ("девочки девочке девочку", "девочек девочкам девочек"),
    "бабушка": ("бабушки бабушке бабушку", "бабушек бабушкам бабушек"),
    "кошка": ("кошки кошке кошку", "кошек кошкам кошек"),
    "лодка": ("лодки лодке лодку", "лодок лодкам лодки"),
    "коробка": ("коробки коробке коробку", "коробок коробкам коробки"),
    "письмо": ("письма письму письмо", "писем письмам письма"),
    "окно": ("окна окну окно", "окон окнам окна"),
    "врач": ("врача врачу врача", "врачей врачам врачей"),
}
CASES = ("gen", "dat", "acc")
CASE_OF = {"nsubj": "nom", "obj": "acc", "iobj": "dat", "nmod": "gen"}
PLACES = {"парке", "саду", "лесу", "доме", "музее", "деревне", "гостинице"}

SINGULAR = re.compile(r"(ет|ёт|ит|ест)(ся)?$")
PLURAL = re.compile(r"(ут|ют|ат|ят)(ся)?$")
PAST = {
    "m": re.compile(r"л(ся)?$"),
    "f": re.compile(r"ла(сь)?$"),
    "n": re.compile(r"ло(сь)?$"),
    "p": re.compile(r"ли(сь)?$"),
}
ENDINGS = {  # of adjectives, by gender ("p": plural) and case; an animate accusative is the genitive
    ("m", "nom"): "ый|ий|ой", ("m", "gen"): "ого", ("m", "dat"): "ому", ("m", "ins"): "ым|им",
    ("f", "nom"): "ая", ("f", "acc"): "ую", ("f", "dat"): "ой", ("f", "ins"): "ой",
    ("n", "nom"): "ое", ("n", "acc"): "ое", ("n", "dat"): "ому", ("n", "ins"): "ым|им",
    ("p", "nom"): "ые|ие", ("p", "gen"): "ых|их", ("p", "dat"): "ым|им", ("p", "ins"): "ыми|ими",
}  # fmt: skip
PRONOUNS = {
    ("m", "nom"): "этот мой твой наш", ("m", "gen"): "этого моего твоего нашего",
    ("m", "dat"): "этому моему твоему нашему", ("f", "nom"): "эта моя твоя наша",
    ("f", "acc"): "эту мою твою нашу", ("f", "dat"): "этой моей твоей нашей",
    ("n", "nom"): "это моё твоё наше", ("n", "acc"): "это моё твоё наше", ("n", "dat"): "этому моему твоему нашему",
    ("p", "nom"): "эти мои твои наши", ("p", "gen"): "этих моих твоих наших", ("p", "dat"): "этим моим твоим нашим",
}  # fmt: skip


def declined(gender: str, singular: str, plural: str) -> dict[tuple[str, str], str]:
    """The forms of a noun by number and case, by the rules of the three declensions."""
    forms = {("sg", "nom"): singular, ("pl", "nom"): plural}
    if singular in IRREGULAR:
        for number, row in zip(("sg", "pl"), IRREGULAR[singular], strict=True):
            forms |= {(number, case): form for case, form in zip(CASES, row.split(), strict=True)}
        return forms
    animate, stem = gender.islower(), singular.rstrip("аяьо")
    if singular.endswith(("а", "я")):
        soft = stem[-1] in "гкхжшчщ"
        row = [stem + ("и" if soft else "ы"), stem + "е", stem + "у", stem, stem + "ам"]
    elif gender in "fF":  # дверь
        row = [stem + "и", stem + "и", singular, stem + "ей", stem + ("ам" if stem[-1] in "шж" else "ям")]
    elif singular.endswith("о"):
        row = [stem + "а", stem + "у", singular, stem, stem + "ам"]
    elif singular.endswith("ь"):
        row = [stem + "я", stem + "ю", stem + "я" if animate else singular, stem + "ей", stem + "ям"]
    else:
        row = [stem + "а", stem + "у", stem + "а" if animate else singular, stem + "ов", stem + "ам"]
    forms |= {("sg", case): form for case, form in zip(CASES, row, strict=False)}
    return forms | {("pl", "gen"): row[3], ("pl", "dat"): row[4], ("pl", "acc"): row[3] if animate else plural}


FORMS: dict[str, list[tuple[str, bool, str, str]]] = {}  # form -> gender or "p", animate, number, case
for _gender, _singular, _plural in ENTRIES:
    for (_number, _case), _form in declined(_gender, _singular, _plural).items():
        _reading = ("p" if _number == "pl" else _gender.lower(), _gender.islower(), _number, _case)
        FORMS.setdefault(_form, []).append(_reading)


def agrees(word: str, table: dict[tuple[str, str], str], gender: str, animate: bool, case: str) -> bool:
    """Whether an adjective or pronoun has this form."""
    if case == "acc" and gender in "mp":
        case = "gen" if animate else "nom"
    wanted = table[gender, case].replace("|", " ").split()
    return word in wanted if table is PRONOUNS else word.endswith(tuple(wanted))


def readings(tree: Tree, place: int) -> list[tuple[str, bool]]:
    """The genders ("p": plural) and animacies that a noun with its pronoun and adjective can have in its place."""
    case = CASE_OF[tree.relations[place]]
    adjective, pronoun = tree.child(place, "amod"), tree.child(place, "det")
    return [
        (gender, animate)
        for gender, animate, _, own in FORMS.get(tree.words[place], [])
        if own == case
        and (adjective is None or agrees(tree.words[adjective], ENDINGS, gender, animate, case))
        and (pronoun is None or agrees(tree.words[pronoun], PRONOUNS, gender, animate, case))
    ]


def verb_fits(verb: str, gender: str) -> bool:
    """Whether a verb agrees with a subject of this gender ("p": plural)."""
    if any(pattern.search(verb) for pattern in PAST.values()):
        return bool(PAST[gender].search(verb))
    return bool((PLURAL if gender == "p" else SINGULAR).search(verb))


def faults(tree: Tree) -> list[str]:
    """What is wrong with a sentence; empty if nothing is."""
    found = malformed(tree)
    for place, (word, relation) in enumerate(zip(tree.words, tree.relations, strict=True)):
        is_noun = relation in CASE_OF and word not in PLACES and not word.startswith("котор")
        if is_noun:
            fits = readings(tree, place)
            if not fits:
                found.append(f"{word} is not right as {relation}")
            if relation == "nsubj" and not predicate_fits(tree, tree.heads[place], {gender for gender, _ in fits}):
                found.append(f"{tree.words[tree.heads[place]]} does not agree with {word}")
        elif word in PLACES:
            preposition = tree.child(place, "case")
            if preposition is None or tree.words[preposition] != "в" or preposition != place - 1:
                found.append(f"{word} without в")
        elif word == "не" and place + 1 not in (tree.heads[place], tree.child(tree.heads[place], "cop")):
            found.append("не is not before the verb")
    for head, relation in tree.clauses():
        spoken = tree.spoken(tree.subtree(head))
        if tree.words[spoken[0] - 1] != "," or tree.words[spoken[-1] + 1] not in {",", ".", "?"}:
            found.append("a clause is not set off by commas")
        if relation == "acl:relcl" and not relative_fits(tree, head, spoken[0]):
            found.append(f"{tree.words[spoken[0]]} does not agree with {tree.words[tree.heads[head]]}")
        if relation == "ccomp" and tree.words[spoken[0]] != "что":
            found.append("a complement clause without что")
    return found


def predicate_fits(tree: Tree, head: int, genders: set[str]) -> bool:
    """A verb, or an adjective: instrumental with быть, else nominative."""
    word, copula = tree.words[head], tree.child(head, "cop")
    if any(pattern.search(word) for pattern in (*PAST.values(), SINGULAR, PLURAL)):
        return any(verb_fits(word, gender) for gender in genders)
    case = "nom" if copula is None else "ins"
    return any(
        agrees(word, ENDINGS, gender, False, case) and (copula is None or verb_fits(tree.words[copula], gender))
        for gender in genders
    )


def relative_fits(tree: Tree, head: int, pronoun: int) -> bool:
    noun = tree.heads[head]
    case = CASE_OF.get(tree.relations[pronoun])
    return case is not None and any(
        agrees(tree.words[pronoun], ENDINGS, gender, animate, case)
        and (case != "nom" or verb_fits(tree.words[head], gender))
        for gender, animate in readings(tree, noun)
    )
