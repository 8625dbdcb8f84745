"""seedbed: a workbench for growing small language models under controlled conditions.

The names that a pipeline file uses live here. They are imported when they are asked for, so that `import seedbed` costs
nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seedbed.data import orders as order
    from seedbed.data.recipes import Component, Files, Grammar, HubDataset, Mixture, PythonStdlib, source
    from seedbed.pipelines.options import option
    from seedbed.pipelines.study import Question, Seeds, Study
    from seedbed.probes.recipes import probe
    from seedbed.tokenizers.recipes import tokenizer
    from seedbed.training.recipes import training as model

# Where each public name lives; None stands for the module itself.
_HOMES: dict[str, tuple[str, str | None]] = {
    "Component": ("seedbed.data.recipes", "Component"),
    "Files": ("seedbed.data.recipes", "Files"),
    "Grammar": ("seedbed.data.recipes", "Grammar"),
    "HubDataset": ("seedbed.data.recipes", "HubDataset"),
    "Mixture": ("seedbed.data.recipes", "Mixture"),
    "PythonStdlib": ("seedbed.data.recipes", "PythonStdlib"),
    "Question": ("seedbed.pipelines.study", "Question"),
    "Seeds": ("seedbed.pipelines.study", "Seeds"),
    "Study": ("seedbed.pipelines.study", "Study"),
    "model": ("seedbed.training.recipes", "training"),
    "option": ("seedbed.pipelines.options", "option"),
    "order": ("seedbed.data.orders", None),
    "probe": ("seedbed.probes.recipes", "probe"),
    "source": ("seedbed.data.recipes", "source"),
    "tokenizer": ("seedbed.tokenizers.recipes", "tokenizer"),
}

__all__ = [
    "Component",
    "Files",
    "Grammar",
    "HubDataset",
    "Mixture",
    "PythonStdlib",
    "Question",
    "Seeds",
    "Study",
    "model",
    "option",
    "order",
    "probe",
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
