# From a bare clone: `make run` works, then shows what it made. Needs make (3.81 is enough) and a python3 >= 3.11.
# Nothing is installed outside .venv; packages are accepted only if their hash stands in requirements/.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
EXPERIMENT ?= experiments/simulated_service.toml
PYTEST := $(BIN)/python -m pytest

# What a caller's shell may hold that would change the result, or make every start slow by forbidding bytecode.
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE VIRTUAL_ENV PIP_USER PIP_TARGET PIP_PREFIX
MLFLOW_DISABLE_TELEMETRY := true
export MLFLOW_DISABLE_TELEMETRY

# A virtual environment keeps the folder it was made in; in a copied checkout it would run the other folder's code.
ifneq ($(shell cat $(VENV)/folder 2>/dev/null),$(CURDIR))
RENEW := renew
endif

.PHONY: help run test check quick tests ui browser lock clean distclean renew

help: ## this list
	@printf 'outcomes: depression subtypes, recovery, fairness and publication from item-level questionnaires\n\n'
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	@printf '\nOwn data: .venv/bin/outcomes run EXPERIMENT.toml; every command has --help.\n'

run: $(VENV)/run.stamp ## set up, then run the main study on the invented service: reports/ and an MLflow run
	@$(BIN)/outcomes run $(EXPERIMENT)

test: check tests ## set up, then style, types, import contract and every test

check: $(VENV)/test.stamp ## style, types and the import contract
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-logo

tests: $(VENV)/test.stamp browser ## every test, on WORKERS=2 processes
	OMP_NUM_THREADS=1 $(PYTEST) -n $(WORKERS) --dist worksteal

quick: $(VENV)/test.stamp ## the fast tests only (no slow ones, no browser)
	OMP_NUM_THREADS=1 $(PYTEST) -n $(WORKERS) -m 'not slow and not browser' -q

ui: $(VENV)/run.stamp ## open the MLflow page of all runs on this machine
	@$(BIN)/outcomes ui

browser: $(VENV)/test.stamp ## find a Chromium for the browser tests, or install Debian's where that is allowed
	@cd tests && ../$(BIN)/python -c 'import browser; print("browser:", browser.chromium())' 2>&1 | tail -n 1

lock: ## resolve requirements/ again (needs uv; UPGRADE=1 takes newer releases within the bounds)
	@sh scripts/lock.sh

clean: ## remove caches; data (var/), reports and .venv stay
	rm -rf build .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
	find src tests scripts experiments notebooks benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## remove caches and .venv; data (var/) and reports stay
	rm -rf $(VENV) src/*.egg-info

# The stamps make a second call instant and an interrupted one start again.
$(VENV)/run.stamp: requirements/run.txt pyproject.toml scripts/setup.sh $(RENEW)
	@sh scripts/setup.sh requirements/run.txt
	@touch $@

$(VENV)/test.stamp: requirements/test.txt requirements/run.txt pyproject.toml scripts/setup.sh $(RENEW)
	@sh scripts/setup.sh requirements/test.txt
	@touch $(VENV)/run.stamp $@

renew:
	@rm -f $(VENV)/run.stamp $(VENV)/test.stamp
