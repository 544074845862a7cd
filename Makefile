# Everything a newcomer needs is `make up` and `make test`; both make their environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TOOLS := .tools/bin
BUILT := $(patsubst tools/%/go.mod,.tools/%.built,$(wildcard tools/*/go.mod))
PACKAGES := mesh movielens movie_service rating_service metadata_service recommender_service identity_service library_service booking_service edge stack protogen bench checks deploy tests
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help up down test test-slow check audit format protos stubs tools bench bench-recsys dashboards compose-env compose-images clean

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

up: $(READY) ## run the platform here (flags by ARGS='--detach --edge-port 9090')
	@$(BIN)/reelmesh up $(ARGS)

down: $(READY) ## stop what `make up ARGS=--detach` started
	@$(BIN)/reelmesh down $(ARGS)

test: $(READY) tools ## the whole test suite, without the long runs (flags by ARGS='-k search')
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadscope $(ARGS)

test-slow: $(READY) ## the long runs: full-size races and faults
	@$(BIN)/python -m pytest -m slow --timeout 1800 $(ARGS)

check: $(READY) ## format, lint, types, architecture, contract, pins, secrets
	@$(BIN)/ruff format --check $(PACKAGES) hatch_build.py
	@$(BIN)/ruff check $(PACKAGES) hatch_build.py
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/buf format --diff --exit-code
	@$(BIN)/buf lint
	@$(BIN)/python -m protogen breaking
	@$(BIN)/python -m checks.pins
	@$(BIN)/python -m checks.secrets

audit: $(READY) ## known vulnerabilities of the pinned packages; needs the internet
	@$(BIN)/python -m checks.audit

format: $(READY) ## put code and contract in form
	@$(BIN)/ruff format $(PACKAGES) hatch_build.py
	@$(BIN)/ruff check --fix $(PACKAGES) hatch_build.py
	@$(BIN)/buf format --write

protos: $(READY) ## generate the stubs from protos/
	@$(BIN)/python -m protogen

stubs: $(READY) ## a wheel of the stubs alone, for other teams' services (dist/)
	@$(BIN)/python -m protogen stubs

# Without Go the rest works, and only CI insists on their tests.
ifneq ($(shell command -v go),)
tools: ## build Consul, Jaeger, grpcurl, ghz and gRPC's interop client into .tools/bin, if Go is here
	@$(MAKE) --no-print-directory --jobs $(BUILT)
else
tools:
	@echo "Go is not installed: Consul, Jaeger, grpcurl, ghz and gRPC's interop client are not built, and the tests that run them are skipped."
endif

bench: $(READY) ## all benchmarks, with a table and JSON under build/bench/
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.lock
	@$(BIN)/python -m bench

bench-recsys: $(READY) ## how well and how quickly the recommender works (flags by ARGS='--seeds 1')
	@$(BIN)/python -m bench.recsys $(ARGS)

dashboards: $(READY) ## write Grafana's dashboards from their source
	@$(BIN)/python -m deploy.dashboards

compose-env: ## make .env for docker compose, with secrets of its own
	@$(PYTHON) deploy/generate_env.py

compose-images: $(READY) ## stand-ins for the images of docker-compose.yml, where no image registry is in reach (names by ARGS='nats consul')
	@deploy/standins/build.sh $(ARGS)

clean: ## remove what was generated; data and environment stay
	rm -rf $(READY) build dist reelmesh .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# The lock has names and versions only; where packages come from is the machine's own setting.
$(READY): requirements.lock pyproject.toml hatch_build.py $(wildcard protogen/*.py) $(shell find protos -name '*.proto' 2>/dev/null)
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Reelmesh needs Python 3.11 or newer; name one with PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Preparing the environment in $(VENV) (once; a minute or so) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

# One module for each set of requirements that agree; its go.mod has the versions. A program is there whole or not at all.
.tools/%.built: tools/%/go.mod tools/%/go.sum
	@echo "Building tools/$* into $(TOOLS) (once; minutes for the large ones) ..."
	@mkdir -p $(TOOLS) .tools/made/$*
	@began=$$(date +%s); (cd tools/$* && CGO_ENABLED=0 GOWORK=off go build -trimpath -ldflags='-s -w' -o ../../.tools/made/$*/ tool) && \
		cd .tools/made/$* && { test ! -e client || mv -f client grpc-interop-client; } && \
		echo "... tools/$* after $$(($$(date +%s) - began)) s:" * && mv -f * ../../bin/
	@touch $@
