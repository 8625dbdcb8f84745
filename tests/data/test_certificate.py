from __future__ import annotations

from dataclasses import asdict

import numpy as np

from seedbed.data.certificate import certify, difference

IDS = np.array([7, 8, 9], dtype=np.uint64)


def made(order, read, cut=None, **units):
    return asdict(certify(order, IDS, np.array(read), cut, **units))


def test_the_same_documents_in_another_order_have_the_same_certificate():
    one, other = made("shuffled", [0, 1, 2, 2]), made("easy", [2, 0, 2, 1])
    assert one["multiset_sha256"] == other["multiset_sha256"]
    assert difference(one, other) is None
    assert difference(one, one) is None


def test_other_documents_or_another_cut_are_told_apart():
    one = made("shuffled", [0, 1, 2])
    assert "they read different documents (3 with digest" in difference(one, made("easy", [0, 1, 1]))
    assert "same mixture, steps" in difference(one, made("easy", [0, 1, 2, 2]))
    assert difference(one, made("easy", [0, 1, 2], (2, 4))) is not None
    assert made("easy", [0, 1, 2], (2, 4))["cut"] == "0000000000000009:4"
    assert "no certificate" in difference(one, {})


def test_parts_are_compared_where_both_name_them():
    kept = made("a", [0, 1], units="lines", units_sha256="x")
    assert difference(kept, made("b", [1, 0], units="lines", units_sha256="x")) is None
    assert "different lines" in difference(kept, made("b", [1, 0], units="lines", units_sha256="y"))
    assert difference(kept, made("b", [1, 0])) is None
