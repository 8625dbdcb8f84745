"""Does the attention of some head follow the gold parse? Every head against every relation.

Texts are fed one by one after the end-of-document token, which is no word. Attention between words is pooled from that
between tokens (summed over the pieces looked at, mean over the pieces that look), and read in the word's row and in its
column; see `attention_syntax_scores`. An item is a word with a head: no root, no punctuation, no rare relation. Heads
are chosen on one half of the texts and scored on the other, and the other way round, so that many heads gain nothing
from being many. Scalars, each as ".../accuracy" (share of words whose gold head is the guess, ties shared) and
".../weight" (mean attention on the gold edge, the soft form, with heads chosen by weight):

- all: the best head for each relation and side (heads to the left, heads to the right). Side and relation are told.
- one-direction: the best head and reading for each relation, wherever its heads stand. A causal model cannot get above
  the ceiling among the baselines.
- single: one head for all words.
- <relation>: as all, on the words of one relation (":" of subtypes becomes "-").
- head/<layer>.<head>: a head alone on all words, nothing chosen; layers and heads from 0. With each_relation also
  "head/<layer>.<head>/<relation>-<row or column>-accuracy" and "-weight", both readings of every relation.
- shuffled: as all, with every gold head replaced by a random word of its side: what choosing among heads gives.

Baselines: a random word ("chance", and "chance-side-known"); the best offset for all words, for each relation, and for
each relation and side, chosen on the words that are scored; "one-direction-ceiling". The untrained model is step 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor, nn

from seedbed.errors import SourceError
from seedbed.probes.attention_maps import NO_WORD, attention_maps, word_maps, words_of_tokens
from seedbed.probes.attention_syntax_edges import (
    Ints,
    ParsedText,
    best_offset,
    chance,
    common,
    dealt,
    edges_of,
    groups_of,
    one_direction_ceiling,
)
from seedbed.probes.attention_syntax_recipe import AttentionSyntax
from seedbed.probes.attention_syntax_scores import Readings, by_relation, each_head, one_direction, readings, sided
from seedbed.probes.attention_syntax_texts import component_texts, grammar_texts, treebank_texts
from seedbed.probes.base import Material, Measurement, TextEncoder, looking_at
from seedbed.probes.next_token import batches_of, padded
from seedbed.probes.unscored import sort_out

CONVENTIONS = (
    "One row per scored word. Texts are fed after an end-of-document token. Attention is summed over the pieces looked "
    "at and averaged over the pieces that look; the word itself, the end of document and, in a causal model, words "
    "that cannot be seen are no guesses. Heads are chosen on one half of the texts and scored on the other."
)


def prepare(recipe: AttentionSyntax, material: Material) -> PreparedAttentionSyntax:
    """Read and lay out the texts. Errors: SeedbedError where none has a parse, fits the context, or can be encoded."""
    if recipe.grammar is not None:
        texts = grammar_texts(recipe.grammar, recipe.texts, material.workbench)
    elif recipe.component:
        texts = component_texts(material, recipe.component, recipe.texts, recipe.name)
    else:
        texts = treebank_texts(recipe.treebank, recipe.texts, material.workbench)
    return PreparedAttentionSyntax(recipe, texts, material.encoder, context=material.context)


class PreparedAttentionSyntax:
    """Parsed texts, encoded, with the words of every token."""

    def __init__(
        self, recipe: AttentionSyntax, texts: Sequence[ParsedText], encoder: TextEncoder, *, context: int
    ) -> None:
        self.name = recipe.name
        self._tie, self._each_relation = recipe.tie_weight, recipe.each_relation
        self._pad = encoder.eos_id
        pieces = [bytes(piece) for piece in getattr(encoder, "token_bytes", ())]
        if not pieces:
            raise SourceError(f"{self.name}: the tokenizer does not say which bytes its tokens hold; use one of ours")
        if not texts:
            raise SourceError(f"{self.name}: no text has heads and relations; give texts with a gold parse")
        kept, self.left_out = sort_out(self.name, [(text.text,) for text in texts], encoder, context)
        self.texts = [texts[number] for number in kept]
        self._tokens: list[list[int]] = []
        self._words: list[list[int]] = []
        known = np.zeros((len(self.texts), max(len(text.heads) for text in self.texts)), np.bool_)
        encoded = encoder.encode_batch([text.text for text in self.texts])
        for number, (text, tokens) in enumerate(zip(self.texts, encoded, strict=True)):
            owner = words_of_tokens(text.text, text.spans, [pieces[token] for token in tokens])
            if owner is None:
                raise SourceError(
                    f"{self.name}: the tokenizer loses some of {text.text[:40]!r}; use a lossless one, like 'bpe'"
                )
            known[number, owner[owner >= 0]] = True
            self._tokens.append([encoder.eos_id, *tokens])
            self._words.append([NO_WORD, *owner.tolist()])
        self._known = known
        edges = edges_of(self.texts, subtypes=recipe.subtypes)
        seen = known[edges.sentence, edges.word] & known[edges.sentence, edges.head]
        self.untold_words = int((~seen).sum())
        self.edges = common(edges.taken(np.flatnonzero(seen)), recipe.min_words)
        if not len(self.edges):
            raise SourceError(
                f"{self.name}: no relation has {recipe.min_words} words in {len(self.texts)} texts; lower min_words, "
                "or raise texts"
            )
        self.shuffled = dealt(self.edges, recipe.seed)
        self._half = self.edges.sentence % 2 == 1
        self.conventions = f"{CONVENTIONS} {self.left_out.note()}".rstrip()
        if self.untold_words:
            self.conventions += f" {self.untold_words} words without a token of their own, or whose head has none."

    @property
    def cost_tokens(self) -> int:
        """Tokens fed at every measurement."""
        return sum(map(len, self._tokens))

    def baselines(self) -> dict[str, float]:
        """What rules get right that see no attention, and what a causal model can reach: "<probe>/<rule>"."""
        edges = self.edges
        return {
            f"{self.name}/chance": chance(edges),
            f"{self.name}/chance-side-known": chance(edges, side_known=True),
            f"{self.name}/offset": best_offset(edges, np.zeros(len(edges), np.int64)),
            f"{self.name}/offset-by-relation": best_offset(edges, groups_of(edges.relation)),
            f"{self.name}/offset-by-relation-and-side": best_offset(edges, groups_of(edges.relation, edges.to_left)),
            f"{self.name}/one-direction-ceiling": one_direction_ceiling(edges),
        }

    def measure(self, model: nn.Module, step: int) -> Measurement:
        """Scalars, and one row per word."""
        found, dealt_found, names, causal = self._read(model)
        edges, half = self.edges, self._half
        every = sided(found, edges, half, causal=causal)
        one = one_direction(found, edges, half)
        single = sided(found, edges, half, causal=causal, groups=np.zeros(len(edges), np.int64))
        control = sided(dealt_found, self.shuffled, half, causal=causal)
        scalars: dict[str, float] = {}
        for part, what in (("all", every), ("one-direction", one), ("single", single), ("shuffled", control)):
            scalars[f"{self.name}/{part}/accuracy"] = float(what.credit.mean())
            scalars[f"{self.name}/{part}/weight"] = float(what.weight.mean())
        scalars[f"{self.name}/all/ties"] = float(np.mean((every.credit > 0) & (every.credit < 1)))
        scalars[f"{self.name}/all/words"] = float(len(edges))
        scalars |= self.left_out.scalars()
        for relation in np.unique(edges.relation).tolist():
            rows = edges.relation == relation
            part = relation.replace(":", "-")
            scalars[f"{self.name}/{part}/accuracy"] = float(every.credit[rows].mean())
            scalars[f"{self.name}/{part}/weight"] = float(every.weight[rows].mean())
        credit, weight = each_head(found, edges, causal=causal)
        for head, name in enumerate(names):
            scalars[f"{self.name}/head/{name}/accuracy"] = float(credit[head])
            scalars[f"{self.name}/head/{name}/weight"] = float(weight[head])
        if self._each_relation:
            for (relation, reading), (credit, weight) in by_relation(found, edges).items():
                for head, name in enumerate(names):
                    part = f"{self.name}/head/{name}/{relation.replace(':', '-')}-{reading}"
                    scalars |= {f"{part}-accuracy": float(credit[head]), f"{part}-weight": float(weight[head])}
        words = [
            self.texts[sentence].text[slice(*self.texts[sentence].spans[word])]
            for sentence, word in zip(edges.sentence.tolist(), edges.word.tolist(), strict=True)
        ]
        columns = {
            "source": pa.array([self.texts[number].source for number in edges.sentence]).dictionary_encode(),
            "text": pa.array(edges.sentence),
            "word": pa.array(edges.word),
            "form": pa.array(words),
            "relation": pa.array(edges.relation.tolist()).dictionary_encode(),
            "head": pa.array(edges.head),
            "second_half": pa.array(half),
            "attention_head": pa.array([names[head] for head in every.head]).dictionary_encode(),
            "reading": pa.array(np.where(every.by_row, "row", "column").tolist()).dictionary_encode(),
            "credit": pa.array(every.credit),
            "weight": pa.array(every.weight),
            "one_direction_credit": pa.array(one.credit),
            "single_credit": pa.array(single.credit),
            "shuffled_credit": pa.array(control.credit),
        }
        return Measurement(scalars, self.left_out.table(pa.table(columns), self.conventions))

    def _read(self, model: nn.Module) -> tuple[Readings, Readings, list[str], bool]:
        """Readings of the gold and of the shuffled heads, the names of the heads, and whether the model is causal."""
        kept: tuple[list[Tensor], list[Tensor]] = ([], [])
        edge_rows: list[Ints] = []
        shapes: list[int] = []
        with looking_at(model) as device:
            first = attention_maps(model, torch.tensor(self._tokens[:1], device=device))
            causal = not any(bool(layer.triu(1).any()) for layer in first)
            for batch in batches_of([len(tokens) for tokens in self._tokens], device, padding=causal):
                count = max(len(self.texts[number].heads) for number in batch)
                tokens = padded([self._tokens[number] for number in batch], self._pad)
                words = padded([self._words[number] for number in batch], NO_WORD)
                maps = attention_maps(model, torch.from_numpy(tokens).to(device))
                shapes = [layer.shape[1] for layer in maps]
                rows = np.flatnonzero(np.isin(self.edges.sentence, batch))
                edge_rows.append(rows)
                place = np.searchsorted(batch, self.edges.sentence[rows])
                owner = torch.from_numpy(words).to(device)
                pooled = [word_maps(layer, owner, count) for layer in maps]
                known = torch.from_numpy(self._known[batch, :count]).to(device)
                for kind, edges in zip(kept, (self.edges, self.shuffled), strict=True):
                    at, word, head = (
                        torch.from_numpy(each).to(device) for each in (place, edges.word[rows], edges.head[rows])
                    )
                    parts = [readings(layer, at, word, head, known, causal=causal, tie=self._tie) for layer in pooled]
                    kind.append(torch.stack([torch.cat(each, dim=-1) for each in zip(*parts, strict=True)]).cpu())
        order = np.argsort(np.concatenate(edge_rows), kind="stable")
        gold, control = (Readings(*torch.cat(kind, dim=1).numpy()[:, order]) for kind in kept)
        names = [f"{layer}.{head}" for layer, heads in enumerate(shapes) for head in range(heads)]
        return gold, control, names, causal
