# make help lists the targets. All of them work on a machine that has Go, gcc,
# make, python3 and node (with npm) and nothing else: what is missing is
# installed into build/, in the versions that the lock files name.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# Where the tools and the client suites are installed. Another checkout on the
# same machine may share it.
BUILD ?= build
PYTHON ?= python3
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

clients := test/clients
python := $(abspath $(BUILD))/python
node_modules := $(abspath $(BUILD))/js/node_modules
tool := go tool -modfile=tools/go.mod

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/bespoke
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/bespoke ./cmd/bespoke

.PHONY: demo
demo: build ## the whole story on a data set that ships with the project
	bin/bespoke demo

# ---- tests -----------------------------------------------------------------

# -count=1: what the clients are run against is built by the tests, out of the
# sight of the go command's cache of results.

.PHONY: test
test: $(python)/stamp $(node_modules)/stamp ## all tests, with boto3, the AWS CLI and the AWS SDK for JavaScript
	CGO_ENABLED=0 BESPOKE_PYTHON=$(python)/bin/python BESPOKE_NODE_MODULES=$(node_modules) BESPOKE_TEST_MOTO=$(python)/bin/moto_server \
		go test -count=1 -timeout 15m $(TESTFLAGS) ./...

requirements := $(clients)/python/requirements.txt test/lake/requirements.txt test/blob/requirements.txt

$(python)/stamp: $(requirements) $(clients)/python/install.py
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is missing; install Python 3.10 or newer, or set PYTHON" >&2; exit 1; }
	$(PYTHON) $(clients)/python/install.py $(python) $(requirements)
	@touch $@

$(node_modules)/stamp: $(clients)/js/package.json $(clients)/js/package-lock.json $(clients)/js/.npmrc
	@command -v node >/dev/null || { echo "make: node is missing; install Node.js 18 or newer" >&2; exit 1; }
	@command -v npm >/dev/null || { echo "make: npm is missing; it comes with Node.js from nodejs.org, and as the package npm in Debian" >&2; exit 1; }
	mkdir -p $(@D)/..
	cp $^ $(@D)/..
	cd $(@D)/.. && npm ci --no-audit --no-fund
	@touch $@

# ---- checks ----------------------------------------------------------------

.PHONY: check
check: check-format check-vet check-lint check-tidy check-generate check-fix check-vulns check-race ## the checks beside the tests

.PHONY: check-format
check-format: ## gofmt changes nothing
	@files=$$(gofmt -l .); if [ -n "$$files" ]; then echo "make: gofmt would change: $$files" >&2; exit 1; fi

.PHONY: check-vet
check-vet: ## go vet, of the benchmarks too
	go vet ./...
	go -C bench vet ./...

.PHONY: check-lint
check-lint: ## staticcheck
	$(tool) staticcheck ./...

# Tidying looks at the tests of dependencies too. Where the module cache has them
# all, the network is not asked.
.PHONY: check-tidy
check-tidy: ## go.mod lists what the code uses and nothing else
	@for module in . bench; do \
		GOPROXY=off go -C $$module mod tidy -diff >/dev/null 2>&1 || go -C $$module mod tidy -diff; \
	done

.PHONY: check-generate
check-generate: ## go generate changes nothing
	@state() { git diff HEAD | git hash-object --stdin; git status --porcelain; }; \
	before=$$(state); go generate ./...; \
	if [ "$$before" != "$$(state)" ]; then echo "make: go generate changes files; commit what it made:" >&2; git status --short >&2; exit 1; fi

.PHONY: check-fix
check-fix: ## go fix changes nothing
	go fix -diff ./...

# A finding fails the check. A database that cannot be reached does not: the
# other checks still count on a machine without the network.
.PHONY: check-vulns
check-vulns: ## govulncheck
	@code=0; out=$$($(tool) govulncheck ./... 2>&1) || code=$$?; \
	if [ $$code -ne 0 ] && [[ "$$out" == *"fetching vulnerabilities"* ]]; then \
		echo "govulncheck: not checked: database unreachable"; echo "$$out" | tail -n 1; \
	else echo "$$out"; exit $$code; fi

.PHONY: check-race
check-race: ## the short tests under the race detector
	go test -race -short -timeout 20m ./...

# ---- the rest ----------------------------------------------------------------

.PHONY: bench-events
bench-events: build ## signed PutEvents from 16 connections: events/s, p50, p99, synced writes/s
	cd bench && CGO_ENABLED=0 go run ./events $(BENCHFLAGS)

.PHONY: bench-import
bench-import: build ## imports beside DuckDB doing the like; FULL=1 adds 100 million rows
	cd bench && go run . $(if $(FULL),-full) $(BENCHFLAGS)

models_python := $(abspath $(BUILD))/models-python

$(models_python)/stamp: bench/models/requirements.txt $(clients)/python/install.py
	$(PYTHON) $(clients)/python/install.py $(models_python) bench/models/requirements.txt
	@touch $@

.PHONY: bench-models
bench-models: build $(models_python)/stamp ## recipes beside EASE, a training through a server, and ALS beside the Python package implicit; DATA=a.csv,b.csv for other data
	cd bench && CGO_ENABLED=0 go run ./models -data '$(DATA)' -bespoke ../bin/bespoke -python $(models_python)/bin/python $(BENCHFLAGS)

.PHONY: bench-serve
bench-serve: build ## GetRecommendations beside a bare net/http handler
	cd bench && go run ./serve $(BENCHFLAGS)

.PHONY: clean
clean: ## remove what the other targets have made
	rm -rf bin $(BUILD)
