# `make demo` starts everything on http://localhost:8000, `make test` tests everything; `make help` lists the rest.

# Where rustup puts cargo, for terminals that have not read its settings yet.
export PATH := $(PATH):$(HOME)/.cargo/bin
# The checked SQL compiles with the query data in .sqlx, whatever database a .env file names.
export SQLX_OFFLINE := true

CARGO ?= cargo
# What `make bench` measures.
BENCH ?= append http gateway visible rebuild print
# How long `make torture` kills and stops everything. TRAINER_TEST_SEED=… replays what a seed draws.
TORTURE_MINUTES ?= 30
# How many seeds it tries in each deterministic simulation first.
TORTURE_SEEDS ?= 200000
# Which guards `make mutate-guards` takes out: those with this word in their name, or all.
GUARD ?=
# What `make bench-print` compares with.
WEASYPRINT ?= 70.0
# More options for the program, such as ARGS=--json.
ARGS ?=

trainer := $(CARGO) run --release --locked --package trainer --

.PHONY: help demo up test test-subscribers test-sign-in test-s3 torture torture-rebuild mutate-guards lint bench bench-print bench-large sqlx-prepare sqlx-check clean clean-data install-missing

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

demo: install-missing ## everything on http://localhost:8000, with a demo runner and what to try
	$(trainer) up --demo $(ARGS)

up: install-missing ## everything on http://localhost:8000
	$(trainer) up $(ARGS)

test: install-missing ## every test; nothing has to run beforehand
	$(CARGO) test --workspace --locked --no-fail-fast

test-subscribers: install-missing ## the subscribers of docs/SUBSCRIBERS.md, killed again and again; fetches their libraries
	[ -e docs/subscribers/python/.venv/bin/python ] || python3 -m venv docs/subscribers/python/.venv
	docs/subscribers/python/.venv/bin/pip install --quiet --requirement docs/subscribers/python/requirements.txt
	npm install --prefix docs/subscribers/javascript --no-package-lock --no-audit --no-fund
	$(CARGO) build --manifest-path docs/subscribers/rust/Cargo.toml --target-dir docs/subscribers/rust/target --locked
	TRAINER_TEST_SUBSCRIBERS=required $(CARGO) test --workspace --locked --test nats documented

test-sign-in: install-missing ## signing in through an OpenID provider of npm's; fetches it
	npm install --prefix auth/tests/provider --no-package-lock --no-audit --no-fund
	TRAINER_TEST_PROVIDER=required $(CARGO) test --workspace --locked --test api open_id

test-s3: install-missing ## PDFs in a bucket of an S3-compatible server from PyPI; fetches it
	[ -e workers/pdf/tests/s3/.venv/bin/python ] || python3 -m venv workers/pdf/tests/s3/.venv
	workers/pdf/tests/s3/.venv/bin/pip install --quiet --disable-pip-version-check --timeout 20 --retries 1 \
	    --requirement workers/pdf/tests/s3/requirements.txt
	TRAINER_TEST_S3=required $(CARGO) test --workspace --locked --test printing bucket

torture: install-missing ## kills everything under load for TORTURE_MINUTES=30, then outages of a minute and more; prints what was survived
	TRAINER_TEST_SEEDS=$(TORTURE_SEEDS) $(CARGO) test --workspace --locked --lib -- --nocapture simulation::
	TORTURE_MINUTES=$(TORTURE_MINUTES) $(CARGO) test --workspace --locked --test durability \
	    -- --ignored --nocapture torture::
	TRAINER_TEST_FRESH=1 TRAINER_TEST_OUTAGE_SECONDS=60 TRAINER_TEST_ROUNDS=20 \
	    $(CARGO) test --workspace --locked --test durability -- --nocapture --test-threads=1 \
	    outage:: foreign_transaction:: stopped_projector:: two_of_each:: roles::
	TRAINER_TEST_EVENTS=200000 TRAINER_TEST_KILLS=5 TRAINER_TEST_ROUNDS=5 \
	    $(CARGO) test --workspace --locked --test durability -- --nocapture --test-threads=1 \
	    rebuild_under_load:: full_disk:: restart:: failure_table::
	TRAINER_TEST_ROUNDS=40 $(CARGO) test --workspace --locked --test durability \
	    -- --nocapture --test-threads=1 printing:: behind_gateways::

torture-rebuild: install-missing ## rebuilds a million events beside 500 writes a second, killed five times; optimized, 25 minutes
	TRAINER_TEST_EVENTS=1000000 TRAINER_TEST_KILLS=5 TRAINER_TEST_WRITERS=50 TRAINER_TEST_FRESH=1 \
	    $(CARGO) test --release --workspace --locked --test durability -- --nocapture rebuild_that_is_killed

mutate-guards: install-missing ## takes out the guards of the data, one at a time: a test must fail without each
	scripts/mutate-guards.sh $(GUARD)

lint: ## format and lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

bench: install-missing ## what this machine does; BENCH=append for one, ARGS=--json for JSON
	@for bench in $(BENCH); do $(trainer) bench $$bench $(ARGS) || exit 1; done

bench-print: install-missing ## printing plans, beside WeasyPrint from PyPI; fetches it
	[ -e .venv/weasyprint/bin/python ] || python3 -m venv .venv/weasyprint
	.venv/weasyprint/bin/pip install --quiet --disable-pip-version-check weasyprint==$(WEASYPRINT)
	$(trainer) bench print --weasyprint-python .venv/weasyprint/bin/python $(ARGS)

bench-large: install-missing ## what ten million events cost; takes half an hour
	$(trainer) bench large $(ARGS)

sqlx-prepare: install-missing ## writes the query data in .sqlx, after SQL or migrations have changed
	scripts/sqlx-data.sh prepare

sqlx-check: install-missing ## fails when the query data in .sqlx is not up to date
	scripts/sqlx-data.sh check

clean: ## removes what was built; the data stays
	$(CARGO) clean

clean-data: ## removes the data of `make demo` and `make up`: accounts, plans, runs, everything
	scripts/remove-data.sh

install-missing:
	@scripts/install-missing.sh
