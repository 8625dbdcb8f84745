from __future__ import annotations

import pytest

from seedbed.data.recipes import Component, Files


@pytest.fixture
def component(jsonl):
    """Three files, so that three tasks have something to do; texts recur across them, some with other labels."""
    records = [{"text": f"document {i % 5_000}", "url": f"u{i % 3}"} for i in range(20_000)]
    return Component("c", Files(*(jsonl(f"{part}.jsonl", records[part::3]) for part in range(3))))
