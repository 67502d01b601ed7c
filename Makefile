# Two commands on a fresh machine: make demo, make test. Each sets up what it needs: .venv, in which everything runs but
# what pins an old boto3 or botocore: the AWS CLI that printed commands are proven with, in .venv-awscli, and the tests of the
# checks for checkov, in .venv-checkov.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CHECKOV := .venv-checkov
AWSCLI := .venv-awscli
USERS := .venv-users
export PIP_CONSTRAINT := $(CURDIR)/constraints/dev.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Two workers: enough for two cores, and no more memory than a small machine has.
WORKERS ?= 2
# A module's tests run in one worker, which makes what they share once; the modules that take longest begin first
# (tests/budgets.py), so that no worker waits for another at the end.
SHARED := --dist loadfile --no-loadscope-reorder
# COVERAGE=1 make test: which lines and branches the tests reach is measured, which takes time.
COVERAGE ?=

.PHONY: help demo test quick test-checkov check bench docs fuzz sbom vulnerabilities clean

help: ## What each command does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.demo ## Audit the embedded simulated account; writes ./audit-report/report.html
	@$(BIN)/auditor demo --output audit-report
	@echo "Open: file://$(CURDIR)/audit-report/report.html"

test: $(VENV)/.dev $(AWSCLI)/.ready test-checkov ## Run the tests (browser tests need Chromium, else they are skipped)
	$(BIN)/python tools/check_scripts.py --install
	env -u AUDITOR_REQUIRE_CHECKOV \
	  $(BIN)/python -m pytest -n $(WORKERS) $(SHARED) $(if $(COVERAGE),--cov --cov-report=term:skip-covered)

quick: $(VENV)/.dev ## Run the tests that your change most likely breaks, within two minutes; says what was left out
	WORKERS=$(WORKERS) $(BIN)/python tools/quick.py

test-checkov: $(CHECKOV)/.ready $(VENV)/.dev ## Run the tests of the checks for checkov, in an environment of their own (the CDK comes from .venv)
	AUDITOR_REQUIRE_CHECKOV=1 $(CHECKOV)/bin/python -m pytest -n $(WORKERS) $(SHARED) tests/checkov_checks

fuzz: $(VENV)/.dev ## Run the tests with drawn input for hours, on fifty times what CI draws
	HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest -n $(WORKERS) -m hypothesis tests

check: $(VENV)/.dev ## Lint, format, types (of the report's scripts as well, where there is Node.js), rule cases, generated docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tools/check_scripts.py
	$(BIN)/auditor rules test
	$(BIN)/python tools/generate_docs.py --check

bench: $(VENV)/.dev $(CHECKOV)/.ready ## Measure; the figures in docs/figures.md come from here
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/check_snapshot.py
	$(BIN)/python benchmarks/live_audit.py
	$(BIN)/python benchmarks/html_report.py
	$(BIN)/python benchmarks/formats.py
	$(BIN)/python benchmarks/history.py
	$(BIN)/python benchmarks/names.py
	$(BIN)/python benchmarks/drift.py
	$(BIN)/python benchmarks/bombs.py
	$(CHECKOV)/bin/python benchmarks/scan_templates.py

docs: $(VENV)/.dev ## Write the generated docs and the pictures
	$(BIN)/python tools/generate_docs.py
	$(BIN)/auditor demo --quiet --format html --output out/docs
	$(BIN)/python tools/screenshots.py out/docs/report.html docs/images

sbom: $(VENV)/.dev ## Write dist/sbom.cdx.json (CycloneDX): what an installation with constraints/users.txt consists of
	rm -rf $(USERS)
	$(PYTHON) -m venv --without-pip $(USERS)
	PIP_CONSTRAINT= $(BIN)/python -m pip --python $(USERS)/bin/python install --quiet -c constraints/users.txt .
	@mkdir -p dist
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible -o dist/sbom.cdx.json $(USERS)/bin/python

vulnerabilities: $(VENV)/.dev ## Ask the Python advisory database about the versions in constraints/ (needs the network)
	$(BIN)/pip-audit --no-deps --disable-pip -r constraints/users.txt
	$(BIN)/pip-audit --no-deps --disable-pip -r constraints/checkov.txt

clean: ## Remove what make has made
	rm -rf $(VENV) $(CHECKOV) $(AWSCLI) $(USERS) dist node_modules out audit-report .pytest_cache .mypy_cache .ruff_cache .coverage*

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(AWSCLI)/.ready: constraints/awscli.txt
	$(PYTHON) -m venv $(AWSCLI)
	PIP_CONSTRAINT=$(CURDIR)/constraints/awscli.txt $(AWSCLI)/bin/python -m pip install --quiet awscli
	@touch $@

$(VENV)/.demo: $(BIN)/python pyproject.toml constraints/dev.txt
	$(BIN)/python -m pip install --quiet -e '.[demo]'
	@touch $@

$(VENV)/.dev: $(BIN)/python pyproject.toml constraints/dev.txt
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	@touch $@ $(VENV)/.demo

# The constraints stand on the command line, since those of the environment hold for build requirements as well: checkov
# wants an older packaging than hatchling does.
$(CHECKOV)/.ready: pyproject.toml constraints/checkov.txt
	test -x $(CHECKOV)/bin/python || $(PYTHON) -m venv $(CHECKOV)
	PIP_CONSTRAINT= $(CHECKOV)/bin/python -m pip install --quiet -c constraints/checkov.txt \
	  -e '.[checkov]' hypothesis pytest pytest-xdist
	@touch $@
