# Everything a person does here is one word. `make` alone lists the words.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV ?= .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?=
WORKERS ?= 2
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url
export VENV

.PHONY: help demo test check bench docs lock picture train eval clean

help: ## list these words
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1@\2/p' $(MAKEFILE_LIST) | awk -F@ '{printf "%-16s %s\n", $$1, $$2}'

demo: $(VENV)/.runtime ## set up, start a shop database behind Warded, play the story, stay up (CHECK=1: check it and exit; PORT=n)
	@$(BIN)/python -m server.demo $(if $(CHECK),--check) $(if $(PORT),--port $(PORT))

test: $(VENV)/.tests tests/npm/node_modules/.installed ## install what the tests need, run every test
	@tests/setup/system.sh
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(PYTEST_ARGS)

check: $(VENV)/.tests ## style, types, import contracts, docs, docker files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/architecture tests/docs
	$(BIN)/hadolint docker/Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker/compose.yaml

bench: $(VENV)/.bench ## added latency and throughput against a direct connection and MCP Toolbox
	$(BIN)/python -m tests.benchmarks.gateway
	$(BIN)/python -m tests.benchmarks.policy
	@tests/setup/system.sh pgbouncer
	$(BIN)/python -m tests.benchmarks.door --picture docs/postgres-door.svg

docs: $(VENV)/.tests ## write the reference pages from the code, test that the documentation matches it
	$(BIN)/python -m server.reference --write
	$(BIN)/python -m pytest -q tests/docs

train: $(VENV)/.tests ## make the models of the column net and the name tagger again, with their digests and cards
	$(BIN)/python -m catalog.columns.training
	$(BIN)/python -m catalog.prose.training

eval: $(VENV)/.tests ## how well columns are told on tables of another generator, Presidio beside it; writes docs/detection.md and its chart
	$(BIN)/python -m tests.evaluation --write

picture: $(VENV)/.runtime ## draw the story as docs/demo.svg
	@$(BIN)/python -m server.demo --check --picture docs/demo.svg

lock: $(VENV)/.tests ## resolve every dependency anew, with hashes
	$(UV_COMPILE) --upgrade --extra demo --group build pyproject.toml -o requirements.lock
	$(UV_COMPILE) --group build pyproject.toml -c requirements.lock -o docker/requirements.lock
	$(UV_COMPILE) --upgrade --extra demo --extra test --group build pyproject.toml -c requirements.lock -o tests/requirements.lock
	$(UV_COMPILE) --upgrade --extra bench pyproject.toml -c tests/requirements.lock -o tests/bench-requirements.lock
	$(UV_COMPILE) --upgrade --group setup -o tests/setup/uv.lock
	cd tests/npm && npm install --package-lock-only --ignore-scripts

clean: ## remove the environment, the demo's state and caches
	rm -rf $(VENV) .warded build dist artifacts tests/npm/node_modules *.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

SETUP := tests/setup/environment.sh tests/setup/uv.lock pyproject.toml setup.py backends/postgres/rows.pyx

$(VENV)/.runtime: requirements.lock $(SETUP)
	@tests/setup/environment.sh requirements.lock
	@touch $@

$(VENV)/.tests: tests/requirements.lock $(SETUP)
	@tests/setup/environment.sh tests/requirements.lock
	@touch $@ $(VENV)/.runtime

$(VENV)/.bench: tests/bench-requirements.lock $(VENV)/.tests
	@tests/setup/environment.sh tests/bench-requirements.lock
	@touch $@

tests/npm/node_modules/.installed: tests/npm/package-lock.json tests/npm/package.json
	@tests/setup/system.sh
	cd tests/npm && npm ci --ignore-scripts --no-progress --loglevel=error
	@touch $@
