# `make demo` starts everything on http://localhost:8000, `make test` tests everything; `make help` lists the rest.

# Where rustup puts cargo, for terminals that have not read its settings yet.
export PATH := $(PATH):$(HOME)/.cargo/bin
# The checked SQL compiles with the query data in .sqlx, whatever database a .env file names.
export SQLX_OFFLINE := true

CARGO ?= cargo
# What `make bench` measures.
BENCH ?= append http visible rebuild
# More options for the program, such as ARGS=--json.
ARGS ?=

trainer := $(CARGO) run --release --locked --package trainer --

.PHONY: help demo up test lint bench sqlx-prepare sqlx-check clean clean-data install-missing

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

demo: install-missing ## everything on http://localhost:8000, with a demo runner and what to try
	$(trainer) up --demo $(ARGS)

up: install-missing ## everything on http://localhost:8000
	$(trainer) up $(ARGS)

test: install-missing ## every test; nothing has to run beforehand
	$(CARGO) test --workspace --locked --no-fail-fast

lint: ## format and lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

bench: install-missing ## what this machine does; BENCH=append for one, ARGS=--json for JSON
	@for bench in $(BENCH); do $(trainer) bench $$bench $(ARGS) || exit 1; done

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
