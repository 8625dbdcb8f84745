"""seedbed: a workbench for growing small language models under controlled conditions.

The names that a pipeline file uses live here. They are imported when they are asked for, so that `import seedbed` costs
nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seedbed.data import orders as order
    from seedbed.data.code import CodeTree
    from seedbed.data.designs import languages, mixtures, repeated
    from seedbed.data.matched import Matched
    from seedbed.data.parallel import Language, ParallelFiles
    from seedbed.data.recipes import Component, Files, Grammar, HubDataset, Mixture, PythonStdlib, source
    from seedbed.data.transforms.recipes import (
        BracketDyck,
        DashStyle,
        DigitGrouping,
        LetterCase,
        LetterCipher,
        LetterSubstitution,
        ShuffledCode,
        WordOrder,
    )
    from seedbed.pipelines.options import option
    from seedbed.pipelines.study import Question, Seeds, Study
    from seedbed.probes.recipes import probe
    from seedbed.tokenizers.recipes import nested, tokenizer
    from seedbed.training.recipes import training as model

# Where each public name lives; None stands for the module itself.
_HOMES: dict[str, tuple[str, str | None]] = {
    "BracketDyck": ("seedbed.data.transforms.recipes", "BracketDyck"),
    "CodeTree": ("seedbed.data.code", "CodeTree"),
    "Component": ("seedbed.data.recipes", "Component"),
    "DashStyle": ("seedbed.data.transforms.recipes", "DashStyle"),
    "DigitGrouping": ("seedbed.data.transforms.recipes", "DigitGrouping"),
    "Files": ("seedbed.data.recipes", "Files"),
    "Grammar": ("seedbed.data.recipes", "Grammar"),
    "HubDataset": ("seedbed.data.recipes", "HubDataset"),
    "Language": ("seedbed.data.parallel", "Language"),
    "LetterCase": ("seedbed.data.transforms.recipes", "LetterCase"),
    "LetterCipher": ("seedbed.data.transforms.recipes", "LetterCipher"),
    "LetterSubstitution": ("seedbed.data.transforms.recipes", "LetterSubstitution"),
    "Matched": ("seedbed.data.matched", "Matched"),
    "Mixture": ("seedbed.data.recipes", "Mixture"),
    "ParallelFiles": ("seedbed.data.parallel", "ParallelFiles"),
    "PythonStdlib": ("seedbed.data.recipes", "PythonStdlib"),
    "Question": ("seedbed.pipelines.study", "Question"),
    "Seeds": ("seedbed.pipelines.study", "Seeds"),
    "ShuffledCode": ("seedbed.data.transforms.recipes", "ShuffledCode"),
    "Study": ("seedbed.pipelines.study", "Study"),
    "WordOrder": ("seedbed.data.transforms.recipes", "WordOrder"),
    "languages": ("seedbed.data.designs", "languages"),
    "mixtures": ("seedbed.data.designs", "mixtures"),
    "model": ("seedbed.training.recipes", "training"),
    "nested": ("seedbed.tokenizers.recipes", "nested"),
    "option": ("seedbed.pipelines.options", "option"),
    "order": ("seedbed.data.orders", None),
    "probe": ("seedbed.probes.recipes", "probe"),
    "repeated": ("seedbed.data.designs", "repeated"),
    "source": ("seedbed.data.recipes", "source"),
    "tokenizer": ("seedbed.tokenizers.recipes", "tokenizer"),
}

__all__ = [
    "BracketDyck",
    "CodeTree",
    "Component",
    "DashStyle",
    "DigitGrouping",
    "Files",
    "Grammar",
    "HubDataset",
    "Language",
    "LetterCase",
    "LetterCipher",
    "LetterSubstitution",
    "Matched",
    "Mixture",
    "ParallelFiles",
    "PythonStdlib",
    "Question",
    "Seeds",
    "ShuffledCode",
    "Study",
    "WordOrder",
    "languages",
    "mixtures",
    "model",
    "nested",
    "option",
    "order",
    "probe",
    "repeated",
    "source",
    "tokenizer",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"seedbed has no {name!r}; it has {', '.join(__all__)}")
    module, attribute = _HOMES[name]
    home = import_module(module)
    return home if attribute is None else getattr(home, attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
