# `make help` lists the targets. Another Python has an environment of its own: `make test PYTHON=python3.13`.
PYTHON := python3
# Not handed on to the builds of the functions, which have a variable of that name.
MAKEOVERRIDES :=
VENV := .venv$(if $(filter-out python3,$(PYTHON)),-$(notdir $(PYTHON)))
VENV_PYTHON := $(VENV)/bin/python
RUN_READY := $(VENV)/.installed
DEV_READY := $(VENV)/.installed-dev
# Every class of ours, every parser, every database, and the programs as they are started.
SHORT_TESTS := tests/test_subclasses.py tests/collector/bambui/test_messages.py tests/collector/test_app.py \
	tests/functions/shared/messages tests/infra/local tests/e2e/test_program.py tests/e2e/test_films.py
# Three more than there are processors: prints are played in real time, and most of that is waiting.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 3)

# Compiled modules are kept whatever the environment says: without them every worker rewrites every test's assertions.
PYTEST = PYTHONDONTWRITEBYTECODE= $(VENV_PYTHON) -m pytest

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV_PYTHON):
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is needed: sudo apt-get install python3-venv"; rm -rf $(VENV); exit 1; }

# Exactly what the locks name, to the hash of each file, and wheels only: nobody's set-up script runs here.
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check
LOCKED := --require-hashes --only-binary :all: --no-deps
THIS_PACKAGE := --no-deps --no-build-isolation --editable .

$(RUN_READY): pyproject.toml infra/locks/build.txt infra/locks/run.txt | $(VENV_PYTHON)
	@echo "Installing (once, about a minute) ..."
	@$(VENV_PYTHON) $(PIP_INSTALL) $(LOCKED) -r infra/locks/build.txt -r infra/locks/run.txt
	@$(VENV_PYTHON) $(PIP_INSTALL) $(THIS_PACKAGE)
	@touch $@

$(DEV_READY): pyproject.toml infra/locks/build.txt infra/locks/dev.txt | $(VENV_PYTHON)
	@$(VENV_PYTHON) $(PIP_INSTALL) $(LOCKED) -r infra/locks/build.txt -r infra/locks/dev.txt
	@$(VENV_PYTHON) $(PIP_INSTALL) $(THIS_PACKAGE)
	@touch $@ $(RUN_READY)

.PHONY: run
run: $(RUN_READY) ## run everything on this machine (simulated printer unless one is configured)
	@exec $(VENV_PYTHON) -m infra.local

.PHONY: test
test: $(DEV_READY) ## the whole test suite
	$(PYTEST) -n $(WORKERS) -m "not benchmark"

.PHONY: test-short
test-short: $(DEV_READY) ## a started program with a whole print, and what differs between versions of Python
	$(PYTEST) -n $(WORKERS) $(SHORT_TESTS)

.PHONY: check
check: $(DEV_READY) ## format, lint, type-check
	$(VENV_PYTHON) -m ruff format .
	$(VENV_PYTHON) -m ruff check --fix .
	$(VENV_PYTHON) -m mypy

.PHONY: bench
bench: $(DEV_READY) ## figures of latency, memory, receive path, films and the page (minutes)
	$(VENV_PYTHON) -m pytest -m benchmark -s -p no:xdist tests/performance

.PHONY: chaos
chaos: $(DEV_READY) ## 240 random faults over simulated prints, audited, with people in the chat by turns (minutes; CHAOS='--seed 7 --commands')
	$(VENV_PYTHON) -m tests.reliability.chaos $(CHAOS)

.PHONY: fuzz
fuzz: $(DEV_READY) ## a million mutated messages and as many reports (minutes; FUZZ='--seed 7')
	$(VENV_PYTHON) -m tests.reliability.fuzz $(FUZZ)

.PHONY: soak
soak: $(DEV_READY) ## 200 printers for 20 minutes, on one machine and to the cloud (SOAK='--minutes 2')
	$(VENV_PYTHON) -m tests.reliability.soak $(SOAK)

.PHONY: validate
validate: $(DEV_READY) ## check the cloud template (needs no AWS)
	SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-us-east-1} $(VENV)/bin/sam validate
	SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-us-east-1} $(VENV)/bin/sam validate --lint

# Yours, and not git's: `sam deploy --guided` writes your answers into it.
samconfig.toml:
	@cp infra/samconfig.toml $@

.PHONY: build
build: $(DEV_READY) samconfig.toml ## build the cloud functions for arm64, into .aws-sam/
	SAM_CLI_TELEMETRY=0 PYTHON=$(CURDIR)/$(VENV_PYTHON) $(VENV)/bin/sam build

.PHONY: teardown
teardown: $(DEV_READY) ## delete the stack in the cloud (the bucket stays)
	@$(VENV_PYTHON) -m infra.teardown

.PHONY: edge-user
edge-user: $(DEV_READY) ## credentials for the collector of one site (NAME=berlin)
	@$(VENV_PYTHON) -m infra.edge_user "$(NAME)"

.PHONY: rehearse
rehearse: ## installs and releases with a real systemd, Docker, other processors, as far as they are here (root)
	@infra/rehearse.sh $(REHEARSE)

.PHONY: lock
lock: $(DEV_READY) ## renew what is installed, to the version and hash (LOCK=--keep: only what is newly asked for)
	@UV=$(VENV)/bin/uv infra/locks/renew.sh $(LOCK)

.PHONY: sbom
sbom: $(DEV_READY) ## what is installed, as CycloneDX, into build/sbom/
	@mkdir -p build/sbom
	@for lock in infra/locks/run.txt infra/locks/collector.txt infra/locks/collector-32-bit.txt functions/*/requirements.lock; do \
		name=$$(echo $$lock | sed -E 's#infra/locks/##; s#/requirements.lock##; s#/#-#g; s#\.txt$$##'); \
		PYTHONWARNINGS=ignore $(VENV)/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible --of JSON \
			-o build/sbom/$$name.json $$lock || exit 1; \
	done; ls build/sbom/*.json

.PHONY: cost
cost: $(DEV_READY) ## what a month in the cloud costs, counted by a simulation
	@$(VENV_PYTHON) -m tests.performance.cost

.PHONY: scale
scale: $(DEV_READY) ## an hour of 20,000 printers in the cloud (minutes; SCALE='--printers 2000')
	@$(VENV_PYTHON) -m tests.performance.scale $(SCALE)
