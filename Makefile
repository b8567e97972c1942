.DEFAULT_GOAL := help
.PHONY: help setup demo test test-unit test-spark test-integration test-e2e check format lock reference clean distclean
BIN := .venv/bin
ARGS ?=
export PYTHON

##@ Everyday
demo: setup ## the whole system on this machine, live (ARGS="--rate 500" for options)
	@$(BIN)/fraudstream demo $(ARGS)

test: setup ## every test that can run on this machine
	@$(BIN)/pytest $(ARGS)

check: setup ## format, lint, types, import arrows and house rules, in under a minute
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest -q --services=embedded tests/architecture

##@ Set-up
setup: ## build .venv, fetch the servers (PYTHON=python3.12 chooses the Python)
	@scripts/setup.sh

clean: ## remove what the demo and the tools keep in this checkout
	@if [ -e .local/run/owner ] && ! flock --nonblock .local/run/owner true; then \
		echo "the demo is running (process $$(cat .local/run/owner)): stop it first" >&2; exit 1; fi
	@rm -rf .local .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build spark-warehouse

distclean: clean ## the same, and .venv
	@rm -rf .venv

##@ Parts of the tests
test-unit: setup ## nothing but Python
	@$(BIN)/pytest tests/unit $(ARGS)

test-spark: setup ## a local Spark session
	@$(BIN)/pytest tests/spark $(ARGS)

test-integration: setup ## broker, database, AWS endpoint: --services=auto|embedded|containers in ARGS
	@$(BIN)/pytest tests/ports tests/integration $(ARGS)

test-e2e: setup ## the whole stack
	@$(BIN)/pytest tests/e2e $(ARGS)

##@ Changing things
format: setup ## let ruff format and fix
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

reference: setup ## write the generated pages of docs/reference
	@$(BIN)/python scripts/generate_reference.py

lock: setup ## resolve packages and jars again, and pin them by hash
	@$(BIN)/python scripts/lock.py
	@$(BIN)/python scripts/lock_jars.py

help: ## this list
	@test -t 1 && bold=1; awk -v bold="$$bold" 'BEGIN { FS = ":.*## "; on = bold ? "\033[1m" : ""; off = bold ? "\033[0m" : "" } /^##@/ { printf "\n%s%s%s\n", on, substr($$0, 5), off } \
		/^[a-z0-9-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
