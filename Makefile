# Everything a fresh machine with Python 3.11, pip and make needs; `make help` lists the targets.
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8501
UV_VERSION := 0.13.8
# Trust what the machine trusts: many companies have a certificate authority of their own.
export UV_SYSTEM_CERTS := 1
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv

.DEFAULT_GOAL := help
.PHONY: help run install extras install-dev test coverage smoke lint bench samples lock clean

help:  ## print the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

run: install  ## start the app on http://127.0.0.1:8501 (PORT=8600 picks another port)
	@$(BIN)/streamlit run app.py --server.port $(PORT)

install: $(VENV)/.installed  ## install only what running needs

extras: $(VENV)/.installed-extras  ## install the SDKs of Anthropic and AWS Bedrock as well

install-dev: $(VENV)/.installed-dev tests/contract/node_modules/.installed  ## install what developing needs as well

# One more than processors: a test that waits for its browser leaves one idle. Files stay whole, as their tests share apps.
SIDE_BY_SIDE := $(shell expr $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1) + 1)

test: install-dev  ## install what tests need and run them
	@$(BIN)/python -m pytest -m "not nightly and not alone" -n $(SIDE_BY_SIDE) --dist loadfile --no-loadscope-reorder
	@$(BIN)/python -m pytest -m "alone and not nightly"

coverage: install-dev  ## run the tests one after the other and say which lines none of them reaches
	@$(BIN)/python -m pytest -m "not nightly" --cov --cov-report=term:skip-covered

smoke: install-dev  ## ask each real provider whose key is set one short question (costs less than a cent)
	@$(BIN)/python -m pytest -m real_provider tests/contract/test_real_providers.py

lint: install-dev  ## ruff and strict mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: install-dev  ## run the benchmarks and write bench/results/*.json
	@$(BIN)/python -m bench

samples: install-dev  ## build data/samples from data/sample_sources
	@$(BIN)/python data/sample_sources/build.py

COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header

lock: $(UV)  ## compile the three lock files from pyproject.toml
	@$(COMPILE) pyproject.toml --group build -o requirements.lock
	@$(COMPILE) pyproject.toml --group build --extra all -c requirements.lock -o requirements-extras.lock
	@$(COMPILE) pyproject.toml --group build --extra all --group dev -c requirements-extras.lock -o requirements-dev.lock

clean:  ## remove the environment (documents and conversations in data/var stay)
	@rm -rf $(VENV)

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 15) else "Python 3.11 to 3.14 is needed; set PYTHON=/path/to/python3.11")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# The stamps name what was installed last, so that `make run` after a change of a lock installs again. What was asked for
# once stays: `make run` after `make extras` or `make test` keeps the extras and the tools for developing.
LOCKS := requirements.lock requirements-extras.lock requirements-dev.lock
WIDEST = $(if $(wildcard $(VENV)/.installed-dev),-dev,$(if $(wildcard $(VENV)/.installed-extras),-extras))
SYNC = $(UV) pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes
OURS = $(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .

$(VENV)/.installed: $(LOCKS) pyproject.toml | $(UV)
	@$(SYNC) requirements$(WIDEST).lock
	@$(OURS)
	@touch $@

$(VENV)/.installed-extras: $(LOCKS) pyproject.toml | $(UV)
	@$(SYNC) requirements$(or $(WIDEST),-extras).lock
	@$(OURS)
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-dev: $(LOCKS) pyproject.toml | $(UV)
	@$(SYNC) requirements-dev.lock
	@$(OURS)
	@touch $@ $(VENV)/.installed

# The contract tests' mock server of the providers is a package for node; without npm those tests say so and are skipped.
CONTRACT := tests/contract
$(CONTRACT)/node_modules/.installed: $(CONTRACT)/package.json $(CONTRACT)/package-lock.json
	@if command -v npm >/dev/null; then npm ci --silent --prefix $(CONTRACT) && touch $@ \
		|| echo "npm could not install $(CONTRACT): the contract tests will say so"; fi
