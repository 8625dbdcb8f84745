from __future__ import annotations

import pytest

from seedbed.data.annotators.npis import NpiAnnotator, npis


def found(parse, rows):
    return [(item.name, item.licensor, item.how) for item in npis(parse(rows))]


@pytest.mark.parametrize(
    ("rows", "item", "licensor"),
    [
        # I do n't have any tea
        (
            "I/PRON/4/nsubj do/AUX/4/aux n't/PART/4/advmod have/VERB/0/root any/DET/6/det tea/NOUN/4/obj",
            "any",
            "negation",
        ),
        # no cat has ever slept
        ("no/DET/2/det cat/NOUN/5/nsubj has/AUX/5/aux ever/ADV/5/advmod slept/VERB/0/root", "ever", "no"),
        ("nobody/PRON/3/nsubj ever/ADV/3/advmod slept/VERB/0/root", "ever", "no"),
        ("few/ADJ/2/amod cats/NOUN/4/nsubj ever/ADV/4/advmod sleep/VERB/0/root", "ever", "few"),
        # only Bill would ever complain
        ("only/ADV/2/advmod Bill/PROPN/5/nsubj would/AUX/5/aux ever/ADV/5/advmod complain/VERB/0/root", "ever", "only"),
        ("it/PRON/3/nsubj hardly/ADV/3/advmod helps/VERB/0/root at/ADP/5/case all/PRON/3/obl", "at all", "hardly"),
        ("did/AUX/3/aux he/PRON/3/nsubj see/VERB/0/root anyone/PRON/3/obj ?/PUNCT/3/punct", "any", "question"),
        # if he sees anything , run
        (
            "if/SCONJ/3/mark he/PRON/3/nsubj sees/VERB/6/advcl anything/PRON/3/obj ,/PUNCT/3/punct run/VERB/0/root",
            "any",
            "conditional",
        ),
        # I ask if he sees anything
        (
            "I/PRON/2/nsubj ask/VERB/0/root if/SCONJ/5/mark he/PRON/5/nsubj sees/VERB/2/ccomp anything/PRON/5/obj",
            "any",
            "question",
        ),
        ("he/PRON/2/nsubj left/VERB/0/root before/SCONJ/4/mark anyone/PRON/5/nsubj came/VERB/2/advcl", "any", "before"),
        ("he/PRON/2/nsubj left/VERB/0/root without/ADP/5/case any/DET/5/det tea/NOUN/2/obl", "any", "without"),
        # spaCy's tree of the same: the preposition is the head
        ("he/PRON/2/nsubj left/VERB/0/root without/ADP/2/prep any/DET/5/det tea/NOUN/3/pobj", "any", "without"),
        # the best dog I have ever seen
        (
            "the/DET/3/det best/ADJ/3/amod/good/Degree=Sup dog/NOUN/0/root I/PRON/7/nsubj have/AUX/7/aux "
            "ever/ADV/7/advmod seen/VERB/3/acl:relcl",
            "ever",
            "superlative",
        ),
        (
            "has/AUX/4/aux he/PRON/4/nsubj not/PART/4/advmod slept/VERB/0/root yet/ADV/4/advmod ?/PUNCT/4/punct",
            "yet",
            "negation",
        ),
        (
            "he/PRON/4/nsubj does/AUX/4/aux n't/PART/4/advmod sleep/VERB/0/root any/ADV/6/advmod more/ADV/4/advmod",
            "anymore",
            "negation",
        ),
        # every dog that ever barked sleeps
        (
            "every/DET/2/det dog/NOUN/6/nsubj that/PRON/5/nsubj ever/ADV/5/advmod barked/VERB/2/acl:relcl "
            "sleeps/VERB/0/root",
            "ever",
            "universal",
        ),
    ],
)
def test_licensors_and_their_items(parse, rows, item, licensor):
    assert found(parse, rows)[0] == (item, licensor, "c-command")
    names = NpiAnnotator().annotate(parse(rows)).constructions
    assert {"npi", item, f"npi under {licensor}"} <= names


@pytest.mark.parametrize(
    ("rows", "how"),
    [
        # the dog that no cat likes has ever slept: the licensor lies in a relative clause
        (
            "the/DET/2/det dog/NOUN/9/nsubj that/PRON/6/obj no/DET/5/det cat/NOUN/6/nsubj likes/VERB/2/acl:relcl "
            "has/AUX/9/aux ever/ADV/9/advmod slept/VERB/0/root",
            ("ever", "no", "precedes"),
        ),
        # anyone did not sleep: the item comes first
        ("anyone/PRON/4/nsubj did/AUX/4/aux not/PART/4/advmod sleep/VERB/0/root", ("any", "none", "unlicensed")),
        # every dog has ever barked: a universal licenses in its own noun phrase alone
        (
            "every/DET/2/det dog/NOUN/5/nsubj has/AUX/5/aux ever/ADV/5/advmod barked/VERB/0/root",
            ("ever", "none", "unlicensed"),
        ),
        # he does not sleep but she likes any tea
        (
            "he/PRON/4/nsubj does/AUX/4/aux not/PART/4/advmod sleep/VERB/0/root but/CCONJ/7/cc she/PRON/7/nsubj "
            "likes/VERB/4/conj any/DET/9/det tea/NOUN/7/obj",
            ("any", "negation", "precedes"),
        ),
        (
            "a/DET/3/det few/ADJ/3/amod dogs/NOUN/5/nsubj ever/ADV/5/advmod bark/VERB/0/root",
            ("ever", "none", "unlicensed"),
        ),
        ("no/INTJ/3/discourse I/PRON/3/nsubj saw/VERB/0/root anything/PRON/3/obj", ("any", "none", "unlicensed")),
    ],
)
def test_items_out_of_scope(parse, rows, how):
    assert found(parse, rows) == [how]
    names = NpiAnnotator().annotate(parse(rows)).constructions
    assert names == {"npi after licensor" if how[2] == "precedes" else "npi unlicensed"}


def test_a_verb_phrase_coordinated_under_negation_is_in_its_scope(parse):
    rows = (
        "he/PRON/4/nsubj did/AUX/4/aux not/PART/4/advmod eat/VERB/0/root or/CCONJ/6/cc drink/VERB/4/conj "
        "anything/PRON/6/obj"
    )
    assert found(parse, rows) == [("any", "negation", "c-command")]


@pytest.mark.parametrize(
    "rows",
    [
        "yet/CCONJ/3/cc he/PRON/3/nsubj sleeps/VERB/0/root",
        "I/PRON/3/nsubj not/PART/3/advmod have/VERB/0/root yet/ADV/3/advmod to/PART/6/mark go/VERB/3/xcomp",
        "not/PART/2/advmod ever/ADV/0/root since/SCONJ/2/fixed",
        "not/PART/4/advmod at/ADP/4/case all/DET/4/det times/NOUN/0/root",
        "dogs/NOUN/2/nsubj sleep/VERB/0/root",
    ],
)
def test_words_that_are_no_items(parse, rows):
    assert found(parse, rows) == []
    assert NpiAnnotator().annotate(parse(rows)).metadata == {}
