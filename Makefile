# `make demo` and `make test` need Python 3.11+, git and make; everything else is set up in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
RUNS := $(VENV)/.runs

unexport PYTHONDONTWRITEBYTECODE  # or each command compiles every module anew

.DEFAULT_GOAL := help
.PHONY: help setup demo test pytest lint types layers bench soak clean

help:            ## what can be made
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP)  ## a virtual environment with everything in it

# $(1): what is installed. A demo needs no tools of a developer, and is sooner there without them.
define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "syncer needs Python 3.11 or newer; name one with: make PYTHON=python3.12 …" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.$(1)'
	@touch $@
endef

$(STAMP): pyproject.toml
	$(call install,[dev])
	@touch $(RUNS)

$(RUNS): pyproject.toml
	$(call install,)

demo: $(RUNS)   ## plan, apply and apply again, on the embedded sandbox portal
	@$(BIN)/python specs/quickstart/demo.py

lint: $(STAMP)   ## ruff: format and rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMP)  ## mypy, strict
	$(BIN)/mypy

layers: $(STAMP) ## import-linter: who may know whom
	$(BIN)/lint-imports

test: lint       ## every check and test
	@$(MAKE) --no-print-directory --jobs=2 pytest types layers

# More at once than two cores have hands: half of the tests wait for a portal, a lease or a disk. Not reordered: files of
# few tests would come last, and they take longest.
pytest: $(STAMP)
	$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder --cov --cov-report=term

bench: $(STAMP)  ## benchmarks: ratios against a floor or a peer of the same run
	@for bench in tests/bench/bench_*.py; do \
	  echo "== $$bench"; $(BIN)/python -m tests.bench.$$(basename $$bench .py) || exit 1; done

soak: $(STAMP)   ## long runs
	$(BIN)/pytest -m soak --no-header -q

clean:           ## the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage
