# All that is installed goes into .venv: Python's own venv, filled by uv exactly as uv.lock says.
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
INSTALLED := .venv/.installed

export UV_PROJECT_ENVIRONMENT := .venv
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS ?= $(if $(wildcard /etc/ssl/certs/*),true,false)
export UV_NO_CACHE ?= $(shell test -w "$$HOME" && echo false || echo true)
export PIP_USER := false
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH

.DEFAULT_GOAL := help
.PHONY: help setup demo lint format docs test storm bench

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

setup: $(INSTALLED) ## Install Stockline and its tools into .venv

demo: setup ## Run Stockline on a data set it makes for itself
	$(BIN)/stockline demo

lint: setup ## Check style, types and floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## Put the code in its standard form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup ## Write the reference pages that are made from code and tests
	$(BIN)/python -m tests.support.refusals_page
	$(BIN)/python -m tests.support.rules_page

test: setup ## Run the tests on SQLite and PostgreSQL; ARGS="-k posting" goes to pytest, PROPERTIES=200x50 plays long
	$(if $(PROPERTIES),STOCKLINE_PROPERTIES=$(PROPERTIES)) $(BIN)/pytest -n auto --maxprocesses 4 $(ARGS)

storm: setup ## Let many processes work on the same items for a minute on each database, the tables watched
	STOCKLINE_STORM=60 $(BIN)/pytest -n0 -s -q tests/load/test_storm.py $(ARGS)

bench: setup ## Measure against the barest SQL; ARGS goes to the benchmark
	$(BIN)/python -m bench $(ARGS)

$(INSTALLED): pyproject.toml uv.lock | $(UV)
	$(UV) sync --quiet --frozen --all-extras --python $(BIN)/python
	@touch $@

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Stockline needs Python 3.11 or newer. Name one: make PYTHON=/path/to/python3.11' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
		{ echo 'This Python cannot make a virtual environment. On Debian or Ubuntu: apt install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		"uv==$$(awk '/^name = "uv"$$/ { getline; gsub(/"/, "", $$3); print $$3 }' uv.lock)"
