"""Write the lock files from pyproject.toml: `make lock`.

Five files, all with hashes and none with an index address:

- `requirements.lock`: everything seedbed and its tests need but torch, for every platform and Python it supports.
- `requirements-torch-cpu.lock`: PyTorch's own CPU build, which not every index serves. The Makefile tries it first.
- `requirements-torch.lock`: the default build, taken where there is no CPU build or where `make TORCH=cuda` asks.
- `requirements-cuda.lock`: the gigabytes of libraries that a CUDA build asks for, installed only beside one.
- `requirements-bench.lock`: what the benchmarks compare with.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CUDA_PACKAGE = re.compile(r"^(nvidia-|cuda-|triton==)")
# PyTorch publishes CPU builds of the same release under the local version `+cpu` and outside the default index, so a
# resolver that only sees the default index cannot list their hashes. pip prefers files whose hash the index states, so
# these stand in a lock of their own.
CPU_TORCH = "torch==2.13.0"
CPU_TORCH_HASHES = ["6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b"]  # cp311, linux x86_64


def compile_lock(*extras: str, constraint: Path | None = None) -> list[str]:
    """Resolve pyproject.toml with `extras` for every platform; return one text block per requirement."""
    command = ["uv", "pip", "compile", "pyproject.toml", "--universal", "--generate-hashes"]
    command += ["--no-emit-index-url", "--no-header", "--no-annotate", "--quiet"]
    command += [part for extra in extras for part in ("--extra", extra)]
    if constraint is not None:
        command += ["--constraint", str(constraint)]
    text = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return re.findall(r"^\S.*(?:\n    .*)*", text, flags=re.MULTILINE)


def write_lock(name: str, blocks: list[str]) -> None:
    """Write requirement blocks as one lock file in the repository root."""
    (ROOT / name).write_text("\n".join(blocks) + "\n")


def main() -> int:
    """Write all lock files; 1 if torch moved on and its CPU hashes must be looked up."""
    blocks = compile_lock("dev")
    torch = [block for block in blocks if block.startswith("torch==")]
    if not torch[0].startswith(CPU_TORCH + " "):
        print("torch moved to another release: update CPU_TORCH in scripts/lock.py", file=sys.stderr)
        return 1
    cuda = [block for block in blocks if CUDA_PACKAGE.match(block)]
    write_lock("requirements.lock", [block for block in blocks if block not in cuda + torch])
    write_lock("requirements-torch.lock", torch)
    write_lock("requirements-cuda.lock", cuda)
    hashes = [f"    --hash=sha256:{digest}" for digest in CPU_TORCH_HASHES]
    write_lock("requirements-torch-cpu.lock", [" \\\n".join([f"{CPU_TORCH}+cpu", *hashes])])
    names = {block.split()[0] for block in blocks}
    # The constraint keeps shared packages at the locked versions, so that the benchmarks measure what users run.
    bench = compile_lock("bench", constraint=ROOT / "requirements.lock")
    write_lock("requirements-bench.lock", [b for b in bench if b.split()[0] not in names and not CUDA_PACKAGE.match(b)])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
