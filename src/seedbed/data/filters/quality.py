"""datatrove's quality filters by name."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

from datatrove.pipeline.filters import (
    C4ParagraphFilter,
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)

from seedbed.errors import RecipeError, UnknownNameError

FILTERS = {
    "c4": C4QualityFilter,
    "c4-paragraphs": C4ParagraphFilter,
    "fineweb": FineWebQualityFilter,
    "gopher-quality": GopherQualityFilter,
    "gopher-repetition": GopherRepetitionFilter,
}
OF_SEEDBED = ("language", "exclusion_writer", "stop_words", "stop_chars")


def check_words(language: str) -> None:
    """See that datatrove can cut this language into words. Errors: RecipeError, with the mend."""
    from datatrove.utils.word_tokenizers import load_word_tokenizer

    try:
        load_word_tokenizer(language)
    except ImportError as error:
        missing = " and ".join(re.findall(r"`([\w-]+)`", str(error))) or "spacy"
        mend = 'pip install "seedbed[spacy]"' if missing == "spacy" else f"pip install {missing}"
        raise RecipeError(
            f"words of {language!r} are cut by a package that is not installed ({missing}); {mend}"
        ) from error
    except ValueError as error:
        raise RecipeError(f"datatrove cannot cut {language!r} into words; write a language tag such as 'en'") from error


def quality_filter(name: str, language: str, thresholds: Mapping[str, Any], exclusion_writer: Any = None) -> Any:
    """One of datatrove's filters. thresholds: of its arguments, those that are not to be as they come.

    Errors: UnknownNameError for a threshold that the filter does not have; RecipeError for a language without words.
    """
    check_words(language)
    cls = FILTERS[name]
    known = set(inspect.signature(cls.__init__).parameters) - {"self", *OF_SEEDBED}
    for threshold in thresholds:
        if threshold not in known:
            raise UnknownNameError(f"threshold of {name}", threshold, known)
    arguments = {"language": language} if "language" in inspect.signature(cls.__init__).parameters else {}
    return cls(**arguments, **thresholds, exclusion_writer=exclusion_writer)
