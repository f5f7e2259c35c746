# Needs nothing but make and Python 3.11 or newer. `make help` lists what there is.

PYTHON ?= python3
JOBS ?= 2
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.setup-done
LOCKER := build/lock
RELEASE := build/release

.DEFAULT_GOAL := help
.PHONY: help setup run test soak bench release lock clean python-is-new-enough

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-8s %s\n", $$1, $$2 }'
	@echo '  PYTHON=python3.12 chooses the interpreter, JOBS=4 the test processes, ARGS="..." the arguments of run'

setup: $(STAMP) ## .venv with the locked dependencies and cockpit in it

# The stamp lives in the environment: deleting .venv is enough to start over.
$(STAMP): requirements.lock pyproject.toml
	@$(MAKE) --no-print-directory python-is-new-enough
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo '== setup: locked dependencies'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@echo '== setup: cockpit itself'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q cockpit
	@touch $(STAMP)

# An environment that exists keeps its interpreter, so that is the one to judge.
python-is-new-enough:
	@python='$(PYTHON)'; test -x $(BIN)/python && python=$(BIN)/python; \
	command -v "$$python" >/dev/null || { \
	  echo "cockpit needs Python 3.11 or newer, and there is no $$python here; name one: make PYTHON=/path/to/python3" >&2; exit 1; }; \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "cockpit needs Python 3.11 or newer, but $$python is $$("$$python" -V 2>&1); name another: make PYTHON=python3.12" >&2; exit 1; }

run: setup ## start the cockpit: make run ARGS="--help"
	@$(BIN)/cockpit $(ARGS)

# pytest turns warnings into errors in its own process; PYTHONWARNINGS does it in the processes that tests start.
test: setup ## every check: style, types, architecture, tests
	@echo '== ruff: rules'
	@$(BIN)/ruff check .
	@echo '== ruff: format'
	@$(BIN)/ruff format --check .
	@echo '== mypy: strict'
	@$(BIN)/mypy
	@echo '== import-linter: who may import whom'
	@$(BIN)/lint-imports
	@echo '== pytest'
	@PYTHONWARNINGS=error $(BIN)/python -m pytest -n $(JOBS) --ignore=tests/benchmarks tests

soak: setup ## the long runs (COCKPIT_PEERS_PYTHON, COCKPIT_NAUTILUS_PYTHON: other engines beside ours)
	@echo '== pytest: soak'
	@COCKPIT_SOAK=1 PYTHONWARNINGS=error $(BIN)/python -m pytest -m soak tests

bench: setup ## measure: speed of the kernel, the screen, the store
	@echo '== benchmarks'
	@$(BIN)/python -m tests.benchmarks $(ARGS)

release: setup $(RELEASE)/.done ## wheel, sdist, bill of materials, audit and hashes in dist/ (ARGS="--audit-required")
	@$(BIN)/python .release/make.py --tools $(RELEASE)/bin $(ARGS)

# Its tools are nobody's dependency: they live in an environment of their own.
$(RELEASE)/.done: .release/requirements.lock
	@test -x $(RELEASE)/bin/python || $(PYTHON) -m venv $(RELEASE)
	@echo '== release: locked tools'
	@$(RELEASE)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .release/requirements.lock
	@touch $@

lock: python-is-new-enough ## resolve requirements.lock anew from pyproject.toml
	@test -x $(LOCKER)/bin/uv || { $(PYTHON) -m venv $(LOCKER) && $(LOCKER)/bin/pip install --quiet uv; }
	@echo '== uv: resolve for Python 3.11 and newer on Linux and macOS'
	@$(LOCKER)/bin/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-config \
	  --custom-compile-command 'make lock' --quiet --output-file requirements.lock
	@$(LOCKER)/bin/uv pip compile --group pyproject.toml:release --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-config \
	  --custom-compile-command 'make lock' --quiet --output-file .release/requirements.lock

clean: ## remove the environment and every cache; data/ stays
	@rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find cockpit tests -name __pycache__ -type d -prune -exec rm -rf {} +
