"""Take the pictures of MLflow's UI that stand in docs/img, of a study that is on record.

Run from the repository's root:  .venv/bin/python docs/screenshots.py STORE STUDY [OUT]
It needs Chromium or Chrome on the PATH.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests" / "pipelines"))

from browser import Browser, find_browser
from ui_pages import StudyPages, served

from seedbed.pipelines.tracking_views import ARMS, SEEDS, VIEW_TAG

# The page tells where the file lies on the machine; that is nobody's business.
HIDE_PATH = "[...document.querySelectorAll('*')].filter(e => e.childElementCount < 3 && e.innerText"
HIDE_PATH += " && e.innerText.trim().startsWith('Path: file')).forEach(e => e.style.visibility = 'hidden')"


def main(store: Path, study: str, out: Path) -> None:
    """Write experiment.png, seeds.png, compare.png and group.png."""
    program = find_browser()
    if program is None:
        raise SystemExit("no Chromium or Chrome is on the PATH; install one")
    out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as profile,
        served(store) as base,
        Browser(program, Path(profile), 1800, 900) as browser,
    ):
        pages = StudyPages(browser, base, store, study)
        for view, name in ((ARMS, "experiment"), (SEEDS, "seeds")):
            pages.open_table(view)
            browser.screenshot(out / f"{name}.png")
        arm = min(pages.groups)
        pages.open_comparison(arm, headline(pages))
        browser.screenshot(out / "compare.png")
        pages.open_figure(arm)
        browser.value(HIDE_PATH)
        browser.screenshot(out / "group.png")


def headline(pages: StudyPages) -> str:
    """The study's first headline metric."""
    tags = pages.client.get_experiment(pages.experiment).tags
    state = json.loads(json.loads(tags[VIEW_TAG + SEEDS])["state"])
    metrics = [name for name in state["selectedColumns"] if name.startswith("metrics.")]
    return str(metrics[0].split("`")[1])


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3] if len(sys.argv) == 4 else "docs/img"))
