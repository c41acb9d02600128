# Leadwright: two commands matter, `make run` and `make test`. Everything they need comes from the lock files.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help run test check fix bench trials lock wheel clean

help:  ## show the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

$(VENV)/run.stamp: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Leadwright needs Python 3.11 or newer; set PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

run: $(VENV)/run.stamp  ## the whole journey on a simulated portal, then the living service
	$(BIN)/leadwright demo

test: $(VENV)/dev.stamp  ## all tests, on SQLite and on a real PostgreSQL
	$(BIN)/python -m pytest -n 2 $(ARGS)

check: $(VENV)/dev.stamp  ## format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

fix: $(VENV)/dev.stamp  ## let the formatter and the linter mend what they can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/dev.stamp  ## the figures, as a table
	$(BIN)/python -m tests.bench $(ARGS)

trials: $(VENV)/dev.stamp  ## faults and attacks at full size, as a table
	$(BIN)/python -m tests.trials $(ARGS)

lock:  ## make both lock files anew (needs uv)
	uv pip compile pyproject.toml --group build --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 -o requirements.lock
	uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 -o requirements-dev.lock

clean:  ## remove what was built
	rm -rf $(VENV) build dist *.egg-info
