import json
import subprocess
import sys

import pytest


def run_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_imports_go_one_way():
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("module", ["seedbed", "seedbed.cli"])
def test_importing_the_package_loads_nothing_heavy(module):
    heavy = ["torch", "lightning", "mlflow", "datatrove", "transformers", "numpy", "pyarrow", "rich", "pydantic"]
    code = f"import sys, json, {module}; print(json.dumps([m for m in {heavy} if m in sys.modules]))"
    assert json.loads(run_python(code)) == []


def test_a_pipeline_file_loads_without_the_libraries_that_do_the_work():
    heavy = ["torch", "lightning", "mlflow", "datatrove", "transformers", "scipy", "matplotlib", "tokenizers"]
    code = (
        "import sys, json; from seedbed.pipelines.opening import *; from seedbed.workbench import Workbench;"
        "open_study('quickstart', RunOptions(Workbench('.')));"
        f"print(json.dumps([m for m in {heavy} if m in sys.modules]))"
    )
    assert json.loads(run_python(code)) == []


def test_every_public_name_is_there():
    import seedbed

    assert [name for name in seedbed.__all__ if getattr(seedbed, name, None) is None] == []
    assert set(seedbed.__all__) == set(dir(seedbed))
    with pytest.raises(AttributeError, match="seedbed has no 'Grammer'"):
        seedbed.Grammer  # noqa: B018  # asking is the test
