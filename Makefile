# Every target works from a fresh clone: what it needs is made first.
PYTHON ?= python3
BIN := .venv/bin
export DAGSTER_HOME ?= $(CURDIR)/data/dagster
export DO_NOT_TRACK := 1

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.venv/.installed: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing (about a minute the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@# uv is four times quicker; pip serves where only pip knows the company's mirror.
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode -r requirements.lock \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

setup: .venv/.installed ## Create .venv and install what is pinned

run: setup ## Generate the sample company, materialise everything, publish the scorecard
	@$(BIN)/scorecard run

WORKERS ?= auto
test: setup ## Run the tests, but for those that take minutes each
	@$(BIN)/python -m pytest -m "not long" --numprocesses $(WORKERS) --maxprocesses 4 --dist loadgroup --no-loadscope-reorder

test-long: setup ## Run the tests that take minutes each
	@$(BIN)/python -m pytest -m long --numprocesses $(WORKERS) --maxprocesses 4 --dist loadgroup --no-loadscope-reorder

test-fast: setup ## Run the tests that need no home folder
	@$(BIN)/python -m pytest tests/unit tests/rules/test_imports.py -m "not slow" \
	  --numprocesses auto --maxprocesses 2 --dist loadgroup --no-loadscope-reorder --quiet

ui: setup ## Open Dagster's UI on http://127.0.0.1:3000
	@$(BIN)/scorecard ui

docs: setup ## Write data/published/docs.html: every mart, column, test and KPI, and the lineage
	@$(BIN)/scorecard docs

node_modules/.installed: package-lock.json
	@npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

page: setup node_modules/.installed ## Bundle the page's scripts, after one has changed (needs npm)
	@$(BIN)/python -m pipelines.scorecard.bundle

lint: lint-python ## ruff, mypy, dbt parse, sqlfluff; Biome and the bundle for the page's scripts, where there is npm
	@$(BIN)/scorecard dbt parse --warn-error
	@$(BIN)/sqlfluff lint dbt_project --processes 2
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory lint-page; \
	  else echo "Skipped: the page's scripts. Biome and esbuild come from npm, which is not on the PATH."; fi

lint-python: setup ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

lint-page: setup node_modules/.installed
	@node_modules/.bin/biome check --error-on-warnings
	@$(BIN)/python -m pipelines.scorecard.bundle --check

generate: setup ## Write every file that follows from sources, catalog types, KPIs and cases: dbt's, schemas, pages
	@$(BIN)/python -m pipelines.warehouse.dbt_files
	@$(BIN)/python -m pipelines.catalog.schema
	@$(BIN)/python -m tests.cases.quirks
	@$(BIN)/python -m docs.kpis.build
	@$(BIN)/python -m docs.sources.build

soak: setup ## Read 500 mutated files of each kind, and let landing folders come about in 50 ways a source
	@$(BIN)/python -m pytest tests/fuzz tests/property --inputs 500 --orders 50 --numprocesses auto --dist loadgroup \
	  --quiet

bench: setup ## Measure: each figure is a ratio within one run
	@$(BIN)/python -m bench

calibration: setup ## Measure the calibration of the statistics; writes docs/statistics/calibration.md
	@$(BIN)/python -m bench.calibration

truth: setup ## Compare planted truth in 40 sample companies (hours; resumes); writes docs/statistics/truth.md
	@$(BIN)/python -m bench.truth

docs-kpis: run ## Write the heads of the KPI pages from the seeds, and take their pictures (needs Chromium)
	@$(BIN)/python -m docs.kpis.build data

.venv-references/.installed: bench/references/requirements.txt | setup
	@test -x .venv-references/bin/python || $(PYTHON) -m venv .venv-references
	@$(BIN)/uv pip install --quiet --python .venv-references/bin/python -r bench/references/requirements.txt \
	  || .venv-references/bin/python -m pip install --quiet -r bench/references/requirements.txt
	@touch $@

references: .venv-references/.installed ## Compare the statistics with the field's libraries; writes docs/statistics/references.md
	@PYTHONPATH=. NML_DISABLE_USAGE_LOGGING=1 .venv-references/bin/python -m bench.references

lock: setup ## Pin the newest versions that resolve, without addresses
	@$(BIN)/uv pip compile pyproject.toml --extra deploy --extra dev --extra metrics --extra postgres --extra pulls --extra buckets --universal \
	  --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header --no-annotate --output-file requirements.lock --quiet

clean: ## Remove what was generated, keep .venv
	@find data -mindepth 1 -not -name README.md -delete; rm -rf dbt_project/target dbt_project/logs

.PHONY: help setup run test test-long test-fast soak ui docs generate page lint lint-python lint-page bench calibration truth docs-kpis references lock clean
.DEFAULT_GOAL := help
