from __future__ import annotations

import pytest

from seedbed.data.grammar.lexicon import inline_category, read_category
from seedbed.data.grammar.notation import Place
from seedbed.errors import RecipeError

PLACE = Place("data/lexicons/de/noun.tsv")
FEATURES = {"number": ("sg", "pl"), "case": ("nom", "acc"), "gender": None, "animate": ("yes", "no"), "past": ("yes",)}


def read(text, own=frozenset({"gender"})):
    return read_category(PLACE, "noun", text, FEATURES, set(own))


def test_one_row_a_word():
    words = read(
        "# nouns\nconcept\tgender\tweight\tsg.nom\tsg.acc\tpl\n\n"
        "man\tmasc\t2\tMann\tMann\tMänner\nice\tneut\t1\tEis\tEis\t-\n"
    )
    assert words.concepts == ("man", "ice")
    assert words.weights == (2.0, 1.0)
    assert words.properties == {"gender": (("masc",), ("neut",))}
    assert words.form_features == {"number", "case"}
    assert words.form(0, {"number": "pl", "case": "acc"}) == "Männer"
    assert words.form(1, {"number": "pl", "case": "acc"}) is None
    assert words.form(1, {"number": "sg", "case": "nom", "gender": "neut"}) == "Eis"
    assert words.fits(0, {"gender": "masc"}) and not words.fits(0, {"gender": "neut"})


def test_one_row_a_form_with_empty_cells_for_any_value():
    words = read(
        "concept\tgender\tnumber\tcase\tform\ndef\tmasc\tsg\tnom\tder\ndef\tmasc\tsg\tacc\tden\ndef\tmasc\tpl\t\tdie\n"
    )
    assert words.concepts == ("def",)
    assert [words.form(0, {"number": n, "case": c}) for n, c in (("sg", "acc"), ("pl", "nom"), ("pl", "acc"))] == [
        "den",
        "die",
        "die",
    ]


def test_a_column_that_is_no_lexical_feature_restricts_what_is_drawn():
    words = read("concept\tanimate\tsg\ndog\tyes\tdog\nsun\tno\tsun\nstar\tyes|no\tstar\nit\t\tit\n", own=())
    assert [words.fits(i, {"animate": "yes"}) for i in range(4)] == [True, False, True, True]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("concept\tsg\n", "holds no words"),
        ("word\tsg\na\tb\n", "has no column 'concept'"),
        ("concept\tgender\tsg\na\tm\tb\na\tm\tc\n", "'a' stands there twice"),
        ("concept\tgender\tsg\na\tm\tb c\n", "line 2: 'b c' is not one word; write several words as several parts"),
        ("concept\tgender\tsg\na\tm\n", "line 2: has no form under 'sg'; write it, or - if there is none"),
        ("concept\tgender\tsg\na\t\tb\n", "a: gender is ''; a lexical feature of noun has one value"),
        ("concept\tsg\na\tb\n", "has no column 'gender', which is a lexical feature of noun; add it"),
        ("concept\tgender\tsing\na\tm\tb\n", "column sing: no feature value is called 'sing'; did you mean 'sg'?"),
        ("concept\tgender\tyes\na\tm\tb\n", "'yes' is a value of animate and past; write animate=yes"),
        ("concept\tgender\tsg\na\tm\tb\tc\td\n", "line 2: has 5 cells under 3 columns; mend the tabs"),
        ("concept\tgender\tnumber\tform\na\tm\tsing\tb\n", "no value of number is called 'sing'"),
        ("concept\tgender\tweight\tsg\na\tm\tx\tb\n", "weight 'x' is no number"),
        ("concept\tgender\na\tm\n", "has no column of forms"),
    ],
)
def test_a_mistake_names_file_line_and_reason(text, reason):
    with pytest.raises(RecipeError) as error:
        read(text)
    assert str(error.value).startswith("data/lexicons/de/noun.tsv: ")
    assert reason in str(error.value)


def test_a_list_of_words():
    words = inline_category(PLACE, "particle", ["not", "never"])
    assert words.form(words.number["never"], {}) == "never"
    with pytest.raises(RecipeError, match="stands there twice"):
        inline_category(PLACE, "particle", ["not", "not"])
    with pytest.raises(RecipeError, match="is not one word"):
        inline_category(PLACE, "particle", ["at all"])
