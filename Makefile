# `make demo` and `make test` set up by themselves: nothing else is needed before either.
#
#   VENV=DIR      the virtual environment; made where it is missing
#   PYTHON=NAME   the Python that makes it, 3.11 or newer
#   WORKERS=N     processes that share the tests

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test test-system test-long check format environment clean

VENV ?= .venv
PYTHON ?= python3
WORKERS ?= 2
export PYTHON

harness = "$(VENV)/bin/harness"
python = "$(VENV)/bin/python"
pytest = $(python) -m pytest

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1: \2/p' Makefile

demo: ## make the sample set, run the quick start on it and print its table
	@.ci/environment "$(VENV)"
	$(harness) data synth sample sample
	$(harness) submit configs/quickstart.yaml
	$(harness) table configs/quickstart.yaml
	$(harness) report configs/quickstart.yaml

test: environment ## every test that needs neither root nor minutes; says what it left out
	$(pytest) -n $(WORKERS) -m "not system and not long"

test-system: environment ## the tests that need root, with the Debian packages that they name
	@[ "$$(id -u)" = 0 ] || { echo "make test-system needs root: it installs Debian packages, mounts a small disk and starts a Slurm cluster" >&2; exit 1; }
	@.ci/packages tests/system/packages.txt
	@.ci/packages slurm/dev/packages.txt
	$(pytest) -m system

test-long: environment ## the proofs that take minutes each
	$(pytest) -m long

check: environment ## lint, format, types and docstrings
	$(python) -m ruff check .
	$(python) -m ruff format --check .
	$(python) -m mypy
	.ci/docstrings "$(VENV)/bin/pydoclint" harness jobs

format: environment ## let ruff lay out the code and mend what it can
	$(python) -m ruff check --fix .
	$(python) -m ruff format .

environment: ## the virtual environment with what the tests need
	@.ci/environment "$(VENV)" "$$(.ci/extras)"

clean: ## remove what tools leave behind; the environment, samples and stores stay
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
	find harness jobs tests -name __pycache__ -type d -prune -exec rm -rf {} +
