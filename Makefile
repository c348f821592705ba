# `make help` lists the targets.
VENV := .venv
PYTHON := $(VENV)/bin/python
RUN_READY := $(VENV)/.installed
DEV_READY := $(VENV)/.installed-dev
WORKERS ?= auto

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(PYTHON):
	@python3 -m venv $(VENV) || { echo "Python's venv module is needed: sudo apt-get install python3-venv"; rm -rf $(VENV); exit 1; }

$(RUN_READY): pyproject.toml | $(PYTHON)
	@echo "Installing (once, about a minute) ..."
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(DEV_READY): pyproject.toml | $(PYTHON)
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(RUN_READY)

.PHONY: run
run: $(RUN_READY) ## run everything on this machine (simulated printer unless one is configured)
	@exec $(PYTHON) -m infra.local

.PHONY: test
test: $(DEV_READY) ## the whole test suite
	$(PYTHON) -m pytest -n $(WORKERS) -m "not benchmark"

.PHONY: check
check: $(DEV_READY) ## format, lint, type-check
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m mypy

.PHONY: bench
bench: $(DEV_READY) ## figures of latency, memory, receive path and films (minutes)
	$(PYTHON) -m pytest -m benchmark -s -p no:xdist tests/performance

.PHONY: chaos
chaos: $(DEV_READY) ## 240 random faults over simulated prints, audited (minutes; CHAOS='--seed 7')
	$(PYTHON) -m tests.reliability.chaos $(CHAOS)

.PHONY: fuzz
fuzz: $(DEV_READY) ## a million mutated messages and as many reports (minutes; FUZZ='--seed 7')
	$(PYTHON) -m tests.reliability.fuzz $(FUZZ)

.PHONY: soak
soak: $(DEV_READY) ## 200 printers for 20 minutes, on one machine and to the cloud (SOAK='--minutes 2')
	$(PYTHON) -m tests.reliability.soak $(SOAK)

.PHONY: validate
validate: $(DEV_READY) ## check the cloud template (needs no AWS)
	SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-us-east-1} $(VENV)/bin/sam validate
	SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-us-east-1} $(VENV)/bin/sam validate --lint

.PHONY: build
build: $(DEV_READY) ## build the cloud functions for arm64, into .aws-sam/
	SAM_CLI_TELEMETRY=0 PYTHON=$(CURDIR)/$(PYTHON) $(VENV)/bin/sam build

.PHONY: cost
cost: $(DEV_READY) ## what a month in the cloud costs, counted by a simulation
	@$(PYTHON) -m tests.performance.cost
