# One verb a task. `make` alone lists them.
PYTHON ?= python3
VENV ?= .venv
VERSIONS ?= 3.11 3.12 3.13
PROMPT ?= In one sentence, what is Oracle Cloud Infrastructure?
BENCH_VENV := .venv-bench
FUZZ_VENV := .venv-fuzz
FRAMEWORKS_VENV := .venv-frameworks
OPENAI_2_VENV := .venv-frameworks-openai-2
UV := .tools/uv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PROMPT
export UV_NO_PROGRESS ?= 1
export UV_PYTHON_DOWNLOADS ?= never

.PHONY: help setup chat test check chromium format test-pythons live soak bench fuzz frameworks lock tables clean

help: ## list the tasks
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(READY) ## build .venv with ocicat and everything its tests need

chat: setup ## ask the embedded emulator a question (PROMPT="…" changes it)
	@$(BIN)/ocicat chat --emulator "$$PROMPT" </dev/null

test: setup check chromium ## format, lint, types, layers, and the whole test suite
	@$(BIN)/pytest

chromium:
	@sh tools/get_chromium.sh

check: setup ## format, lint, types and the layer contract
	@$(BIN)/ruff format --check --quiet || { echo "Not formatted: run 'make format'."; exit 1; }
	@$(BIN)/ruff check --quiet
	@$(BIN)/mypy
	@found=$$($(BIN)/lint-imports --no-cache 2>&1) || { echo "$$found"; exit 1; }

format: setup ## format the code, and mend what the linter can
	@$(BIN)/ruff check --fix --quiet; $(BIN)/ruff format

test-pythons: ## the test suite on each of VERSIONS that this machine has
	@for version in $(VERSIONS); do \
	  if found=$$(tools/find_python.sh $$version); then \
	    echo "== Python $$version"; \
	    $(MAKE) --no-print-directory test VENV=.venv-$$version PYTHON=$$found || exit 1; \
	  else echo "== Python $$version is not on this machine: skipped"; fi; \
	done

live: setup ## make a few real, paid calls in your tenancy, and record them (see live/README.md)
	@OCICAT_LIVE=1 $(BIN)/pytest live -p no:cacheprovider

soak: setup ## three minutes of calls with tokens that live for two seconds
	@SOAK_SECONDS=180 $(BIN)/pytest -s --timeout 300 tests/client/test_identities.py -k "short_tokens"

bench: $(BENCH_VENV)/.ready ## measure ocicat beside a bound, floors and peers
	@$(BENCH_VENV)/bin/python -m bench $(ARGS)

fuzz: $(FUZZ_VENV)/.ready ## ten minutes of coverage-guided bytes against every decoder (ARGS="--seconds 300")
	@$(FUZZ_VENV)/bin/python -m tests.fuzz $(ARGS)

frameworks: $(FRAMEWORKS_VENV)/.ready $(OPENAI_2_VENV)/.ready ## what people build upon (LangChain and others) against the emulator
	@for venv in $(FRAMEWORKS_VENV) $(OPENAI_2_VENV); do \
	  echo "== $$venv"; \
	  $$venv/bin/pytest tests/frameworks -rs -W ignore -p no:asyncio --allow-hosts=127.0.0.1 $(ARGS) \
	    || exit 1; \
	done

lock: $(UV) ## pin what pyproject.toml asks for, with hashes
	@for group in dev bench fuzz frameworks frameworks-openai-2; do \
	  $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-annotate --custom-compile-command "make lock" \
	    pyproject.toml --group $$group -o requirements/$$group.txt || exit 1; \
	done

tables: setup ## make the tables that are generated (regions, catalogue, support)
	@$(BIN)/python tools/make_regions.py
	@$(BIN)/python tools/make_catalog.py
	@$(BIN)/python tools/make_support.py

clean: ## remove what the tasks above have made
	rm -rf .venv .venv-* .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build

$(UV): requirements/uv.txt tools/get_uv.sh
	@sh tools/get_uv.sh "$(PYTHON)" .tools

$(VENV)/.ready: requirements/dev.txt pyproject.toml | $(UV)
	@sh tools/make_venv.sh $(UV) "$(PYTHON)" $(VENV) requirements/dev.txt

$(BENCH_VENV)/.ready: requirements/bench.txt pyproject.toml | $(UV)
	@sh tools/make_venv.sh $(UV) "$(PYTHON)" $(BENCH_VENV) requirements/bench.txt

$(FUZZ_VENV)/.ready: requirements/fuzz.txt pyproject.toml | $(UV)
	@sh tools/make_venv.sh $(UV) "$(PYTHON)" $(FUZZ_VENV) requirements/fuzz.txt

$(FRAMEWORKS_VENV)/.ready: requirements/frameworks.txt pyproject.toml | $(UV)
	@sh tools/make_venv.sh $(UV) "$(PYTHON)" $(FRAMEWORKS_VENV) requirements/frameworks.txt

$(OPENAI_2_VENV)/.ready: requirements/frameworks-openai-2.txt pyproject.toml | $(UV)
	@sh tools/make_venv.sh $(UV) "$(PYTHON)" $(OPENAI_2_VENV) requirements/frameworks-openai-2.txt
