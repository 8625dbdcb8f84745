from pathlib import Path

import numpy as np
import pytest
from datatrove.data import Document
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.identity import recipe_fields
from seedbed.data.shifted import CAPITALS, SMALL, Shifted, shift, unshift
from seedbed.data.transforms.shift import VocabularyShifter
from seedbed.errors import RecipeError, SourceError
from seedbed.tokenizers.encoder import load_encoder
from seedbed.tokenizers.recipes import Tokenizer, tokenizer
from seedbed.tokenizers.train import train_tokenizer
from seedbed.workbench import Workbench

SENTENCES = [
    "the newt does sleep . quest does the newt sleep ?",
    "the boy's dog that doesn't sleep high_five the yak .",
    "yesterday , the boy wasn't half-tired .",
    "the yak sleeps .",
    "the newt admires the yak .",
]
small = st.text(alphabet=SMALL + " \n", max_size=60)
anything = st.text(alphabet=st.characters(max_codepoint=0xFFFD, blacklist_categories=("Cs",)), max_size=60)


def test_the_two_alphabets_share_nothing_and_have_equal_bytes():
    assert len(set(SMALL) | set(CAPITALS)) == len(SMALL) + len(CAPITALS)
    assert shift("does the boy's dog sleep ?") == 'DOES THE BOY"S DOG SLEEP :'
    assert shift("犬 a", "private") == "\U000f72ac \U000f0061"


@given(small, anything)
def test_shifted_text_comes_back_word_by_word_and_shares_none(first, second):
    for text, alphabet in ((first, "capitals"), (second, "private")):
        copy = shift(text, alphabet)
        assert unshift(copy, alphabet) == text
        assert len(copy) == len(text)
        assert [shift(word, alphabet) for word in text.split()] == copy.split()
        assert not set(copy.split()) & set(text.split())
    assert len(shift(first).encode()) == len(first.encode())


def test_what_has_no_place_is_refused():
    with pytest.raises(SourceError, match=r"has 'T'; write Shifted\(alphabet='private'\)"):
        shift("The newt")
    with pytest.raises(SourceError, match="U\\+1F600"):
        shift("\U0001f600", "private")
    with pytest.raises(SourceError, match="in no shifted copy"):
        unshift("the NEWT")
    with pytest.raises(SourceError, match="in no shifted copy"):
        unshift("THE", "private")
    with pytest.raises(RecipeError, match="did you mean 'capitals'"):
        Shifted(alphabet="capital")


def test_the_block_keeps_labels_and_parse_and_comes_back():
    metadata = {
        "language": "de",
        "item": "7",
        "heads": [1, -1],
        "relations": ["nsubj", "root"],
        "answer_start": 5,
        "answer_end": 11,
    }
    document = Document(text="ä ß schläft"[2:], id="3", metadata=metadata)
    block = VocabularyShifter("private")
    changed = block.transformed(document)
    assert changed.metadata["language"] == "de-x-shifted"
    assert changed.metadata["heads"] == [1, -1]
    assert changed.metadata["item"] == "7"
    raw = changed.text.encode()
    start, end = changed.metadata["answer_start"], changed.metadata["answer_end"]
    assert unshift(raw[start:end].decode(), "private") == document.text.encode()[5:11].decode()
    assert (block.stats.stats["words"].total, block.stats.stats["characters"].total) == (2, 8)
    assert block.undo(changed) == document


def test_it_stands_alone_in_a_pipeline_and_as_a_recipe(tmp_path: Path):
    shifted = Shifted()
    (block,) = shifted.steps(Workbench(tmp_path))
    documents = [Document(text=text, id=str(i)) for i, text in enumerate(SENTENCES)]
    assert [unshift(each.text) for each in block.run(documents)] == SENTENCES
    assert shifted.identity(Workbench(tmp_path)) == recipe_fields(shifted)
    assert shifted.identity(Workbench(tmp_path)) != Shifted(alphabet="private").identity(Workbench(tmp_path))


def ids(recipe: Tokenizer, train: list[str], texts: list[str], folder: Path) -> list[list[int]]:
    folder.mkdir()
    train_tokenizer(recipe, train, folder)
    return load_encoder(folder).encode_batch(texts)


@pytest.mark.parametrize("alphabet", ["capitals", "private"])
def test_under_the_word_tokenizer_the_copy_is_the_twin_in_other_ids(alphabet: str, tmp_path: Path):
    copies = [shift(text, alphabet) for text in SENTENCES]
    both = SENTENCES + copies
    words = {word for text in SENTENCES for word in text.split()}
    encoded = ids(tokenizer("word"), both, both, tmp_path / "word")
    twin, copy = encoded[: len(SENTENCES)], encoded[len(SENTENCES) :]
    assert [len(each) for each in twin] == [len(each) for each in copy]
    pairs = {pair for one, other in zip(twin, copy, strict=True) for pair in zip(one, other, strict=True)}
    # A bijection between two disjoint sets of |V| ids: id + |V| after renumbering.
    first, second = zip(*pairs, strict=True)
    assert len(pairs) == len(set(first)) == len(set(second)) == len(words)
    assert not set(first) & set(second)
    renumbered = {old: number for number, old in enumerate(sorted(set(first)))}
    moved = {dict(pairs)[old]: number + len(words) for old, number in renumbered.items()}
    for one, other in zip(twin, copy, strict=True):
        assert np.array_equal([renumbered[i] + len(words) for i in one], [moved[i] for i in other])


def test_of_a_sub_word_tokenizer_the_two_share_no_piece_of_a_word(tmp_path: Path):
    copies = [shift(text) for text in SENTENCES]
    encoded = ids(Tokenizer("bpe", vocab_size=300), SENTENCES + copies, SENTENCES + copies, tmp_path / "bpe")
    blank = set(ids(Tokenizer("byte"), SENTENCES, [" "], tmp_path / "byte")[0])
    first = {i for each in encoded[: len(SENTENCES)] for i in each}
    second = {i for each in encoded[len(SENTENCES) :] for i in each}
    shared = first & second
    assert len(shared) <= len(blank)
