# `make` alone says what there is. Everything runs from .venv, which is built when it is missing or the lock has changed.
PYTHON ?= python3
BIN := .venv/bin
BUILT := .venv/.built
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run test prove contract check bench simulate chaos sends races flushes reminders soak chat pictures desk lock clean

help: ## Print this list.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s%s\n", $$1, $$2 }' Makefile

run: $(BUILT) ## Start everything and print one URL; Ctrl-C stops it.
	@exec $(BIN)/python -m bot run

test: check ## Check, then run every test; what the machine lacks is skipped with the reason.
	@$(BIN)/pytest

prove: $(BUILT) ## Count what may never happen: lost, doubled, overlapping, wrong.
	@$(BIN)/python -m tests.prove

contract: $(BUILT) ## Put what we send to Twilio before a judge with Twilio's own description (needs npm).
	@mkdir -p build/contract && cp tests/contract/package.json tests/contract/package-lock.json build/contract
	@npm ci --prefix build/contract --ignore-scripts --no-audit --no-fund --silent
	@$(BIN)/pytest tests/contract

check: $(BUILT) ## Look at format, lint, types, floors and flows.
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache --no-logo
	@$(BIN)/python -m bot check
	@$(BIN)/python -m bot test

bench: $(BUILT) ## Measure what a turn costs.
	@$(BIN)/python -m tests.bench

simulate: $(BUILT) ## Mornings in bad weather, each from one seed: SEED=1 SEEDS=1000.
	@$(BIN)/python -m tests.simulation --seed $(or $(SEED),1) --seeds $(or $(SEEDS),1)

chaos: $(BUILT) ## Kill, empty and slow down everything while patients write; counts what may never happen: DELIVERIES=3000 KILLS=12.
	@$(BIN)/python -m tests.chaos --deliveries $(or $(DELIVERIES),3000) --kills $(or $(KILLS),12) \
		--minutes $(or $(MINUTES),0) $(if $(POSTGRESQL),--postgresql)

sends: $(BUILT) ## Send to a Twilio that misbehaves; counts what was said twice or got lost: SENDS=10000.
	@$(BIN)/python -m tests.sends --sends $(or $(SENDS),10000)

races: $(BUILT) ## Many processes want the same times, and are killed; counts what overlaps: ATTEMPTS=20000 KILLS=60.
	@$(BIN)/python -m tests.races --attempts $(or $(ATTEMPTS),20000) --kills $(or $(KILLS),60) \
		$(if $(POSTGRESQL),--postgresql)

flushes: $(BUILT) ## Empty Redis in the middle of conversations; counts what was lost: TIMES=1000.
	@$(BIN)/python -m tests.chaos.flushes --times $(or $(TIMES),1000)

reminders: $(BUILT) ## Reminders fall due while workers are killed; counts what may never happen: REMINDERS=1000 KILLS=300 SECONDS=600.
	@$(BIN)/python -m tests.reminders --reminders $(or $(REMINDERS),1000) --kills $(or $(KILLS),300) \
		--seconds $(or $(SECONDS),600) $(if $(POSTGRESQL),--postgresql)

soak: $(BUILT) ## A steady day; prints how much each process grows: MINUTES=3.
	@$(BIN)/python -m tests.soak --minutes $(or $(MINUTES),3)

chat: $(BUILT) ## Talk to the bot in the terminal, without a server.
	@exec $(BIN)/python -m bot chat

pictures: $(BUILT) ## Take the pictures of the README and docs anew.
	@PICTURES=docs/images $(BIN)/pytest -q -p no:randomly tests/browser/test_whole_way.py

desk: $(BUILT) ## See in the terminal who needs a person.
	@exec $(BIN)/python -m bot desk

lock: $(BUILT) ## Pin the newest versions that pyproject.toml allows in requirements.lock, for every Python and machine.
	@$(PYTHON) -m venv build/lock && build/lock/bin/pip install --quiet uv
	@build/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
		--extra postgresql --extra dev --output-file requirements.lock pyproject.toml
	@rm -rf build/lock

clean: ## Remove .venv and the caches; var/, which holds the clinic's data, stays.
	@rm -rf .venv build .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is written last: an interrupted build is taken up again, also one that lacked Debian's python3-venv.
$(BUILT): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; if it has another name: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	@echo "Building .venv, once ..." && $(BIN)/pip install --quiet --require-hashes -r requirements.lock
	@touch $@
