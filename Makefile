# Every target makes the virtual environment that it needs, so each works as the very first command.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo test check bench soak format clean
.DEFAULT_GOAL := help

help: ## show this
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

demo: $(READY) ## the main job end to end, on real parts
	@$(RUN)/python -m tests.demo

test: $(READY) ## all tests, with branch coverage
	$(RUN)/pytest -n 2 --cov --cov-report=term

check: $(READY) ## linters, types, import rules
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports

bench: $(READY) ## benchmarks, as ratios
	@$(RUN)/python -m tests.benchmarks

soak: $(READY) ## ten minutes of jobs on one cache, some of them killed
	@$(RUN)/python -m tests.soak

format: $(READY) ## format the code
	$(RUN)/ruff check --fix .
	$(RUN)/ruff format .

clean: ## remove what the targets made
	rm -rf $(VENV) dist .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --upgrade pip
	$(RUN)/python -m pip install --quiet --group dev --editable .
	@touch $@
