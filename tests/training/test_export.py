import json

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM, PreTrainedTokenizerFast

from seedbed.errors import RecipeError, StoreError
from seedbed.tokenizers.encoder import load_encoder
from seedbed.tokenizers.recipes import Tokenizer
from seedbed.tokenizers.train import train_tokenizer
from seedbed.training.checkpoint import save_model
from seedbed.training.export import export_llama
from seedbed.training.model import Transformer
from seedbed.training.recipes import Model

SENTENCES = ["the newt does sleep .", "some yaks don't giggle near her zebra .", "does the newt sleep ?"] * 20
TEXTS = {
    "bpe": [
        "the newt does sleep .",
        "  two  spaces\n\n\ta tab é — 漢字 🦎",
        "<|endofdocument|> is text",
        "",
        "I'll 1234",
    ],
    "byte": ["the newt", "  é — 漢字 🦎\r\n", "<|endofdocument|> is text", ""],
    "word": ["the newt does sleep .", "zebra zebra ?"],
}


def folders(tmp_path, model, kind="bpe", updates=0):
    tokenizer, weights = tmp_path / "tokenizer", tmp_path / "weights"
    tokenizer.mkdir()
    weights.mkdir()
    train_tokenizer(Tokenizer(kind, vocab_size=280 if kind == "bpe" else None), iter(SENTENCES), tokenizer)
    transformer = Transformer(model, load_encoder(tokenizer).vocab_size, 1)
    optimizer = torch.optim.AdamW(transformer.parameters(), lr=0.03)
    for _ in range(updates):
        ids = torch.randint(transformer.vocab_size, (4, 16), generator=torch.Generator().manual_seed(0))
        torch.nn.functional.cross_entropy(transformer(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten()).backward()
        optimizer.step()
        optimizer.zero_grad()
    save_model(weights, transformer)
    return weights, tokenizer, transformer


@pytest.mark.parametrize("updates", [0, 20])
@pytest.mark.parametrize("tied", [True, False])
def test_llama_gives_our_logits(tmp_path, tied, updates):
    model = Model(2, 32, 4, context=64, mlp="swiglu", tied=tied, init_std=0.2, rotary_base=500.0)
    weights, tokenizer, ours = folders(tmp_path, model, updates=updates)
    export_llama(weights, tokenizer, tmp_path / "out")
    theirs = LlamaForCausalLM.from_pretrained(tmp_path / "out")
    assert type(AutoModelForCausalLM.from_pretrained(tmp_path / "out")) is LlamaForCausalLM
    ids = torch.randint(ours.vocab_size, (3, 64), generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        logits = ours(ids)
        assert logits.std() > 0.5
        assert torch.allclose(theirs(ids).logits, logits, atol=1e-5, rtol=1e-5)
    assert theirs.dtype == torch.float32
    assert theirs.generation_config.eos_token_id == load_encoder(tokenizer).eos_id


@pytest.mark.parametrize("kind", TEXTS)
def test_their_tokenizer_gives_our_ids(tmp_path, kind):
    weights, tokenizer, _ = folders(tmp_path, Model(1, 8, 2, context=64, mlp="swiglu"), kind)
    export_llama(weights, tokenizer, tmp_path / "out")
    encoder = load_encoder(tokenizer)
    for theirs in (
        AutoTokenizer.from_pretrained(tmp_path / "out"),
        PreTrainedTokenizerFast.from_pretrained(tmp_path / "out"),
    ):
        assert theirs.eos_token_id == theirs.bos_token_id == encoder.eos_id
        assert len(theirs) == encoder.vocab_size
        for text in TEXTS[kind]:
            ids = theirs(text)["input_ids"]
            assert ids == encoder.encode(text)
            assert theirs.decode(ids) == text


@pytest.mark.parametrize(
    ("changes", "mend"),
    [
        ({"mlp": "gelu"}, "mlp='swiglu'"),
        ({"positions": "learned"}, "positions='rotary'"),
        ({"norm": "none"}, "norm='rms'"),
        ({"causal": False}, "causal=True"),
    ],
)
def test_what_llama_cannot_express_is_refused_with_the_mend(tmp_path, changes, mend):
    weights, tokenizer, _ = folders(
        tmp_path, Model(**{"layers": 1, "width": 8, "heads": 2, "context": 8, "mlp": "swiglu", **changes})
    )
    with pytest.raises(RecipeError, match=f"train one with {mend} to export it"):
        export_llama(weights, tokenizer, tmp_path / "out")
    assert not list(tmp_path.glob("out*"))


def test_a_folder_that_is_there_and_a_strange_tokenizer_are_refused(tmp_path):
    weights, tokenizer, _ = folders(tmp_path, Model(1, 8, 2, context=8, mlp="swiglu"))
    (tmp_path / "out").mkdir()
    with pytest.raises(StoreError, match="out is there already"):
        export_llama(weights, tokenizer, tmp_path / "out")
    fields = json.loads((weights / "model.json").read_text())
    save_model(weights, Transformer(Model(**fields["model"]), 301))
    with pytest.raises(StoreError, match="the tokenizer has 280 tokens and the model 301"):
        export_llama(weights, tokenizer, tmp_path / "other")


def test_nothing_of_a_broken_export_is_taken_for_one(tmp_path, monkeypatch):
    weights, tokenizer, _ = folders(tmp_path, Model(1, 8, 2, context=8, mlp="swiglu"))
    with monkeypatch.context() as patch, pytest.raises(OSError):
        patch.setattr("shutil.copyfile", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
        export_llama(weights, tokenizer, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    export_llama(weights, tokenizer, tmp_path / "out")
    assert not (tmp_path / "out.draft").exists()
