"""Exit with 0 if the installed torch asks for CUDA libraries on this platform, with 1 if it does not."""

from importlib.metadata import requires

from packaging.requirements import Requirement

wanted = [Requirement(line) for line in requires("torch") or ()]
needs_cuda = any(
    requirement.name.startswith(("nvidia-", "cuda-")) and (requirement.marker is None or requirement.marker.evaluate())
    for requirement in wanted
)
raise SystemExit(0 if needs_cuda else 1)
