# Pelmeni's commands. `make run` and `make test` are enough for a start; each
# installs missing packages first (see .ci/setup). `make help` lists the others.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PREFIX ?= /usr/local
DESTDIR ?=
BENCH ?=
CLIENTS ?=
SEEDS ?= 10000
SEEDS_LONG ?= 200000
SWIFT ?= swift
CFLAGS ?= -O2

# The arguments of `pelmeni run` for `make run`. They pass through the environment, so
# that the `&` of a URL's query reaches the program and not the shell.
ARGS ?=
export ARGS

RELEASE := .build/release
FORMATTED := Sources Tests Package.swift Benchmarks/Sources Benchmarks/Package.swift
RESULTS := Benchmarks/results
# The result of `make figures` and `make report`: the newest whole one by default.
RESULT ?= $(lastword $(sort $(wildcard $(RESULTS)/*Z.json)))
PROTOTYPES := Benchmarks/.build/prototypes
BENCH_MARK := $(if $(findstring --quick,$(BENCH)),-quick,-partial)
STATIC := .build-static
STATIC_BINARY := $(STATIC)/release/pelmeni
EXAMPLES := uppercase-server card-redactor dns-rewriter client-tee redis-guard allow-list chat-server \
	sequenced-client fixed-http http-gate http-rewriter relay-service tested-protocol
# PelmeniCore and PelmeniRuntime are a part of Pelmeni, which exports their public symbols.
DOCUMENTED := Pelmeni PelmeniHTTP PelmeniICMP PelmeniTesting PelmeniLogging PelmeniMetrics PelmeniServiceLifecycle \
	PelmeniHTTPTypes

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: setup
setup: ## install the packages for building and testing
	@.ci/setup test

.PHONY: setup-build
setup-build:
	@.ci/setup build

.PHONY: run
run: setup-build ## the demonstration; with ARGS="tcp://:8080 tcp://host:80", a relay
	@$(SWIFT) build -c release --product pelmeni >&2
	@set -f; if [[ -z "$$ARGS" ]]; then exec $(RELEASE)/pelmeni demo; else exec $(RELEASE)/pelmeni run $$ARGS; fi

.PHONY: release
release: setup-build
	$(SWIFT) build -c release --product pelmeni
	$(SWIFT) build -c release --product pelmeni-simulator

# One at a time and in this order: two builds in one folder wait for each other.
.PHONY: test
test: setup ## all checks of a change, within 20 minutes on two cores
	$(MAKE) lint
	$(MAKE) release
	$(SWIFT) test
	$(MAKE) check-hot
	$(MAKE) hook-memory
	$(MAKE) examples
	$(MAKE) embedder
	$(MAKE) conformance
	$(MAKE) docs
	$(RELEASE)/pelmeni-simulator --seeds $(SEEDS)

# Swift Testing's own glue leaks, so the leak sanitizer stays off.
.PHONY: test-long
test-long: setup ## more seeds, each cut of a stream, fuzzing, then the tests under two sanitizers
	$(MAKE) release
	$(RELEASE)/pelmeni-simulator --seeds $(SEEDS_LONG)
	PELMENI_LONG=1 $(SWIFT) test --filter HookCutTests
	$(MAKE) hummingbird
	$(MAKE) http-clients CLIENTS=--long
	$(MAKE) fuzz
	ASAN_OPTIONS=detect_leaks=0 $(SWIFT) test --sanitize address --scratch-path .build-asan
	$(SWIFT) test --sanitize thread --scratch-path .build-tsan

# Each example starts its own upstream, and skips a backend that the kernel refuses.
.PHONY: examples
examples: setup-build ## build the example programs, and run their checks on both backends
	@for name in $(EXAMPLES); do $(SWIFT) build -c release --product $$name; done
	@for name in $(EXAMPLES); do for backend in io_uring epoll; do \
		echo -n "$$name --check --backend $$backend: "; \
		$(RELEASE)/$$name --check --backend $$backend; \
	done; done

.PHONY: embedder
embedder: setup-build ## build and run a package outside this one, and prove that misuse does not compile
	python3 Tests/Embedder/check.py

.PHONY: lint
lint: ## check the format and the style rules of every Swift file, and that planted faults fit
	$(SWIFT) format lint --strict -r -p $(FORMATTED)
	python3 Tests/Mutants/mutants.py --check

.PHONY: format
format: ## rewrite every Swift file in the project's format
	$(SWIFT) format -i -r -p $(FORMATTED)

.PHONY: check-hot
check-hot: release ## prove that the workers' loops neither count references nor allocate, nor the HTTP proxy
	python3 Tests/HotLoop/check-hot.py --self-test
	python3 Tests/HotLoop/check-hot.py $(RELEASE)/pelmeni

.PHONY: hook-memory
hook-memory: setup-build ## prove what hooks cost in memory: allocations, sessions, endless edits
	$(SWIFT) build -c release --product hook-memory
	python3 Tests/HookMemory/check.py $(RELEASE)/hook-memory

# Debian's Python, which has Debian's h11.
.PHONY: conformance
conformance: release ## judge the HTTP proxy by byte-exact cases, each cut at many places
	/usr/bin/python3 Tests/HTTPConformance/check.py $(RELEASE)/pelmeni

# CLIENTS="--only curl", CLIENTS=--long.
.PHONY: http-clients
http-clients: release ## real clients and origins, and faults, through the HTTP proxy, in a minute
	@.ci/setup clients
	/usr/bin/python3 Tests/HTTPClients/check.py $(RELEASE)/pelmeni $(CLIENTS)

# A package of its own, for the checks of http-clients. It takes minutes.
.PHONY: hummingbird
hummingbird: setup-build
	$(SWIFT) build -c release --package-path Tests/HTTPClients/hummingbird-origin --scratch-path .build-hummingbird

.PHONY: fuzz
fuzz: setup-build ## run the fuzz targets of HTTP for a minute each: heads, chunks, whole connections
	Tests/HTTPFuzz/fuzz.sh 60

.PHONY: mutants
mutants: setup ## plant faults in the engine, and see the simulator find each; half an hour
	python3 Tests/Mutants/mutants.py

# Not `release`: the simulator is not measured. A whole run with the defaults and without an
# error loses its mark; a marked result stays out of git, and `make figures` does not take
# it. Pages stay out of git too: `make report` makes them from the JSON.
.PHONY: bench
bench: ## CPU, latency and memory beside HAProxy, nginx and SwiftNIO; BENCH=--quick for a look
	@.ci/setup bench
	$(SWIFT) build -c release --product pelmeni
	$(SWIFT) build -c release --package-path Benchmarks --product nio-relay
	@$(MAKE) prototypes
	@mkdir -p $(RESULTS)
	@name="$(RESULTS)/$$(date -u +%Y%m%dT%H%M%SZ)"; mark="$(BENCH_MARK)"; \
	$(RELEASE)/pelmeni bench --peers Benchmarks/peers.yaml --targets Benchmarks/targets.yaml \
		--json "$$name$$mark.json" --html "$$name$$mark.html" $(BENCH); \
	if [[ -n "$(if $(strip $(BENCH)),,whole)" ]]; then \
		for kind in json html; do mv "$$name$$mark.$$kind" "$$name.$$kind"; done; mark=; \
	fi; \
	echo "stored: $$name$$mark.json, and a page beside it"

# BENCH narrows it: BENCH="--subjects io_uring+noop,epoll+noop,mitmproxy --rounds 12".
.PHONY: bench-hooks
bench-hooks: ## what hooks cost, and a no-op hook beside mitmproxy with a no-op addon
	@.ci/setup bench
	@$(SWIFT) build -c release --product pelmeni >&2
	$(RELEASE)/pelmeni bench hooks --peers Benchmarks/hook-peers.yaml $(BENCH)

# With sanitizers, or for another machine: CFLAGS=...
.PHONY: prototypes
prototypes:
	@mkdir -p $(PROTOTYPES)
	@for name in relay_epoll udp_epoll relay_uring udp_uring; do \
		$(CC) $(CFLAGS) Benchmarks/prototypes/$$name.c -o $(PROTOTYPES)/$$name \
			$$(pkg-config --cflags --libs liburing); \
	done

.PHONY: stored-result
stored-result: setup-build
	@[[ -n "$(RESULT)" ]] || { echo "no whole result is stored: run 'make bench' first" >&2; exit 1; }
	@$(SWIFT) build -c release --product pelmeni >&2

.PHONY: report
report: stored-result ## the page of the newest whole result of `make bench`, with plots
	@$(RELEASE)/pelmeni bench-page "$(RESULT)" "$(RESULT:.json=.html)" --targets Benchmarks/targets.yaml
	@echo "page: $(RESULT:.json=.html)"

.PHONY: figures
figures: stored-result ## put the newest whole result of `make bench` into the docs
	@$(RELEASE)/pelmeni bench-figures "$(RESULT)" docs/measurements/figures.md \
		--headline README.md --targets Benchmarks/targets.yaml

.PHONY: docs
docs: ## the API's pages, in .build/docs; fails on a warning and on an undocumented symbol
	@.ci/setup docs
	@.ci/docs .build/docs $(DOCUMENTED)

.PHONY: static
static: setup-build ## one binary that needs no Swift where it runs
	@.ci/static $(STATIC)

# An installed binary must outlive the toolchain that built it, so it is the static one.
# Under `sudo` swift is often missing: then an earlier result of `make static` is installed.
.PHONY: install
install: ## install the static binary under DESTDIR and PREFIX (/usr/local)
	@if command -v $(SWIFT) >/dev/null; then $(MAKE) static; fi
	@[[ -x $(STATIC_BINARY) ]] || { echo "nothing to install: run 'make static' first" >&2; exit 1; }
	install -D -m 755 $(STATIC_BINARY) "$(DESTDIR)$(PREFIX)/bin/pelmeni"
	@if [[ -f LICENSE ]]; then install -D -m 644 LICENSE "$(DESTDIR)$(PREFIX)/share/doc/pelmeni/LICENSE"; fi

.PHONY: clean
clean: ## remove all build products
	rm -rf .build .build-* Benchmarks/.build
