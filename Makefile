# The map of this repository: `make help`.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

CACHE := $(or $(APPINSTANCE_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/appinstance)
UV_VERSION := 0.13.9
# uv from PATH if there is one, else one of our own in the cache.
UV = $(shell command -v uv || echo $(CACHE)/uv/bin/uv)
RUN = $(UV) run --frozen
LOCAL = $(RUN) platform-local

export APPINSTANCE_BIN ?= $(CACHE)/bin

.PHONY: help
help: ## Show this map
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z0-9-]+:.*## / {printf "  \033[36mmake %-17s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ The three commands

.PHONY: demo
demo: setup ## From nothing to a running AppInstance on a local cluster
	@$(LOCAL) demo

.PHONY: demo-aws
demo-aws: setup ## The whole way without AWS: terraform apply, its chart, an AppInstance, a browser, destroy
	@$(LOCAL) test aws

.PHONY: test
test: setup lint ## All checks and tests, the cluster's too (what CI runs)
	@$(LOCAL) test

##@ Day to day

.PHONY: setup
setup: ## Install uv (if missing) and the Python environment
	@if ! command -v uv >/dev/null && ! test -x $(CACHE)/uv/bin/uv; then \
	  command -v python3 >/dev/null || { echo "error: install Python 3.11 or newer" >&2; exit 1; }; \
	  echo "installing uv $(UV_VERSION) into the cache"; \
	  python3 -m venv $(CACHE)/uv || { echo "error: install Python's venv module (apt-get install python3-venv)" >&2; exit 1; }; \
	  $(CACHE)/uv/bin/pip install --quiet uv==$(UV_VERSION); \
	fi
	@$$(command -v uv || echo $(CACHE)/uv/bin/uv) sync --frozen --all-packages --quiet

.PHONY: app
app: setup ## Serve the app and its page alone, with the file store (http://127.0.0.1:8000)
	@USE_FILE_STORAGE=true APP_ENVIRONMENT=development APP_STATIC_DIR=app/frontend/site \
	  $(RUN) appinstance-app serve

.PHONY: test-unit
test-unit: setup ## Tests that need no other process, the simulator's too (4 min)
	@$(RUN) pytest -q -n 2 -m "not integration and not e2e and not terraform"

.PHONY: coverage
coverage: setup ## Which lines the tests of `make test-unit` run; fails below the floor of pyproject.toml (slow)
	@rm -rf .coverage
	@$(RUN) coverage run -m pytest -q -n 2 -m "not integration and not e2e and not terraform" \
	  --simulator-steps 3000 --timeout 1200
	@$(RUN) coverage combine --quiet
	@$(RUN) coverage report

.PHONY: test-integration
test-integration: setup ## Tests against a real API server, MariaDB, moto and Chromium; no cluster
	@$(LOCAL) test integration

.PHONY: screenshots
screenshots: setup ## Write docs/page-*.png anew: the page in Chromium, light and dark
	@PYTHONPATH=tests $(RUN) python -m app.frontend.screenshots

.PHONY: simulator
simulator: setup ## Ten times the simulator's steps of `make test`, on both cores (20 min)
	@$(RUN) pytest -q -n 2 tests/simulator --simulator-steps 1000000 --simulator-seed 1000

.PHONY: mutants
mutants: setup ## Seed bugs into copies of the operator: the fast suites must find each (20 minutes)
	@PYTHONPATH=tests $(RUN) python -m simulator.mutation

.PHONY: terraform-test
terraform-test: setup ## Tests of terraform/: each module, mutations, and an apply without AWS
	@$(LOCAL) test terraform

.PHONY: facts
facts: setup ## Which pinned facts (Kubernetes' support, add-ons, calls) end within 60 days
	@$(LOCAL) facts

.PHONY: terraform-golden
terraform-golden: setup ## Write the table of every right anew, from a fresh apply (look at its diff)
	@$(LOCAL) test terraform-golden

.PHONY: push
push: setup ## Build the images and push them to ECR: make push TO=<image_prefix> [DRY_RUN=1]
	@$(LOCAL) push "$(TO)" $(if $(DRY_RUN),--dry-run)

.PHONY: version
version: setup ## Write a version everywhere and cut its changelog: make version VERSION=1.2.3
	@$(LOCAL) version "$(VERSION)"

.PHONY: release
release: setup ## Build, push and sign the version that is checked out (docs/release.md)
	@$(LOCAL) release "$(VERSION)" --to "$(TO)" --key "$(KEY)" --platforms "$(PLATFORMS)" --images "$(IMAGES)"

.PHONY: terraform-docs
terraform-docs: setup ## Write the tables of inputs, outputs and costs into the READMEs of terraform/
	@$(RUN) python terraform/hack/readme.py
	@$(RUN) python terraform/hack/costs.py

.PHONY: test-e2e
test-e2e: setup ## Tests on the local cluster (brought up if it is not)
	@$(LOCAL) test e2e

.PHONY: lint
lint: setup ## ruff, mypy strict, import-linter
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .
	@$(RUN) mypy
	@$(RUN) lint-imports

.PHONY: fmt
fmt: setup ## Format and fix what can be fixed
	@$(RUN) ruff check --fix .
	@$(RUN) ruff format .

.PHONY: golden
golden: setup ## Write the golden files anew (look at the diff before you commit it)
	@$(RUN) pytest -q tests/operator tests/charts --update-golden

.PHONY: manifests
manifests: setup ## Write what is derived: copies of the CRD, the charts' schemas, manifests/operator
	@$(RUN) python charts/hack/generate.py

.PHONY: app-docs
app-docs: setup ## Write docs/app-settings.md and docs/problems.md, which are derived from the app
	@$(RUN) python app/hack/docs.py

.PHONY: reference
reference: setup ## Write the pages derived from the code: docs/reference, the charts' READMEs, the index of decisions
	@PYTHONPATH=docs/hack $(RUN) python -m reference_pages

.PHONY: recording
recording: setup ## Record `make demo` anew and draw it: docs/pictures/demo.cast, demo.svg (best after `make cluster-down`)
	@$(RUN) python docs/hack/recording.py record docs/pictures/demo.cast "make demo"

.PHONY: docs
docs: setup ## Build the documentation's site into site/, strictly
	@NO_MKDOCS_2_WARNING=1 $(RUN) mkdocs build --strict

.PHONY: wheel
wheel: setup ## Build the command line's wheel into dist/ (operator/README.md)
	@$(UV) build --quiet --wheel --package appinstance-operator -o dist

.PHONY: bench
bench: setup ## Measure 100 and 500 instances, then 1,000; writes docs/performance.md (10 min)
	@PYTHONPATH=tests $(RUN) python -m bench --write docs/performance.md

.PHONY: soak
soak: setup ## An hour of changes: does the operator's memory grow? Writes docs/performance-soak.md
	@PYTHONPATH=tests $(RUN) python -m bench.soak --write docs/performance-soak.md

.PHONY: bench-large
bench-large: setup ## Measure 5,000 instances; writes docs/performance-large.md
	@PYTHONPATH=tests $(RUN) python -m bench.large --write docs/performance-large.md

.PHONY: bench-app
bench-app: setup ## Measure the app beside others; writes docs/performance-app.md (5 min)
	@PYTHONPATH=tests $(RUN) python -m bench.app --write docs/performance-app.md

##@ The local cluster

.PHONY: cluster-up
cluster-up: setup ## Bring the cluster up with everything the platform needs
	@$(LOCAL) up

.PHONY: cluster-down
cluster-down: setup ## Take it away: no process, bridge or nft table stays
	@$(LOCAL) down

.PHONY: env
env: setup ## Print what a shell needs to reach it (KUBECONFIG, PATH, engine): eval "$(make env)"
	@$(LOCAL) env

.PHONY: images
images: setup ## Build backend, frontend and operator, and load them into the cluster
	@$(LOCAL) images

.PHONY: build
build: setup ## Build the cluster's binaries from pinned Go modules (kept in the cache)
	@$(LOCAL) build

.PHONY: lock-tools
lock-tools: setup ## After a version changed in local/tools/go.mod: resolve the parts' requirements anew
	@cd local/tools && sed -n '/require (/,/)/p' go.mod | awk 'NF==2 && $$2!="(" {print $$1"@"$$2}' | xargs -n1 go mod download
	@$(LOCAL) relock kubernetes etcd calico external-secrets
