"""Studies that compare orders: what such a comparison needs beside the orders themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from seedbed.data.orders import Order, shuffled
from seedbed.pipelines.study import Study
from seedbed.training.recipes import Training


def order_study(*, orders: Iterable[Order], models: Iterable[Training], **choices: Any) -> Study:
    """A `Study` of orders, with a shuffled reference and every model at a constant learning rate as well.

    orders: the first is the reference; where it is none that leaves documents to chance, `order.shuffled()` is put
    before it. models: each is followed by its `constant_rate`, because a rate that falls gives what comes late less
    weight, and that would be taken for an effect of the order. choices: the other fields of `Study`.
    """
    chosen = list(orders)
    if not chosen or chosen[0].difficulties or not chosen[0].name.startswith("shuffled"):
        chosen = [shuffled(), *(order for order in chosen if order != shuffled())]
    both = dict.fromkeys(arm for model in models for arm in (model, model.constant_rate()))
    return Study(orders=tuple(chosen), models=tuple(both), **choices)
