"""Where tokens never join: the patterns that cut a text into pieces before merges are learnt or applied.

Every pattern is written into `tokenizer.json`, so that whoever loads the file cuts texts the same way. All of them keep
every character, and all of them end a piece where a word follows a line break.
"""

from __future__ import annotations

from collections.abc import Sequence

from tokenizers import Regex, pre_tokenizers

from seedbed.errors import RecipeError
from seedbed.tokenizers.recipes import END_OF_DOCUMENT, Digits, Tokenizer
from seedbed.workbench import Workbench

# A word with the space before it; of more white space, all but the last character, as GPT-2's pattern has it.
WORDS = r" ?\S+|\s+(?!\S)|\s+"
LINES = r"[^\n]*\n+|[^\n]+"
DASHES = "‒–—―"
DASH = f"[{DASHES}]"
# GPT-2's pattern, but that words with dashes between them, spaced or not, are one piece.
JOINED_BY_DASHES = (
    rf"'s|'t|'re|'ve|'m|'ll|'d| ?\p{{L}}+(?: ?{DASH} ?\p{{L}}+)*| ?\p{{N}}+| ?[^\s\p{{L}}\p{{N}}]+|\s+(?!\S)|\s+"
)
BOUNDARY = "|"


def pre_tokenizer(recipe: Tokenizer, *, training: bool = False) -> pre_tokenizers.PreTokenizer:
    """What cuts texts for a recipe of a kind that learns.

    training: leave groups of digits out of what merges are learnt from; they are tokens by themselves.
    Errors: UnknownNameError or RecipeError, for the list of morphemes.
    """
    cuts = []
    if recipe.kind == "wordpiece":
        # The longest piece is taken first, and these characters in a row would be the end of document.
        cuts.append(_split(f"<(?=\\|{END_OF_DOCUMENT[2:-2]}\\|>)"))
    if recipe.dashes == "isolated":
        cuts.append(_split(DASH))
    if recipe.digits != "as trained":
        behaviour = "removed" if training and recipe.groups_digits else "isolated"
        cuts.append(_split(digit_pattern(recipe.digits, recipe.digit_group), behaviour))
    if recipe.morphemes is not None:
        cuts += [_split(pattern) for pattern in morpheme_patterns(read_morphemes(recipe.morphemes))]
    if recipe.pieces != "gpt2" or recipe.dashes == "with neighbours":
        pattern = {"gpt2": JOINED_BY_DASHES, "whitespace": WORDS, "none": LINES}[recipe.pieces]
        cuts.append(_split(pattern))
        last = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    else:
        last = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    return pre_tokenizers.Sequence([*cuts, last]) if cuts else last


def digit_pattern(digits: Digits, group: int) -> str:
    """What one piece of a number is; from the right, a group is followed by whole groups alone."""
    match digits:
        case "left to right":
            return rf"\p{{N}}{{1,{group}}}"
        case "right to left":
            return rf"\p{{N}}{{1,{group}}}(?=(?:\p{{N}}{{{group}}})*(?!\p{{N}}))"
    return r"\p{N}"


def _split(pattern: str, behaviour: str = "isolated") -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Split(Regex(pattern), behavior=behaviour)


def read_morphemes(name: str) -> list[list[str]]:
    """The morphemes of each word of a list on the shelf `tokenizers/morphemes`: one word a line, "un|happi|ness".

    Empty lines and lines that begin with # are skipped.
    Errors: UnknownNameError; RecipeError naming the line.
    """
    path = Workbench().shelf_file("tokenizers/morphemes", name, suffix=".txt")
    words = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        morphemes = text.split(BOUNDARY)
        if not all(morpheme.isalpha() for morpheme in morphemes):
            raise RecipeError(
                f"tokenizers/morphemes/{name}.txt, line {number}: {text[:40]!r} is not one word of letters with "
                f"{BOUNDARY!r} between its morphemes, such as 'walk|ing'; mend the line"
            )
        words.append(morphemes)
    return words


def morpheme_patterns(words: Sequence[Sequence[str]]) -> list[str]:
    """Two patterns: the listed words that have a boundary, with the space before them; then the morphemes in such a
    piece, the first with its space. Empty, if no word has a boundary.

    A word is found where no letter stands beside it, as it is written in the list (case counts).
    """
    divided = {"".join(morphemes): tuple(morphemes) for morphemes in words if len(morphemes) > 1}
    if not divided:
        return []
    inside = []
    for morphemes in divided.values():
        for place in range(len(morphemes) - 1):
            before, here, after = "".join(morphemes[:place]), morphemes[place], "".join(morphemes[place + 1 :])
            if place == 0:
                inside.append(f"^ ?{here}(?={after}$)")
            else:
                inside.append(f"(?:(?<=^{before})|(?<=^ {before})){here}(?={after}$)")
    return [rf" ?(?<!\p{{L}}){alternation(divided)}(?!\p{{L}})", "|".join(inside)]


def alternation(words: Sequence[str] | dict[str, tuple[str, ...]]) -> str:
    """A pattern that matches any of the words (of letters), the longest first, sharing their beginnings."""
    branches: dict[str, list[str]] = {}
    whole = False
    for word in sorted(words):
        if word:
            branches.setdefault(word[0], []).append(word[1:])
        else:
            whole = True
    parts = [first + (alternation(rest) if rest != [""] else "") for first, rest in branches.items()]
    if not parts:
        return ""
    joined = parts[0] if len(parts) == 1 and not whole else f"(?:{'|'.join(parts)})"
    return f"{joined}?" if whole else joined
