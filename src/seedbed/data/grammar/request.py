"""What is asked of a grammar: the fields of the recipe `Grammar` that decide which documents are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from seedbed.data.grammar.conditions import WITH, WITHOUT, Depth, Mode
from seedbed.data.grammar.file import GrammarFile, Selection
from seedbed.data.grammar.hashing import key_of
from seedbed.data.grammar.notation import Place

ROUNDING = 1e-9
SPLITS = ("train", "held-out", "any")
DEFAULT = ("either", (), (), (), ())


@dataclass(frozen=True)
class Request:
    """See `seedbed.data.recipes.Grammar` for the fields. split: "any" leaves held-out documents among the others."""

    task: str = "either"
    select: Mapping[str, str] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    depth_shares: Mapping[int, float] = field(default_factory=dict)
    twin: str | None = None
    max_words: int | None = None
    lengths_like: Request | None = None
    split: str = "train"
    held_out: str | None = None
    seed: int = 0

    def plan(self) -> tuple[object, ...]:
        """What the draw of documents depends on, beside seed and split; a twin has its original's, a limit of length
        none."""
        return (
            self.task,
            tuple(sorted((name, value) for name, value in self.select.items() if value != "any")),
            tuple(sorted(self.shares.items())),
            tuple(sorted(self.without)),
            tuple(sorted(self.depth_shares.items())),
        )

    def key(self, grammar: GrammarFile) -> int:
        """The key of all draws: equal for the languages of one meaning, and for a corpus and its twin."""
        return int(key_of("documents", grammar.family, self.seed, self.split, str(self.held_out), repr(self.plan())))

    def item(self, grammar: GrammarFile) -> str:
        """What a document's item id begins with; its index follows."""
        plan = self.plan()
        other = "" if plan == DEFAULT else f"-{int(key_of(repr(plan))):016x}"[:9]
        held = "" if self.split == "train" else f"-{self.held_out or self.split}"
        return f"{grammar.family}{other}{held}:{self.seed}:"


def check(grammar: GrammarFile, request: Request) -> None:
    """Refuse what can be seen to be wrong without compiling the grammar. Errors: RecipeError."""
    checked(grammar, request)
    plan_of(grammar, request)
    if request.lengths_like is not None:
        check(grammar, request.lengths_like)


def checked(grammar: GrammarFile, request: Request) -> dict[str, Selection]:
    """The selections a request makes. Errors: RecipeError for what the grammar does not have or cannot give."""
    place = grammar.place
    meaning = grammar.meaning or grammar
    if request.task != "either" and request.task not in meaning.tasks:
        place.at("tasks").unknown("task", request.task, ("either", *meaning.tasks))
    marks = sorted({*grammar.marks(), *meaning.marks()})
    for mark in (*request.shares, *request.without, *((request.twin,) if request.twin else ())):
        if mark not in marks:
            place.at("rules").unknown("construction", mark, marks)
    both = [mark for mark in request.without if mark in request.shares]
    if both:
        place.refuse(f"shares= and without= both name {both[0]!r}; leave one out")
    if request.depth_shares and request.shares:
        place.refuse("shares= and depth_shares= are both given and would fall on the same documents; give one of them")
    _check_shares(place, "shares", request.shares.values())
    _check_shares(place, "depth_shares", request.depth_shares.values())
    if request.depth_shares and abs(sum(request.depth_shares.values()) - 1) > ROUNDING:
        place.refuse(f"depth_shares= sums to {sum(request.depth_shares.values()):g}, not to 1; name every depth")
    _check_held_out(meaning, request)
    return _selections(place, meaning, request.select)


def _check_shares(place: Place, what: str, shares: Iterable[float]) -> None:
    values = list(shares)
    if any(not 0 <= share <= 1 for share in values) or sum(values) > 1 + ROUNDING:
        place.refuse(f"{what}= sums to {sum(values):g}; shares lie between 0 and 1 and sum to 1 at most")


def _check_held_out(meaning: GrammarFile, request: Request) -> None:
    kinds = meaning.held_out.kinds()
    if request.held_out is not None:
        if request.split != "held-out":
            meaning.place.refuse("held_out= is about split='held-out'; write that, or leave it out")
        if request.held_out not in kinds:
            meaning.place.at("held_out").unknown("hold-out", request.held_out, kinds)
    if request.split == "held-out" and not kinds:
        meaning.place.refuse("holds nothing out; write [held_out] share = 0.05, or the like")


def _selections(place: Place, meaning: GrammarFile, select: Mapping[str, str]) -> dict[str, Selection]:
    found = {}
    for name, value in select.items():
        if value == "any":
            continue
        if name not in meaning.selectors:
            place.at("selectors").unknown("selector", name, meaning.selectors)
        if value not in meaning.selectors[name]:
            place.at(f"selectors.{name}").unknown("value", value, ("any", *meaning.selectors[name]))
        found[name] = meaning.selectors[name][value]
    return found


@dataclass(frozen=True)
class Plan:
    """Marks that are asked about, and the modes of documents: shares[k] of them have modes[k], others the last."""

    marks: tuple[str, ...]
    modes: tuple[Mode, ...]
    shares: tuple[float, ...]


def plan_of(grammar: GrammarFile, request: Request) -> Plan:
    """The modes of a request. What training must not have by its mark or its depth is a condition like others."""
    held = (grammar.meaning or grammar).held_out
    train = request.split == "train"
    banned = tuple(mark for mark in held.marks if train)
    for mark in banned:
        if mark in request.shares:
            grammar.place.refuse(f"construction {mark!r} is held out of training; write split='held-out'")
    without = tuple(dict.fromkeys([*request.without, *banned]))
    marks = (*request.shares, *without)
    most = Depth(held.depth - 1, False) if train and held.depth is not None else None

    def mode(wanted: int, depth: Depth | None = most) -> Mode:
        given = [WITH if at == wanted else WITHOUT for at in range(len(request.shares))]
        return Mode((*given, *[WITHOUT] * len(without)), depth)

    if request.depth_shares:
        depths = sorted(request.depth_shares)
        if most is not None and depths[-1] > most.most:
            grammar.place.refuse(f"embedding depth {depths[-1]} is held out of training; write split='held-out'")
        modes = tuple(mode(-1, Depth(depth, True)) for depth in depths)
        return Plan(marks, modes, tuple(request.depth_shares[depth] for depth in depths))
    if not marks:
        return Plan((), (Mode((), most),), ())
    rest = sum(request.shares.values()) < 1 - ROUNDING
    modes = (*(mode(at) for at in range(len(request.shares))), *((mode(-1),) if rest else ()))
    return Plan(marks, modes, tuple(request.shares.values()))
