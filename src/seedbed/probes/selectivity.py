"""Are there units that tell one class of text from the others, and does the model lose that class without them?

A unit's answer to a document is its mean over the tokens. Its AUROC for a class is the probability that it answers more
to a document of the class than to another one (ties half): 1/2 says nothing, 0 and 1 both tell the class apart, so
units go by |AUROC - 1/2|. Units are chosen on one half of the documents and scored on the other.

The best of many units looks selective by chance. Control: labels dealt anew ("shuffled/..."): the same choice on one
half, and the same score on the other, which stays near 1/2; and, beside the number of units past it, the 95 % point of
the best unit under dealt labels on the half where units are chosen.

The cost of ablation: the rise of the loss, in bits per byte, when the chosen units always say their mean: on the class,
elsewhere, and the difference (the ablation selectivity). Control: as many units drawn at random. That a model does not
suffer is no proof that it did not use the units, as others may stand in. Source: PROTOCOLS 4.9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import torch
import torch.nn.functional as F  # noqa: N812  # the name every reader of PyTorch knows
from numpy.typing import NDArray
from scipy.stats import rankdata
from torch import Tensor, nn

from seedbed.errors import SourceError
from seedbed.probes.base import Measurement, TextEncoder, looking_at, with_conventions
from seedbed.probes.bits_per_byte import bits_per_byte
from seedbed.probes.units import holding, places_of, watching

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
DEALS = 20
BATCH_DOCUMENTS = 32
CONVENTIONS = (
    "One row per class and chosen unit. auroc: on the half of documents that did not choose it. Documents are read "
    "after an end-of-document token, up to the context; a unit's answer to one is its mean over the tokens."
)


def auroc(answers: Floats, of_class: NDArray[np.bool_]) -> Floats:
    """P(answer to a document of the class > to another one) + half of ties: float64[units].

    answers: float64[documents, units]. By ranks: (sum of ranks of the class - n (n + 1) / 2) / (n m).
    Errors: ValueError unless both sides have documents.
    """
    n, m = int(of_class.sum()), int((~of_class).sum())
    if not n or not m:
        raise ValueError("AUROC needs documents of the class and others")
    ranks = rankdata(answers, axis=0)
    found: Floats = (ranks[of_class].sum(axis=0) - n * (n + 1) / 2) / (n * m)
    return found


def chosen_units(scores: Floats, count: int) -> Ints:
    """The units furthest from 1/2, the furthest first; ties: the earlier unit."""
    return np.argsort(-np.abs(scores - 0.5), kind="stable")[:count].astype(np.int64)


class PreparedSelectivity:
    """Documents of every class, half of which choose units and half of which judge them."""

    def __init__(
        self,
        name: str,
        texts: Mapping[str, Sequence[str]],
        encoder: TextEncoder,
        *,
        context: int,
        units: int,
        seed: int,
    ) -> None:
        if len(texts) < 2:
            raise SourceError(
                f"{name}: {len(texts)} class of documents tells nothing apart; take other classes, or a study of two"
            )
        self.name, self.conventions = name, CONVENTIONS
        self.classes = list(texts)
        self._units, self._seed = units, seed
        documents = [(number, text) for number, some in enumerate(texts.values()) for text in some]
        ids = encoder.encode_batch([text for _, text in documents])
        self._tokens = [[encoder.eos_id, *some][: context + 1] for some in ids]
        self._class = np.array([number for number, _ in documents], np.int64)
        # A document that is cut at the context counts as long as what is read of it.
        self._bytes = np.array(
            [
                len(text.encode()) if len(some) <= context else len(encoder.decode(some[:context]).encode())
                for (_, text), some in zip(documents, ids, strict=True)
            ],
            np.int64,
        )
        place = np.concatenate([np.arange(len(some)) for some in texts.values()])
        self._judges = place % 2 == 1
        self._pad = encoder.eos_id

    @property
    def cost_tokens(self) -> int:
        """Tokens read per measurement: all once, and the judging half again for every class, with its control."""
        lengths = np.array([len(tokens) - 1 for tokens in self._tokens])
        return int(lengths.sum() + lengths[self._judges].sum() * (1 + 2 * len(self.classes)))

    def measure(self, model: nn.Module, step: int) -> Measurement:
        """AUROC of the chosen units, units past the control's 95 % point, and what holding them costs."""
        rng = np.random.default_rng(self._seed)
        with looking_at(model) as device:
            answers, means, sizes = self._answers(model, device)
            judged = np.flatnonzero(self._judges)
            before = self._nats(model, device, judged)
            scalars: dict[str, float] = {}
            rows: list[dict[str, object]] = []
            for number, name in enumerate(self.classes):
                mine = self._class == number
                first = auroc(answers[~self._judges], mine[~self._judges])
                units = chosen_units(first, self._units)
                second = auroc(answers[self._judges][:, units], mine[self._judges])
                # A unit that says less to the class tells it apart just as well.
                turned = np.where(first[units] >= 0.5, second, 1 - second)
                null, dealt_best = self._dealt(rng, answers, mine)
                drawn = np.sort(rng.permutation(len(first))[: self._units])
                prefix = f"{self.name}/{name}"
                scalars[f"{prefix}/auroc"] = float(turned[0])
                scalars[f"{prefix}/auroc-chosen"] = float(turned.mean())
                scalars[f"{prefix}/shuffled-auroc"] = dealt_best
                scalars[f"{prefix}/null-95"] = null
                scalars[f"{prefix}/selective-units"] = float(np.sum(np.abs(first - 0.5) + 0.5 > null))
                for what, which in (("ablation", units), ("random-ablation", drawn)):
                    places = places_of(torch.from_numpy(which), sizes)
                    starts = np.cumsum([0, *sizes])
                    held = {k: (at, means[starts[k] + at]) for k, at in places.items()}
                    with holding(model, held):
                        rise = self._nats(model, device, judged) - before
                    on, off = mine[judged], ~mine[judged]
                    on_class = bits_per_byte(float(rise[on].sum()), int(self._bytes[judged][on].sum()))
                    elsewhere = bits_per_byte(float(rise[off].sum()), int(self._bytes[judged][off].sum()))
                    scalars[f"{prefix}/{what}-class"] = on_class
                    scalars[f"{prefix}/{what}-elsewhere"] = elsewhere
                    scalars[f"{prefix}/{what}-selectivity"] = on_class - elsewhere
                starts = np.cumsum([0, *sizes])
                layer = np.searchsorted(starts, units, side="right") - 1
                rows += [
                    {
                        "class": name,
                        "layer": int(k),
                        "unit": int(u - starts[k]),
                        "auroc_choosing": float(a),
                        "auroc": float(b),
                    }
                    for k, u, a, b in zip(layer, units, first[units], second, strict=True)
                ]
        for what in ("auroc", "shuffled-auroc", "ablation-selectivity", "random-ablation-selectivity"):
            scalars[f"{self.name}/mean/{what}"] = float(
                np.mean([scalars[f"{self.name}/{c}/{what}"] for c in self.classes])
            )
        return Measurement(scalars, with_conventions(pa.Table.from_pylist(rows), self.conventions))

    def _dealt(self, rng: np.random.Generator, answers: Floats, mine: NDArray[np.bool_]) -> tuple[float, float]:
        """Under labels dealt anew: 95 % point of the best unit where it is chosen, and its mean elsewhere."""
        best, judged = [], []
        for _ in range(DEALS):
            labels = mine.copy()
            for half in (self._judges, ~self._judges):
                labels[half] = rng.permutation(mine[half])
            scores = auroc(answers[~self._judges], labels[~self._judges])
            (unit,) = chosen_units(scores, 1)
            other = float(auroc(answers[self._judges][:, [unit]], labels[self._judges])[0])
            best.append(abs(float(scores[unit]) - 0.5) + 0.5)
            judged.append(other if scores[unit] >= 0.5 else 1 - other)
        return float(np.quantile(best, 0.95)), float(np.mean(judged))

    def _batches(self, chosen: Ints, device: torch.device) -> list[tuple[Ints, Tensor, Tensor]]:
        """(documents, tokens int64[B, T], lengths int64[B]), of about equal lengths together."""
        lengths = np.array([len(self._tokens[document]) for document in chosen])
        ordered = chosen[np.argsort(lengths, kind="stable")]
        found = []
        for start in range(0, len(ordered), BATCH_DOCUMENTS):
            some = ordered[start : start + BATCH_DOCUMENTS]
            rows = [torch.tensor(self._tokens[document]) for document in some]
            padded = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=self._pad)
            found.append((some, padded.to(device), torch.tensor([len(row) for row in rows], device=device)))
        return found

    def _answers(self, model: nn.Module, device: torch.device) -> tuple[Floats, Tensor, list[int]]:
        """Means by document, float64[documents, units], and of all tokens, float32[units]; units by layer."""
        table: list[tuple[Ints, Tensor]] = []
        sums, count, sizes = torch.zeros(0), 0, []
        for documents, tokens, lengths in self._batches(np.arange(len(self._tokens)), device):
            with watching(model) as seen:
                model(tokens[:, :-1])
            units = torch.cat([layer.float() for layer in seen], dim=-1)
            sizes = [layer.shape[-1] for layer in seen]
            real = (torch.arange(units.shape[1], device=device) < (lengths - 1)[:, None])[..., None]
            totals = (units * real).sum(dim=1).double().cpu()
            table.append((documents, totals / (lengths - 1).clamp(min=1).cpu()[:, None]))
            sums = totals.sum(dim=0) + (sums if len(sums) else 0)
            count += int((lengths - 1).sum())
        answers = np.empty((len(self._tokens), sum(sizes)))
        for documents, rows in table:
            answers[documents] = rows.numpy()
        return answers, (sums / max(count, 1)).float(), sizes

    def _nats(self, model: nn.Module, device: torch.device, chosen: Ints) -> Floats:
        """float64[chosen]: nats of each document."""
        nats = np.empty(len(self._tokens))
        for documents, tokens, lengths in self._batches(chosen, device):
            logits = model(tokens[:, :-1])
            loss = F.cross_entropy(logits.flatten(0, 1).float(), tokens[:, 1:].flatten(), reduction="none")
            real = torch.arange(tokens.shape[1] - 1, device=device) < (lengths - 1)[:, None]
            nats[documents] = (loss.view(real.shape) * real).sum(dim=1).double().cpu().numpy()
        return nats[chosen]
