# Skyparley: the commands of every day. `make demo` and `make test` need only Python 3.11 or later and this make; they
# fetch the rest once, say so, and a second run starts at once.

SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?=
export PYTHON
BIN := .venv/bin
# Two workers, because the smallest machine that has to pass has two cores, and a third makes pages too slow for their tests.
WORKERS ?= 2
CODE := $(wildcard src tests scripts benchmarks examples)
PYTEST := $(BIN)/python -m pytest -n $(WORKERS)

# The targets share one environment, and making it twice at once would spoil it.
.NOTPARALLEL:
.PHONY: help demo test thorough check bench simulate lint fmt clean env-run env-test env-browser

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

demo: env-run ## Two nodes, two desks, one conflict settled and proved, in about a minute
	@$(BIN)/skyparley demo $(ARGS)

test: env-browser lint ## Everything: style, types, floors, all tests, those in a browser included
	@echo "skyparley: Running all tests."
	@$(PYTEST)

thorough: env-browser lint ## As test, with three times the examples, other luck each time, more seeds; half an hour
	@SKYPARLEY_THOROUGH=1 $(PYTEST)

check: env-test lint ## Before each push: as test, without the slow and the browser tests; under two minutes
	@echo "skyparley: Running the fast tests."
	@$(PYTEST) -m "not slow and not browser"

bench: env-test ## The measurements, as tables
	@for file in benchmarks/[a-z]*.py; do \
	    [ -e "$$file" ] || { echo "skyparley: there are no benchmarks" >&2; exit 1; }; \
	    echo "skyparley: Measuring with $$file."; $(BIN)/python "$$file" || exit 1; \
	done

simulate: env-test ## A simulated world from one seed: make simulate SEED=7
	@[ -n "$(SEED)" ] || { echo "skyparley: name the seed, for example: make simulate SEED=7" >&2; exit 2; }
	@$(BIN)/python -m skyparley.testing.simulate --seed $(SEED)

lint: env-test ## Style, types and floors
	@echo "skyparley: Checking style, types and floors."
	@$(BIN)/ruff check --quiet $(CODE)
	@$(BIN)/ruff format --quiet --check $(CODE)
	@$(BIN)/mypy --no-error-summary
	@said=$$($(BIN)/lint-imports --no-logo 2>&1) || { echo "$$said"; exit 1; }

fmt: env-test ## Put the code into its format
	@$(BIN)/ruff check --quiet --fix $(CODE)
	@$(BIN)/ruff format --quiet $(CODE)

clean: ## Remove .venv, caches and the demo's folders; the next command makes anew what it needs
	@rm -rf .venv .make build dist demo-run .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

env-run:
	@scripts/prepare.sh run

env-test:
	@scripts/prepare.sh test

env-browser:
	@scripts/prepare.sh browser
