"""The probe on models whose attention is known, on treebanks and on grammars, with every kind of tokenizer."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import Tensor, nn

from seedbed.data.grammar.recipe import Grammar
from seedbed.errors import SeedbedError, SourceError
from seedbed.probes.attention_syntax import PreparedAttentionSyntax
from seedbed.probes.attention_syntax_recipe import AttentionSyntax
from seedbed.probes.base import Material
from seedbed.tokenizers.encoder import Encoder
from seedbed.training.model import Transformer
from seedbed.training.recipes import Model
from seedbed.workbench import Workbench

CONLLU = """# sent_id = one
1\tthe\tthe\tDET\t_\t_\t2\tdet\t_\t_
2\tnewt\tnewt\tNOUN\t_\t_\t3\tnsubj\t_\t_
3\tsleeps\tsleep\tVERB\t_\t_\t0\troot\t_\t_

# sent_id = two
1\tthe\tthe\tDET\t_\t_\t2\tdet\t_\t_
2\tyak\tyak\tNOUN\t_\t_\t3\tnsubj\t_\t_
3\tsees\tsee\tVERB\t_\t_\t0\troot\t_\t_
4\tme\tI\tPRON\t_\t_\t3\tobj\t_\tSpaceAfter=No
5\t.\t.\tPUNCT\t_\t_\t3\tpunct\t_\t_

"""


class Gold(nn.Module):
    """Attends as the parses of a prepared probe say. causal: heads to the left by head 0, from those to the right by
    head 1, always from the later word; else all by head 0. What is left of a row goes to the end of document."""

    def __init__(self, prepared: PreparedAttentionSyntax, *, causal: bool) -> None:
        super().__init__()
        self.maps: dict[tuple[int, ...], Tensor] = {}
        for number, tokens in enumerate(prepared._tokens):
            words = np.array(prepared._words[number])
            maps = np.zeros((2, len(tokens), len(tokens)))
            for word, head in enumerate(prepared.texts[number].heads):
                place = np.ix_(words == word, words == head)
                if head >= 0 and (head < word or not causal):
                    maps[0][place] = 1 / max((words == head).sum(), 1)
                elif head >= 0:
                    maps[1].T[place] = 1 / max((words == word).sum(), 1)
            self.maps[tuple(tokens)] = torch.from_numpy(maps).float()

    def attention_maps(self, tokens: Tensor) -> list[Tensor]:
        found = torch.zeros(len(tokens), 2, tokens.shape[1], tokens.shape[1])
        for row, sequence in enumerate(tokens.tolist()):
            while tuple(sequence) not in self.maps:
                sequence.pop()  # the padding
            found[row, :, : len(sequence), : len(sequence)] = self.maps[tuple(sequence)]
        return [found]


class Uniform(nn.Module):
    """Attends to everything alike, in one head, to what is before alone or to both sides."""

    def __init__(self, *, causal: bool) -> None:
        super().__init__()
        self.causal = causal

    def attention_maps(self, tokens: Tensor) -> list[Tensor]:
        maps = torch.ones(len(tokens), 1, tokens.shape[1], tokens.shape[1])
        maps = maps.tril() if self.causal else maps
        return [maps / maps.sum(-1, keepdim=True)]


def prepared(encoder: Encoder, *, context: int = 256, **fields) -> PreparedAttentionSyntax:
    fields = {"grammar": Grammar("english", split="held-out"), "texts": 40, "min_words": 10} | fields
    return AttentionSyntax(**fields).prepare(Material(encoder, context, Workbench()))


def test_attention_that_is_the_parse_recovers_it_with_every_tokenizer(encoder: Encoder) -> None:
    probe = prepared(encoder)
    for causal in (True, False):
        scalars = probe.measure(Gold(probe, causal=causal), 0).scalars
        assert scalars["attention-syntax/all/accuracy"] == 1.0
        assert scalars["attention-syntax/all/weight"] == pytest.approx(1.0)
        assert scalars["attention-syntax/nsubj/accuracy"] == 1.0
    assert scalars["attention-syntax/one-direction/accuracy"] == 1.0
    assert scalars["attention-syntax/shuffled/accuracy"] < 0.3


@pytest.fixture(scope="module")
def treebank(encoders: dict[str, Encoder], shared_data: Path) -> PreparedAttentionSyntax:
    file = shared_data / "ud/en_ewt/en_ewt-ud-dev.conllu.gz"
    return prepared(encoders["byte"], context=2048, grammar=None, treebank=str(file), texts=5000, min_words=100)


def test_known_answers_on_a_treebank(treebank: PreparedAttentionSyntax) -> None:
    """PROTOCOLS row 20. Sentences that are there twice are read once, so that figures differ in the third place."""
    baselines = treebank.baselines()
    assert baselines["attention-syntax/offset"] == pytest.approx(0.349, abs=0.002)
    assert baselines["attention-syntax/offset-by-relation"] == pytest.approx(0.432, abs=0.002)
    scalars = treebank.measure(Gold(treebank, causal=True), 0).scalars
    assert scalars["attention-syntax/all/accuracy"] == 1.0
    assert scalars["attention-syntax/one-direction/accuracy"] == pytest.approx(0.924, abs=0.005)
    assert scalars["attention-syntax/shuffled/accuracy"] == pytest.approx(
        baselines["attention-syntax/chance-side-known"], abs=0.01
    )
    assert baselines["attention-syntax/chance"] == pytest.approx(0.076, abs=0.002)


def test_uniform_attention_to_both_sides_is_chance(encoders: dict[str, Encoder]) -> None:
    probe = prepared(encoders["word"])
    scalars = probe.measure(Uniform(causal=False), 0).scalars
    assert scalars["attention-syntax/all/accuracy"] == pytest.approx(probe.baselines()["attention-syntax/chance"])
    assert scalars["attention-syntax/all/ties"] == 1.0


def test_uniform_causal_attention_has_the_next_word_as_its_column(encoders: dict[str, Encoder]) -> None:
    """Why an untrained model is no zero: a later word has more to share out, so that the column's best is the next."""
    probe = prepared(encoders["word"])
    found = probe.measure(Uniform(causal=True), 0)
    items = found.items.to_pydict()
    rows = [row for row, reading in enumerate(items["reading"]) if reading == "column"]
    for row in rows:
        assert items["credit"][row] == (1.0 if items["head"][row] == items["word"][row] + 1 else 0.0)


def test_scalars_are_means_of_the_items(encoders: dict[str, Encoder]) -> None:
    probe = prepared(encoders["bpe"])
    model = Transformer(Model(2, 16, 2, context=256), encoders["bpe"].vocab_size, init_seed=0)
    found = probe.measure(model, 0)
    items = found.items
    for column, metric in (
        ("credit", "all/accuracy"),
        ("weight", "all/weight"),
        ("one_direction_credit", "one-direction/accuracy"),
        ("single_credit", "single/accuracy"),
        ("shuffled_credit", "shuffled/accuracy"),
    ):
        mean = np.mean(items.column(column).to_numpy())
        assert found.scalars[f"attention-syntax/{metric}"] == pytest.approx(mean)
    assert items.num_rows == found.scalars["attention-syntax/all/words"]
    assert {f"attention-syntax/head/{n}/weight" for n in ("0.0", "0.1", "1.0", "1.1")} <= set(found.scalars)
    assert all(0 <= value <= 1 for name, value in found.scalars.items() if name.endswith(("accuracy", "weight")))
    text, word, form = (items.column(name)[7].as_py() for name in ("text", "word", "form"))
    assert probe.texts[text].text.split()[word] == form
    assert b"Heads are chosen on one half" in items.schema.metadata[b"conventions"]


def test_every_head_on_every_relation_in_both_readings(encoders: dict[str, Encoder]) -> None:
    probe = prepared(encoders["word"], each_relation=True)
    scalars = probe.measure(Gold(probe, causal=True), 0).scalars
    left = {
        relation: probe.edges.to_left[probe.edges.relation == relation].mean() for relation in ("det", "nmod", "obj")
    }
    for relation, share in left.items():  # head 0 looks at heads to the left, head 1 is looked at from the right
        assert scalars[f"attention-syntax/head/0.0/{relation}-row-weight"] == pytest.approx(share)
        assert scalars[f"attention-syntax/head/0.1/{relation}-column-weight"] == pytest.approx(1 - share)
        assert scalars[f"attention-syntax/head/0.1/{relation}-row-weight"] == 0
        assert scalars[f"attention-syntax/head/0.0/{relation}-row-accuracy"] >= share
    assert not any("-row-" in name for name in prepared(encoders["word"]).measure(Gold(probe, causal=True), 0).scalars)


def test_a_measurement_does_not_depend_on_the_batches(encoders, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Transformer(Model(2, 16, 2, context=256), encoders["bpe"].vocab_size, init_seed=1)
    one = prepared(encoders["bpe"]).measure(model, 0)
    monkeypatch.setattr("seedbed.probes.next_token.BATCH_TOKENS", {"cpu": 40})
    other = prepared(encoders["bpe"]).measure(model, 0)
    assert one.items.select(["text", "word", "head"]) == other.items.select(["text", "word", "head"])
    assert one.items["weight"].to_numpy() == pytest.approx(other.items["weight"].to_numpy(), abs=1e-5)


def test_a_model_that_sees_both_sides_does_not_see_padding(encoders, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Transformer(Model(2, 16, 2, context=256, causal=False), encoders["bpe"].vocab_size, init_seed=1)
    together = prepared(encoders["bpe"]).measure(model, 0)
    monkeypatch.setattr("seedbed.probes.next_token.BATCH_TOKENS", {"cpu": 1})
    alone = prepared(encoders["bpe"]).measure(model, 0)
    assert together.items["weight"].to_numpy() == pytest.approx(alone.items["weight"].to_numpy(), abs=1e-6)
    assert set(together.items["reading"].to_pylist()) == {"row", "column"}


def test_a_treebank_is_read_sentence_by_sentence(encoders: dict[str, Encoder], tmp_path: Path) -> None:
    (tmp_path / "bank").mkdir()
    (tmp_path / "bank/small.conllu").write_text(CONLLU)
    recipe = AttentionSyntax(treebank="bank", min_words=1)
    probe = recipe.prepare(Material(encoders["byte"], 64, Workbench(tmp_path)))
    assert probe.edges.relation.tolist() == ["det", "nsubj", "det", "nsubj", "obj"]
    assert [text.text for text in probe.texts] == ["the newt sleeps", "the yak sees me."]
    assert probe.cost_tokens == len("the newt sleeps") + len("the yak sees me.") + 2
    assert set(recipe.identity(Workbench(tmp_path))["treebank"]) == {"small.conllu"}
    with pytest.raises(SourceError, match="'none' holds no CoNLL-U file"):
        AttentionSyntax(treebank="none").identity(Workbench(tmp_path))


def test_texts_that_cannot_be_scored_are_left_out_and_named(encoders: dict[str, Encoder], tmp_path: Path) -> None:
    (tmp_path / "small.conllu").write_text(CONLLU)
    recipe = AttentionSyntax(treebank="small.conllu", min_words=1)
    probe = recipe.prepare(Material(encoders["byte"], 16, Workbench(tmp_path)))
    assert [text.text for text in probe.texts] == ["the newt sleeps"]
    assert "1 of 2 items are not scored: 1 for a length above the context of 16 tokens" in probe.conventions
    assert "'the yak sees me.'" in probe.conventions
    found = probe.measure(Uniform(causal=True), 0)
    assert found.scalars["attention-syntax/unscored"] == 1
    assert b"the yak sees me." in found.items.schema.metadata[b"unscored"]
    with pytest.raises(SeedbedError, match=r"attention-syntax: .*above the context of 8 tokens"):
        recipe.prepare(Material(encoders["byte"], 8, Workbench(tmp_path)))
    with pytest.raises(SeedbedError, match=r"words that the tokenizer lacks .*'the newt sleeps': sleeps"):
        recipe.prepare(Material(encoders["word"], 16, Workbench(tmp_path)))
    with pytest.raises(SourceError, match="no relation has 50 words in 2 texts; lower min_words"):
        AttentionSyntax(treebank="small.conllu", min_words=50).prepare(
            Material(encoders["byte"], 64, Workbench(tmp_path))
        )


def test_held_out_documents_of_a_component_carry_their_parses(encoders: dict[str, Encoder]) -> None:
    texts = ["the newt does sleep .", "no parse here", "the newt does sleep .", "my yak does giggle ."]
    heads = [[1, 3, 3, -1, 3], None, [1, 3, 3, -1, 3], [1, 3, 3, -1, 3]]
    relations = [None if each is None else ["det", "nsubj", "aux", "root", "punct"] for each in heads]

    def table(component: str, columns) -> pa.Table:
        return pa.table({"heads": heads, "relations": relations, "word_starts": [None] * 4, "word_ends": [None] * 4})

    material = Material(encoders["word"], 64, Workbench(), {"mine": texts}, table)
    probe = AttentionSyntax(component="mine", min_words=1).prepare(material)
    assert [text.text for text in probe.texts] == [texts[0], texts[3]]
    assert probe.edges.relation.tolist() == ["det", "nsubj", "aux"] * 2
    with pytest.raises(SeedbedError, match=r"'mien'.*did you mean.*'mine'"):
        AttentionSyntax(component="mien").prepare(material)
    with pytest.raises(SourceError, match="is of a study"):
        AttentionSyntax(component="mine").prepare(Material(encoders["word"], 64, Workbench()))


def test_a_model_that_shows_no_attention_is_refused(encoders: dict[str, Encoder], toys) -> None:
    with pytest.raises(SeedbedError, match="does not show its attention"):
        prepared(encoders["word"]).measure(toys.Recurrent(encoders["word"].vocab_size), 0)
