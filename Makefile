.DEFAULT_GOAL := help
.PHONY: synth lambda-zip audit-infra bench bench-quick bench-scale chaos chaos-matrix evaluate up up-lite verify top fraud psql token secret down reset help setup demo test proofs test-unit test-spark test-integration test-e2e check format lock reference clean distclean logs docs docs-nightly audit wheel test-wheel
BIN := .venv/bin
ARGS ?=
SERVICE ?= analyst-api
S ?= scorer
WORKERS ?= 3
export PYTHON
IF_RUNNING = running=$$(docker compose ps --quiet) || exit 2; \
	test -n "$$running" || { echo "the stack is not running; \`make up\` starts it" >&2; exit 2; }
ENGINE_ANSWERS = docker version >/dev/null || { echo "no Docker engine answers: start it (\`sudo systemctl start docker\`, or Docker \
	Desktop), or use \`make demo\`, which needs none; \`fraudstream doctor\` looks closer" >&2; exit 2; }
SAY_READY = ready=$$(docker compose ps --all --quiet ready); \
	docker logs --follow --since "$$(docker inspect --format '{{.State.StartedAt}}' $$ready)" $$ready; \
	exit $$(docker wait $$ready)

##@ Everyday
demo: setup ## the whole system on this machine, live (ARGS="--rate 500" for options)
	@$(BIN)/fraudstream demo $(ARGS)

# A worker that dies is not replaced: pytest-xdist 3.8 would hand out what it had done again, and wait for ever.
test: setup .venv-infra ## every test that can run on this machine but the longest, three files at a time (WORKERS=0: one)
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --max-worker-restart 0 -m "not long" $(ARGS)

proofs: setup ## what `make test` leaves out: the compose file whole and taken apart, how-tos beside a demo, more failpoints
	@$(BIN)/pytest -m long $(ARGS)

check: setup ## format, lint, types, import arrows and house rules, in under a minute
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/bandit --quiet --configfile pyproject.toml --recursive src services spark ml scripts
	@$(BIN)/hadolint Dockerfile services/alert_lambda/Dockerfile spark/emr.Dockerfile
	@$(BIN)/shellcheck scripts/setup.sh services/secured/*.sh .ci/run
	@$(BIN)/zizmor --quiet --offline --persona=auditor .github/workflows
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest -q --services=embedded tests/architecture

chaos: setup ## kill and stall every part under load, and prove that nothing was lost (ARGS="--seed 5 --kills 2")
	@$(BIN)/fraudstream chaos $(ARGS)

chaos-matrix: setup ## interrupt every step of a slice in Spark's workers, and prove that nothing was lost
	@$(BIN)/fraudstream chaos --matrix

bench: setup .venv-peers ## fraudstream beside what one would use instead (ARGS="--only quix")
	@$(BIN)/python -m benchmarks compare --to benchmarks/results/latest.json $(ARGS)

bench-scale: setup ## what grows with customers, stored rows, event size, partitions and workers (20 minutes, 55 GB of disk)
	@$(BIN)/python -m benchmarks scale --to benchmarks/results/latest.json $(ARGS)

bench-quick: setup .venv-peers ## the same as bench in one round on shorter logs, beside the committed results
	@$(BIN)/python -m benchmarks compare --quick $(ARGS)

.venv-peers: requirements/peers.txt
	@scripts/setup.sh peers
	@touch $@

evaluate: setup ## the detector beside published figures (ARGS="--world city --seed 3")
	@$(BIN)/fraudstream evaluate $(ARGS)

##@ In containers (Docker alone is enough; settings come from an optional .env)
# `up --detach` returns when the last service, `ready`, may start, and that one waits until all the others are healthy.
# With --wait besides, Compose would take `ready` for a failure as soon as it has said what it has to say and ends.
up: ## the whole stack in the background; returns when it is healthy and says where everything is
	@$(ENGINE_ANSWERS)
	@docker compose up --detach --build
	@$(SAY_READY)

up-lite: ## the same without a Spark cluster: the scorer runs Spark by itself, in less memory
	@$(ENGINE_ANSWERS)
	@SPARK_MASTER='local[2,4]' docker compose up --detach --build --scale spark-master=0 --scale spark-worker=0
	@$(SAY_READY)

verify: ## prove that nothing was lost, doubled or scored otherwise
	@$(IF_RUNNING)
	@docker compose run --rm --no-deps verify

fraud: ## play a fraud in the running stack, and show the newest alerts
	@$(IF_RUNNING)
	@docker compose --progress quiet kill --signal SIGUSR1 producer
	@docker compose run --rm --no-deps verify alerts --last 5

top: ## how everything is, live, and what to do where it isn't well (ARGS=--once for one look)
	@$(IF_RUNNING)
	@docker compose --progress quiet run --rm --no-deps verify top $(ARGS)

psql: ## a shell in the database: the demo's, while it runs here, or the containers' as administrator
	@if [ -e .local/endpoints.env ]; then . .local/endpoints.env; exec psql "$$(echo "$$DATABASE_URL" | sed 's/+psycopg2//')"; fi; \
		$(IF_RUNNING); docker compose exec postgres psql -U postgres fraudstream

logs: ## what one part says, of the demo or of the containers (S=scorer), until Ctrl-C
	@if [ -e .local/logs/$(S).log ] && [ -e .local/endpoints.env ]; then exec tail -n 50 -F .local/logs/$(S).log; fi; \
		$(IF_RUNNING); exec docker compose logs --follow --tail 50 $(S)

token: ## the token that the analyst's API asks for, or another (SERVICE=scoring-api)
	@$(IF_RUNNING)
	@docker compose exec -T $(SERVICE) sh -c 'cat /run/*/api-token'

secret: ## a new one-time secret for the admin of the analyst's page
	@$(IF_RUNNING)
	@docker compose exec -T dashboard python -m fraudstream dashboard-secret

down: ## stop the containers and keep the data
	@docker compose --profile '*' down

reset: ## stop the containers and delete all data and secrets, after asking; `fraudstream reset` for the demo's
	@if [ -t 0 ]; then printf 'Delete all data, models and passwords of the containers? [y/N] '; \
		read -r answer; case "$$answer" in [yY]*) ;; *) echo "nothing was deleted"; exit 1 ;; esac; fi
	@docker compose --profile '*' down --volumes --remove-orphans

##@ On AWS
lambda-zip: setup ## the alert function as a zip file in dist/, for who has no registry of images (ARGS="--machine aarch64")
	@$(BIN)/python scripts/lambda_zip.py $(ARGS)

# The CDK and its linters live in an environment of their own, .venv-infra: nothing but pip is needed for them, either.
synth: setup .venv-infra ## write the golden CloudFormation templates of infra/ anew
	@PYTHONPATH=src .venv-infra/bin/python -m infra.golden --write

audit-infra: setup .venv-infra ## fresh synth against the golden templates, cfn-lint, checkov
	@PYTHONPATH=src .venv-infra/bin/python -m infra.audit

audit: setup audit-infra ## known vulnerabilities in what is pinned (asks the network), and the linters of infra/
	@$(BIN)/python scripts/audit_packages.py

.venv-infra: requirements/infra.txt
	@scripts/setup.sh infra
	@touch $@

##@ Set-up
setup: ## build .venv, fetch the servers (PYTHON=python3.12 chooses the Python)
	@scripts/setup.sh

wheel: setup ## build the package into dist/
	@rm -rf dist
	@$(BIN)/hatchling build -t wheel

test-wheel: setup ## test the package in dist/ in the place of this checkout (`make distclean` undoes it)
	@rm -f .venv/.project.done
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps dist/*.whl
	@$(BIN)/python -P -c 'import fraudstream, sys; sys.exit("site-packages" not in fraudstream.__file__)'
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --max-worker-restart 0 tests/unit tests/ports tests/spark tests/integration $(ARGS)

clean: ## remove what the demo and the tools keep in this checkout
	@if [ -e .local/run/owner ] && ! flock --nonblock .local/run/owner true; then \
		echo "the demo is running (process $$(cat .local/run/owner)): stop it first" >&2; exit 1; fi
	@rm -rf .local .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build spark-warehouse

distclean: clean ## the same, and the environments
	@rm -rf .venv .venv-infra .venv-peers .venv-docs

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

reference: setup ## write what is generated: the pages of docs/reference, Grafana's dashboards
	@$(BIN)/python scripts/generate_reference.py

lock: setup ## resolve packages and jars again, and pin them by hash (ARGS=--keep: only what is new)
	@$(BIN)/python scripts/lock.py $(ARGS)
	@$(BIN)/python scripts/lock_jars.py

docs: setup .venv-docs ## build the documentation as a site in .local/site, and refuse links that lead nowhere
	@.venv-docs/bin/python scripts/build_site.py

docs-nightly: setup ## run what the pages mark as long, one after the other (ARGS="--list" only names it)
	@$(BIN)/python -m tests.documentation.nightly $(ARGS)

.venv-docs: requirements/docs.txt
	@$(BIN)/python -m venv --clear $@
	@$@/bin/python -m pip install --quiet --require-hashes --requirement requirements/docs.txt
	@touch $@

help: ## this list
	@test -t 1 && bold=1; awk -v bold="$$bold" 'BEGIN { FS = ":.*## "; on = bold ? "\033[1m" : ""; off = bold ? "\033[0m" : "" } /^##@/ { printf "\n%s%s%s\n", on, substr($$0, 5), off } \
		/^[a-z0-9-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
