"""seedbed: a workbench for growing small language models under controlled conditions.

The names that a pipeline file uses live here. They are imported when they are asked for, so that `import seedbed` costs
nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seedbed.data import orders as order
    from seedbed.data.annotators.recipes import Annotate, Parsed
    from seedbed.data.code import CodeTree
    from seedbed.data.designs import languages, mixtures, repeated
    from seedbed.data.difficulty.recipes import Difficulty
    from seedbed.data.filters.recipes import (
        RandomRemoval,
        Without,
        decontaminated,
        deduplicated,
        quality,
        random_subset,
    )
    from seedbed.data.formal.recipes import (
        Addition,
        CompositeParity,
        Dyck,
        ModularArithmetic,
        RandomStrings,
        SkipTrigrams,
        SparseParity,
    )
    from seedbed.data.formal.word_recipes import Facts, Skills, Spelling
    from seedbed.data.matched import Matched
    from seedbed.data.parallel import Language, ParallelFiles
    from seedbed.data.recipes import Component, Files, Grammar, HubDataset, Mixture, PythonStdlib, source
    from seedbed.data.shifted import Shifted
    from seedbed.data.transforms.recipes import (
        BracketDyck,
        ClosedUp,
        DashStyle,
        DigitGrouping,
        LetterCase,
        LetterCipher,
        LetterSubstitution,
        ShuffledCode,
        WordOrder,
    )
    from seedbed.pipelines.comparison import order_study
    from seedbed.pipelines.options import option
    from seedbed.pipelines.study import Question, Seeds, Study
    from seedbed.probes.recipes import probe
    from seedbed.tokenizers.existing_recipe import Existing
    from seedbed.tokenizers.recipes import nested, tokenizer
    from seedbed.training.keep import Keep, OnsetWindow
    from seedbed.training.recipes import training as model

# Where each public name lives; None stands for the module itself.
_HOMES: dict[str, tuple[str, str | None]] = {
    "Addition": ("seedbed.data.formal.recipes", "Addition"),
    "Annotate": ("seedbed.data.annotators.recipes", "Annotate"),
    "BracketDyck": ("seedbed.data.transforms.recipes", "BracketDyck"),
    "ClosedUp": ("seedbed.data.transforms.recipes", "ClosedUp"),
    "CodeTree": ("seedbed.data.code", "CodeTree"),
    "Component": ("seedbed.data.recipes", "Component"),
    "CompositeParity": ("seedbed.data.formal.recipes", "CompositeParity"),
    "DashStyle": ("seedbed.data.transforms.recipes", "DashStyle"),
    "Difficulty": ("seedbed.data.difficulty.recipes", "Difficulty"),
    "DigitGrouping": ("seedbed.data.transforms.recipes", "DigitGrouping"),
    "Dyck": ("seedbed.data.formal.recipes", "Dyck"),
    "Existing": ("seedbed.tokenizers.existing_recipe", "Existing"),
    "Facts": ("seedbed.data.formal.word_recipes", "Facts"),
    "Files": ("seedbed.data.recipes", "Files"),
    "Grammar": ("seedbed.data.recipes", "Grammar"),
    "HubDataset": ("seedbed.data.recipes", "HubDataset"),
    "Keep": ("seedbed.training.keep", "Keep"),
    "Language": ("seedbed.data.parallel", "Language"),
    "LetterCase": ("seedbed.data.transforms.recipes", "LetterCase"),
    "LetterCipher": ("seedbed.data.transforms.recipes", "LetterCipher"),
    "LetterSubstitution": ("seedbed.data.transforms.recipes", "LetterSubstitution"),
    "Matched": ("seedbed.data.matched", "Matched"),
    "Mixture": ("seedbed.data.recipes", "Mixture"),
    "ModularArithmetic": ("seedbed.data.formal.recipes", "ModularArithmetic"),
    "OnsetWindow": ("seedbed.training.keep", "OnsetWindow"),
    "ParallelFiles": ("seedbed.data.parallel", "ParallelFiles"),
    "Parsed": ("seedbed.data.annotators.recipes", "Parsed"),
    "PythonStdlib": ("seedbed.data.recipes", "PythonStdlib"),
    "Question": ("seedbed.pipelines.study", "Question"),
    "RandomRemoval": ("seedbed.data.filters.recipes", "RandomRemoval"),
    "RandomStrings": ("seedbed.data.formal.recipes", "RandomStrings"),
    "Seeds": ("seedbed.pipelines.study", "Seeds"),
    "Shifted": ("seedbed.data.shifted", "Shifted"),
    "ShuffledCode": ("seedbed.data.transforms.recipes", "ShuffledCode"),
    "Skills": ("seedbed.data.formal.word_recipes", "Skills"),
    "SkipTrigrams": ("seedbed.data.formal.recipes", "SkipTrigrams"),
    "SparseParity": ("seedbed.data.formal.recipes", "SparseParity"),
    "Spelling": ("seedbed.data.formal.word_recipes", "Spelling"),
    "Study": ("seedbed.pipelines.study", "Study"),
    "Without": ("seedbed.data.filters.recipes", "Without"),
    "WordOrder": ("seedbed.data.transforms.recipes", "WordOrder"),
    "decontaminated": ("seedbed.data.filters.recipes", "decontaminated"),
    "deduplicated": ("seedbed.data.filters.recipes", "deduplicated"),
    "languages": ("seedbed.data.designs", "languages"),
    "mixtures": ("seedbed.data.designs", "mixtures"),
    "model": ("seedbed.training.recipes", "training"),
    "nested": ("seedbed.tokenizers.recipes", "nested"),
    "option": ("seedbed.pipelines.options", "option"),
    "order": ("seedbed.data.orders", None),
    "order_study": ("seedbed.pipelines.comparison", "order_study"),
    "probe": ("seedbed.probes.recipes", "probe"),
    "quality": ("seedbed.data.filters.recipes", "quality"),
    "random_subset": ("seedbed.data.filters.recipes", "random_subset"),
    "repeated": ("seedbed.data.designs", "repeated"),
    "source": ("seedbed.data.recipes", "source"),
    "tokenizer": ("seedbed.tokenizers.recipes", "tokenizer"),
}

__all__ = [
    "Addition",
    "Annotate",
    "BracketDyck",
    "ClosedUp",
    "CodeTree",
    "Component",
    "CompositeParity",
    "DashStyle",
    "Difficulty",
    "DigitGrouping",
    "Dyck",
    "Existing",
    "Facts",
    "Files",
    "Grammar",
    "HubDataset",
    "Keep",
    "Language",
    "LetterCase",
    "LetterCipher",
    "LetterSubstitution",
    "Matched",
    "Mixture",
    "ModularArithmetic",
    "OnsetWindow",
    "ParallelFiles",
    "Parsed",
    "PythonStdlib",
    "Question",
    "RandomRemoval",
    "RandomStrings",
    "Seeds",
    "Shifted",
    "ShuffledCode",
    "Skills",
    "SkipTrigrams",
    "SparseParity",
    "Spelling",
    "Study",
    "Without",
    "WordOrder",
    "decontaminated",
    "deduplicated",
    "languages",
    "mixtures",
    "model",
    "nested",
    "option",
    "order",
    "order_study",
    "probe",
    "quality",
    "random_subset",
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
