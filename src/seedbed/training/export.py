"""Export: a model of ours as a Hugging Face folder that transformers' Llama class and tokenizer load as they are."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from seedbed.errors import RecipeError, StoreError
from seedbed.tokenizers.encoder import CONFIG_FILE, load_encoder
from seedbed.tokenizers.existing_recipe import TOKENIZER_FILE
from seedbed.training.checkpoint import load_model, write_tensors
from seedbed.training.model import NORM_EPSILON, Transformer
from seedbed.training.recipes import Model

LLAMA_NEEDS: dict[str, Any] = {"mlp": "swiglu", "norm": "rms", "positions": "rotary", "causal": True}


def export_llama(weights_folder: Path, tokenizer_folder: Path, out: Path) -> None:
    """Write a run's model and tokenizer into `out`, which must not be there yet, as a Hugging Face model.

    The folder holds config.json, model.safetensors (float32), generation_config.json, tokenizer.json and
    tokenizer_config.json, and appears by one rename. Logits and token ids are those of seedbed. A sequence begins with
    the end of document, which is the beginning token too; the tokenizer adds neither.
    Errors: RecipeError for a model that Llama cannot express; StoreError if `out` is there, or vocabularies differ.
    """
    model = load_model(weights_folder)
    refuse_what_llama_lacks(model.model)
    encoder = load_encoder(tokenizer_folder)
    if encoder.vocab_size != model.vocab_size:
        raise StoreError(
            f"the tokenizer has {encoder.vocab_size} tokens and the model {model.vocab_size}; "
            "give the tokenizer that the model was trained with"
        )
    if out.exists():
        raise StoreError(f"{out.name} is there already; remove it or export to another folder")
    draft = out.with_name(f"{out.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    write_tensors(draft / "model.safetensors", llama_weights(model))
    _write(draft / "config.json", llama_config(model, encoder.eos_id))
    ends = {"bos_token_id": encoder.eos_id, "eos_token_id": encoder.eos_id}
    _write(draft / "generation_config.json", ends)
    shutil.copyfile(tokenizer_folder / TOKENIZER_FILE, draft / TOKENIZER_FILE)
    _write(draft / CONFIG_FILE, tokenizer_config(model.model, encoder.end_of_document))
    draft.rename(out)


def refuse_what_llama_lacks(model: Model) -> None:
    """Errors: RecipeError, with the fields to change, for a model that is no Llama."""
    lacking = [f"{field}={value!r}" for field, value in LLAMA_NEEDS.items() if getattr(model, field) != value]
    if lacking:
        raise RecipeError(
            f"the Llama class cannot express this model; train one with {', '.join(lacking)} to export it"
        )


def llama_config(model: Transformer, eos_id: int) -> dict[str, Any]:
    """The fields of config.json."""
    recipe = model.model
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": model.vocab_size,
        "hidden_size": recipe.width,
        "intermediate_size": recipe.mlp_units,
        "num_hidden_layers": recipe.layers,
        "num_attention_heads": recipe.heads,
        "num_key_value_heads": recipe.heads,
        "head_dim": recipe.head_width,
        "hidden_act": "silu",
        "max_position_embeddings": recipe.context,
        "rms_norm_eps": NORM_EPSILON,
        # transformers reads rope_parameters from version 5 on and rope_theta before.
        "rope_parameters": {"rope_type": "default", "rope_theta": recipe.rotary_base},
        "rope_theta": recipe.rotary_base,
        "tie_word_embeddings": recipe.tied,
        "attention_bias": False,
        "mlp_bias": False,
        "attention_dropout": 0.0,
        "initializer_range": recipe.init_std,
        "bos_token_id": eos_id,
        "eos_token_id": eos_id,
        "dtype": "float32",
        "torch_dtype": "float32",
    }


def llama_weights(model: Transformer) -> dict[str, Tensor]:
    """The weights under the names that the Llama class gives them."""
    width = model.model.width
    ours: dict[str, Tensor] = dict(model.named_parameters())
    theirs = {"model.embed_tokens.weight": ours["embedding"], "model.norm.weight": ours["final_norm.gain"]}
    for layer in range(model.model.layers):
        mine, its = f"blocks.{layer}.", f"model.layers.{layer}."
        for name, rows in zip("qkv", torch.split(ours[f"{mine}attention.qkv"], width), strict=True):
            theirs[f"{its}self_attn.{name}_proj.weight"] = rows
        theirs[f"{its}self_attn.o_proj.weight"] = ours[f"{mine}attention.out"]
        for name in ("gate", "up", "down"):
            theirs[f"{its}mlp.{name}_proj.weight"] = ours[f"{mine}mlp.{name}"]
        theirs[f"{its}input_layernorm.weight"] = ours[f"{mine}attention_norm.gain"]
        theirs[f"{its}post_attention_layernorm.weight"] = ours[f"{mine}mlp_norm.gain"]
    if not model.model.tied:
        theirs["lm_head.weight"] = ours["head"]
    return {name: weight.detach().clone() for name, weight in theirs.items()}


def tokenizer_config(model: Model, end_of_document: str) -> dict[str, Any]:
    """The fields of tokenizer_config.json. Text that holds the characters of the end of document stays text."""
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": end_of_document,
        "eos_token": end_of_document,
        "split_special_tokens": True,
        "clean_up_tokenization_spaces": False,
        "model_max_length": model.context,
    }


def _write(path: Path, fields: dict[str, Any]) -> None:
    path.write_text(json.dumps(fields, indent=2) + "\n", encoding="utf-8")
