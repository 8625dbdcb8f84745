"""The one thing that a branch changes, as `--set KEY=VALUE` says it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from seedbed.errors import RecipeError, UnknownNameError
from seedbed.pipelines.branch_parent import Parent
from seedbed.pipelines.graph import RunPlan
from seedbed.pipelines.identity import Json, describe
from seedbed.training.recipes import Training
from seedbed.workbench import Workbench

RATES = ("learning_rate", "warmup_steps", "final_lr_share")
TRAINING_FIELDS = (*RATES, "weight_decay", "betas", "epsilon", "clip")
KEYS = (*(f"training.{field}" for field in TRAINING_FIELDS), "order", "mixture", "seeds.order")
FIXED = {
    "training.steps": "how long a branch runs is said with --steps N",
    "training.batch_size": "a row's place in the data follows from the batch size, so its position would be lost",
    "training.layout": "a row's place in the data follows from the layout, so its position would be lost",
    "training.objective": "the objective belongs to the model's shape; state another arm in the study",
    "training.loss_on": "what the loss counts belongs to the run; state another arm in the study",
    "tokenizer": "a model has one vocabulary for life; state another arm in the study",
    "model": "a model keeps its shape; state another arm in the study",
    "seeds.init": "the initialisation lies before any branch; state another seed in the study",
}


@dataclass(frozen=True)
class Change:
    """What a branch changes: nothing (key is ""), or one thing.

    before, after: the values as a person writes them. described: the new value's identity. plan: the run from the
    branch on, with its data, order, recipe and seeds.
    """

    key: str
    before: str
    after: str
    described: Json
    plan: RunPlan

    @property
    def on_data(self) -> bool:
        """Whether the branch reads other batches than its parent would."""
        return self.key in ("order", "mixture", "seeds.order")

    @property
    def text(self) -> str:
        """`training.learning_rate: 0.001 → 0.0001`, or `nothing`."""
        return f"{self.key}: {self.before} → {self.after}" if self.key else "nothing"


def change_of(settings: Sequence[str], parent: Parent, plan: RunPlan, workbench: Workbench) -> Change:
    """Read the settings of a branch. plan: the parent's run, with the steps that it took.

    Errors: RecipeError for more than one setting, a value that is refused or that the parent has already, or a thing
    that no branch can change; UnknownNameError, with the nearest names.
    """
    plan = replace(plan, arm=replace(plan.arm, computed=None))  # its steps are known
    if len(settings) > 1:
        keys = " and ".join(setting.partition("=")[0] for setting in settings)
        raise RecipeError(f"a branch changes one thing, these are {keys}; make a branch for each of them")
    if not settings:
        return Change("", "", "", {}, plan)
    key, equals, value = settings[0].partition("=")
    if not equals or not value:
        raise RecipeError(f"--set {settings[0]}: write KEY=VALUE")
    if key in FIXED or key.startswith("training.model."):
        raise RecipeError(f"a branch cannot change {key}: {FIXED.get(key, FIXED['model'])}")
    if key not in KEYS:
        raise UnknownNameError("setting of a branch", key, KEYS)
    if key.startswith("training."):
        return _training(key, value, plan)
    if key == "seeds.order":
        return _order_seed(value, plan)
    return _level(key, value, parent, plan, workbench)


def _training(key: str, text: str, plan: RunPlan) -> Change:
    field = key.removeprefix("training.")
    training = plan.arm.model
    before: Any = getattr(training, field)
    changes: dict[str, Any] = {field: _value(text)}
    changed: Training = replace(training, **changes)
    after: Any = getattr(changed, field)
    if after == before:
        raise RecipeError(f"{key} is {_shown(before)} already; leave --set out for an unchanged branch")
    described: Json = list(after) if isinstance(after, tuple) else after
    return Change(key, _shown(before), _shown(after), described, replace(plan, arm=replace(plan.arm, model=changed)))


def _value(text: str) -> Any:
    if text.lower() in ("none", "off"):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return json.dumps(list(value))
    return "none" if value is None else f"{value}"


def _order_seed(text: str, plan: RunPlan) -> Change:
    seed = _value(text)
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise RecipeError(f"--set seeds.order={text}: a seed is a whole number from 0 on")
    if seed == plan.order_seed:
        raise RecipeError(f"seeds.order is {seed} already; leave --set out for an unchanged branch")
    return Change("seeds.order", str(plan.order_seed), str(seed), seed, replace(plan, order_seed=seed))


def _level(key: str, name: str, parent: Parent, plan: RunPlan, workbench: Workbench) -> Change:
    """Another order or mixture of the study: read as the run with that level and all others equal would read it."""
    before = plan.arm.factors[key]
    if name == before:
        raise RecipeError(f"{key} is {name!r} already; leave --set out for an unchanged branch")
    known = [run.arm.factors[key] for run in parent.graph.runs]
    if name not in known:
        raise UnknownNameError(f"{key} of this study", name, set(known))
    wanted = plan.arm.factors | {key: name}
    for run in parent.graph.runs:
        if run.arm.factors == wanted and (run.init_seed, run.order_seed) == (plan.init_seed, plan.order_seed):
            break
    else:
        raise RecipeError(f"the study has no run that differs from {parent.name} in its {key} {name!r} alone")
    described = run.artifact.description["mixture"] if key == "mixture" else describe(run.arm.order, workbench)
    if described == parent.plan.artifact.description[key]:
        raise RecipeError(f"{key} {name!r} is the same as {before!r}; leave --set out for an unchanged branch")
    arm = replace(plan.arm, mixture=run.arm.mixture, order=run.arm.order)
    return Change(key, before, name, described, replace(plan, arm=arm, artifact=run.artifact))
