# seedbed: `make quickstart` and `make test` need Python 3.11 or later, git and make, and nothing else.
PYTHON ?= python3
TORCH ?= cpu
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
LOCKED := --require-hashes --no-deps -qq --progress-bar off
READY := $(VENV)/.ready

.PHONY: quickstart test quick lint bench lock clean install

quickstart: $(READY)
	$(BIN)/seedbed run pipelines/quickstart.py

# Everything CI checks: style, types, import contracts, quick tests, then slow ones.
test: $(READY) lint
	$(BIN)/python -m pytest -n 2 -m "not slow"
	$(BIN)/python -m pytest -m slow

quick: $(READY)
	$(BIN)/python -m pytest -n 2 -m "not slow"

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY) $(VENV)/.bench
	$(BIN)/python benchmarks/run_all.py

install: $(READY)

# The installer is brought along: pip itself is pinned with hashes, so the pip that Python ships only has to start it.
# A CPU build of torch is taken where an index serves one (make TORCH=cuda skips that), else the default build, and
# CUDA libraries only beside a torch that asks for them.
$(READY): $(wildcard requirements*.lock) pyproject.toml scripts/torch_needs_cuda.py
	@$(PYTHON) -c 'import sys; sys.exit("seedbed needs Python 3.11 or later: make PYTHON=python3.12 ..." if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "this Python lacks venv: install it (Debian: apt-get install python3-venv), then run make again"; exit 1; }
	@echo "installing the locked environment into $(VENV) (a few minutes, once)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install $(LOCKED) -r requirements-installer.lock
	@$(PIP) install $(LOCKED) -r requirements.lock
	@{ test $(TORCH) = cpu && $(PIP) install $(LOCKED) -r requirements-torch-cpu.lock 2>/dev/null; } || \
	  { echo "installing the default build of torch"; $(PIP) install $(LOCKED) -r requirements-torch.lock; }
	@if $(BIN)/python scripts/torch_needs_cuda.py; then \
	  echo "this torch is a CUDA build: installing its libraries"; $(PIP) install $(LOCKED) -r requirements-cuda.lock; fi
	@$(PIP) install -qq --no-deps --no-build-isolation --editable .
	@touch $(READY)

$(VENV)/.bench: $(READY) requirements-bench.lock
	@$(PIP) install $(LOCKED) -r requirements-bench.lock
	@touch $(VENV)/.bench

# Needs uv on the PATH; the result is checked in.
lock:
	$(PYTHON) scripts/lock.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
