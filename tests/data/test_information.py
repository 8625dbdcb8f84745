from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.information import byte_parity, parity_of, shares_by_information
from seedbed.data.parallel import ParallelFiles
from seedbed.data.recipes import Component
from seedbed.errors import SourceError, UnknownNameError
from seedbed.workbench import Workbench

FLORES = Path("../shared/data/flores200/dev")
# Byte ratios of the whole FLORES dev files, line breaks counted (PROTOCOLS 2.1).
KNOWN = {
    "mya_Mymr": 3.522, "tam_Taml": 3.166, "kat_Geor": 2.959, "tha_Thai": 2.753, "hin_Deva": 2.560, "ell_Grek": 2.174,
    "rus_Cyrl": 2.006, "fra_Latn": 1.232, "deu_Latn": 1.187, "fin_Latn": 1.110, "zho_Hans": 0.936, "zho_Hant": 0.891,
}  # fmt: skip


@pytest.mark.skipif(not FLORES.is_dir(), reason="the shared FLORES files are not there")
def test_byte_parity_of_flores_is_as_published():
    files = {language: str((FLORES / f"{language}.dev.gz").resolve()) for language in (*KNOWN, "eng_Latn")}
    found = parity_of(ParallelFiles(files), Workbench(), "eng_Latn")
    assert {language: round(found[language], 3) for language in KNOWN} == KNOWN


def test_parity_of_texts_is_of_bytes():
    assert byte_parity({"en": ["ab", "c"], "x": ["é", "éé"]}, "en") == {"en": 1.0, "x": 2.0}
    with pytest.raises(UnknownNameError, match="called 'eng'; did you mean 'en'"):
        byte_parity({"en": ["a"]}, "eng")
    with pytest.raises(SourceError, match="nothing in 'x'"):
        byte_parity({"en": ["a"], "x": []}, "en")


def test_other_line_counts_are_refused(workbench):
    (workbench.root / "a").write_text("1\n2\n")
    (workbench.root / "b").write_text("1\n")
    with pytest.raises(SourceError, match="these have en 2, de 1"):
        parity_of(ParallelFiles({"en": "a", "de": "b"}), workbench, "en")


@given(st.lists(st.tuples(st.floats(0.01, 1), st.floats(0.2, 5)), min_size=1, max_size=5))
def test_shares_of_information_come_back(parts):
    total = sum(share for share, _ in parts)
    components = [Component(f"c{i}", f"{i}.jsonl", language=f"l{i}") for i in range(len(parts))]
    content = {component: share / total for component, (share, _) in zip(components, parts, strict=True)}
    parity = {f"l{i}": ratio for i, (_, ratio) in enumerate(parts)}
    shares = shares_by_information(content, parity)
    assert sum(shares.values()) == pytest.approx(1)
    worth = {component: share / parity[component.language] for component, share in shares.items()}
    assert {c: w / sum(worth.values()) for c, w in worth.items()} == pytest.approx(content)
