# Every verb a developer needs. The machine's own Node only starts `npm ci`; all else runs on the Node pinned in package.json.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BOOT_PATH := $(PATH)
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

# Further arguments for vitest, such as TEST_FLAGS='sidecar/src/rules --bail 1'.
TEST_FLAGS ?=
# The same for the tests on an API server, which run after all others: they must not compete for the machine.
CLUSTER_FLAGS ?= $(TEST_FLAGS)
# The same for the tests on a cluster with real pods.
E2E_FLAGS ?=
WITHOUT_CLUSTER := --project unit --project prop --project integration

.PHONY: help setup check check-types check-lint check-unused check-format check-changes \
	test-unit test test-sidecar e2e fuzz cluster cluster-down demo demo-cluster dev build images bench generate verify clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: node_modules/.setup-stamp ## install what package-lock.json pins, Node included
	@node scripts/require-node.mjs
	@bash scripts/test-programs.sh

node_modules/.setup-stamp: package-lock.json
	@PATH="$(BOOT_PATH)" npm ci --no-audit --no-fund --loglevel=error >&2
	@touch $@

check: setup ## types, lint, unused code, format (< 20 s)
	@$(MAKE) -j2 -k --output-sync=target check-types check-lint check-unused check-format check-changes
	@echo 'check: all passed'

check-types:
	@tsc -p tsconfig.json
check-lint:
	@oxlint
check-unused:
	@knip
check-format:
	@oxfmt --check
check-changes:
	@node scripts/check-changes.ts

test-unit: setup ## unit and property tests, the inner loop (< 20 s)
	@vitest run --project unit --project prop $(TEST_FLAGS)

test: setup ## everything, on real parts, a cluster with real pods among them (first: minutes)
	@status=0; \
	vitest run $(WITHOUT_CLUSTER) $(TEST_FLAGS) || status=1; \
	vitest run --project cluster $(CLUSTER_FLAGS) || status=1; \
	E2E_FLAGS='$(E2E_FLAGS)' node test/e2e/main.ts --if-possible || status=1; \
	exit $$status

test-sidecar: setup ## everything but what needs a Kubernetes API server
	@vitest run $(WITHOUT_CLUSTER) $(TEST_FLAGS)

# Further arguments, such as FUZZ_FLAGS='--seed 1 --cases 100000 --seconds 60'.
FUZZ_FLAGS ?=
fuzz: setup ## the wire's codec and whole exchanges, ten million cases (minutes)
	@node test/fuzz/main.ts $(FUZZ_FLAGS)

e2e: setup ## a whole cluster with real pods: kind, or a node of its own as root on Linux
	@E2E_FLAGS='$(E2E_FLAGS)' node test/e2e/main.ts

cluster: setup ## start a real Kubernetes API server in the background (first: minutes)
	@node test/cluster/main.ts up

cluster-down: setup ## stop it
	@node test/cluster/main.ts down

demo: setup ## watch the sidecar protect the sample service
	@node scripts/demo/main.ts

demo-cluster: setup ## the whole story on a cluster with real pods, told live (root on Linux, or kind)
	@node test/e2e/main.ts node test/e2e/story/narrate.ts

dev: setup ## run the sample service with stand-ins for all around it, and print lines to try
	@node scripts/dev.ts

build: setup ## one file per program, as images hold them, in dist/
	@node scripts/bundle.ts

# Further arguments, such as IMAGE_FLAGS='--tag dev sidecar operator'.
IMAGE_FLAGS ?=
images: build ## container images, by Docker or buildah, and as files in dist/images/
	@node scripts/images/main.ts --save dist/images $(IMAGE_FLAGS)

bench: build ## cost beside peers; writes bench/results/ (about 31 minutes, on a quiet machine)
	@node bench/run.ts

generate: setup ## write what is derived from the code: docs/*.md, crds/*.yaml
	@node scripts/generate.ts

verify: setup ## fail where a generated file differs from what the code says
	@node scripts/verify.ts

clean: ## remove what the verbs above have made, dependencies included
	@rm -rf node_modules .cache coverage dist
