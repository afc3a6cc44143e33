# The commands of everyday work. Each one sets up what it needs on a machine with make and Python 3.11, 3.12 or 3.13.
PORT ?= 3000
# The first that runs and can make environments, on the path or as pyenv installs it; `make PYTHON=...` names another.
PYTHON ?= $(shell for version in 3.11 3.12 3.13; do \
    for python in python$$version "$(HOME)"/.pyenv/versions/$$version.*/bin/python$$version; do \
      "$$python" -c 'import ensurepip, venv' >/dev/null 2>&1 && echo "$$python" && exit; \
    done; \
  done)
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help install run test test-deep tools tools-terraform tools-caddy tools-checkov test-bigquery lint types format generate screenshots clean

help:  ## Show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: $(VENV)/.installed  ## Make the environment

$(VENV)/.installed: setup.cfg pyproject.toml constraints.txt
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV) 2>/dev/null || { rm -rf $(VENV); \
	  echo "Python 3.11, 3.12 or 3.13 with its module venv is needed. Install one, or name yours: make PYTHON=..."; exit 1; }
	@echo "Installing strava_assets into $(VENV) with $$($(BIN)/python --version) (a few minutes the first time) ..."
	@$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

run: install  ## Start everything: sandbox if needed, first sync, the Dagster UI (PORT=3000)
	@exec $(BIN)/strava-assets up --port $(PORT)

test: install  ## Run every test that needs no cloud
	$(BIN)/python -m pytest -n 2 --dist loadgroup

test-deep: install  ## Run all tests at full depth: kills in every step, full disks, the changes of CONTRIBUTING
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "" --all-examples

tools:  ## Install what some tests ask for: a BigQuery emulator and Google's SQL analyzer
	@for python in python3.13 $(HOME)/.pyenv/versions/3.13.*/bin/python3.13; do \
	  $$python --version >/dev/null 2>&1 && break; python=; done; \
	if [ -z "$$python" ]; then \
	  echo "Python 3.13 is not here: the BigQuery emulator is left out, and the tests that need it skip."; \
	else \
	  echo "Installing the BigQuery emulator into .tools/local-bigquery ..."; \
	  $$python -m venv .tools/local-bigquery && .tools/local-bigquery/bin/pip install --quiet \
	    --disable-pip-version-check --no-deps -r strava_assets_tests/warehouse/emulator-requirements.txt; \
	fi
	@echo "Installing Google's SQL analyzer into .tools/googlesql and compiling it (a minute, once) ..."
	@$(PYTHON) -m venv .tools/googlesql
	@.tools/googlesql/bin/pip install --quiet --disable-pip-version-check --no-deps \
	  -r strava_assets_tests/parity/googlesql-requirements.txt
	@echo '{"tables": {}, "statements": []}' | .tools/googlesql/bin/python \
	  strava_assets_tests/parity/googlesql_program.py >/dev/null

tools-terraform:  ## Build OpenTofu and get the schema of Google's provider, for tests (Go 1.26; some minutes, once)
	@mkdir -p .tools/tofu .tools/google-provider
	@cp strava_assets_tests/deploy/tofu.mod .tools/tofu/go.mod
	@echo "Building OpenTofu in .tools/tofu ..."
	@cd .tools/tofu && GOFLAGS=-mod=mod go build -o tofu github.com/opentofu/opentofu/cmd/tofu
	@echo "Reading the schema of Google's provider ..."
	@$(PYTHON) -m pip download --quiet --disable-pip-version-check --no-deps --dest .tools/google-provider \
	  cdktf-cdktf-provider-google==16.12.1
	@$(PYTHON) strava_assets_tests/deploy/provider_schema.py .tools/google-provider/*.whl
	@rm .tools/google-provider/*.whl

tools-caddy:  ## Build Caddy, for the test of the proxy (Go 1.24; some minutes, once)
	@mkdir -p .tools/caddy
	@echo "Building Caddy in .tools/caddy ..."
	@GOBIN=$(CURDIR)/.tools/caddy go install github.com/caddyserver/caddy/v2/cmd/caddy@v2.10.2

tools-checkov:  ## Install the policy scanner that a test holds the Terraform to
	@$(PYTHON) -m venv .tools/checkov
	@.tools/checkov/bin/pip install --quiet --disable-pip-version-check checkov==3.3.30

test-bigquery: install  ## Try a real project: every mart dry, one for real, in a scratch dataset (PROJECT=...)
	BIGQUERY_TEST_PROJECT=$(PROJECT) $(BIN)/python -m pytest -rs strava_assets_tests/parity/test_real_project.py \
	  -k real_project_takes

lint: install  ## Check style and the doors between the rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: install  ## Check types
	$(BIN)/mypy

format: install  ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

generate: install  ## Write the compiled marts, the data dictionary and the page's script anew
	$(BIN)/python -m strava_assets.marts.compile
	$(BIN)/python -c "from strava_assets.report.vega import write_script; write_script()"

screenshots: install  ## Take the pictures of the README from the running platform
	$(BIN)/python docs/screenshots.py

clean:  ## Remove the environment and what tools left behind (never ./data)
	rm -rf $(VENV) .tools build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis htmlcov
