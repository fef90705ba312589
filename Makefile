# Every target works on a clone with only Go; e2e skips with a sentence where
# QEMU or root is missing.
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
COMMIT  := $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)
EPOCH   := $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
FUZZTIME ?= 5s
FUZZ     ?= .
SOAK     ?= 1h
CHAOS    ?= 30m
MEASURE  ?= 10m
PACKAGE_ARCHS ?= amd64 arm64

.PHONY: build demo test race lint e2e bench bench-peers bench-cluster soak-virtual fuzz soak chaos golden generate package clean help

build: ## bin/mozpool, static
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/mozpool ./cmd/mozpool

demo: build ## image a simulated rack
	bin/mozpool demo

test: ## all tests; no root
	go test -timeout 5m ./...

race: ## all tests under the race detector
	CGO_ENABLED=1 go test -race -timeout 10m ./...

lint: ## gofmt, go vet, staticcheck, errcheck, errorlint, exhaustive, unparam, misspell
	@.ci/lint

e2e: build ## image a QEMU ARM board, install the deb; needs root and QEMU
	MOZPOOL_E2E=1 go test -count=1 -timeout 20m -v ./cmd/mozpool/systemtest/... ./cmd/mozpool/packaging

bench: ## all benchmarks
	go test -run '^$$' -bench . -benchmem ./...

soak-virtual: ## a year of 60 unreliable boards in virtual time; 5 minutes
	go test -run '^TestDays$$' -count=1 -timeout 60m -v ./actors -days 365

bench-peers: ## TFTP, HTTP, syslog and the API beside the servers of Debian; those that are absent are left out
	MOZPOOL_BENCH_PEERS=1 go test -count=1 -timeout 60m -run '^Test(API)?Peers$$' -v ./netboot ./netboot/tftp ./cmd/mozpool/systemtest/syslogpeers ./cmd/mozpool/systemtest/bench

bench-cluster: ## take-overs, drains, cost of a cluster of three at rest and under MEASURE=10m of load
	MOZPOOL_MEASURE=$(MEASURE) go test -count=1 -timeout 0 -run '^TestMeasure$$' -v ./cmd/mozpool/systemtest/cluster

fuzz: ## each fuzz target for FUZZTIME, a time or 5000x; FUZZ=PATTERN: only these files
	@git grep -oE '^func Fuzz\w+' -- '*_test.go' | grep -E '$(FUZZ)' | while IFS=: read -r file target; do \
	  go test -run '^$$' -fuzz "^$${target#func }\$$" -fuzztime $(FUZZTIME) "./$$(dirname "$$file")" || exit 1; done

soak: ## SOAK=1h: one server under boards, followers and strangers; fails if what it holds grows
	MOZPOOL_SOAK=$(SOAK) go test -count=1 -timeout 0 -run '^TestSoak$$' -v ./cmd/mozpool/systemtest/hostile

chaos: ## CHAOS=30m: random faults on three servers under imaging; SEED=NUMBER: those of an earlier run
	MOZPOOL_CHAOS=$(CHAOS) MOZPOOL_CHAOS_SEED=$(SEED) go test -count=1 -timeout 0 -run '^TestChaos$$' -v ./cmd/mozpool/systemtest/cluster

golden: ## write the golden files anew
	go test -count=1 $$(git grep -l 'flag.Bool("update"' -- '*_test.go' | xargs -n1 dirname | sort -u | sed 's|^|./|') -update

generate: ## go generate
	go generate ./...

# What is handed out must be the same bytes wherever it is built: no path, no
# time but the commit's, nothing of the checkout.
package: ## bin/package: deb, rpm, OCI image, tarball, SBOM, checksums; for PACKAGE_ARCHS
	rm -rf bin/package
	@set -e; for arch in $(PACKAGE_ARCHS); do \
	  CGO_ENABLED=0 GOARCH=$$arch go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o bin/package-$$arch/mozpool ./cmd/mozpool; \
	  go run -C .ci/tools ./pack -root '$(CURDIR)' -out '$(CURDIR)/bin/package' -binary bin/package-$$arch/mozpool -arch $$arch \
	    -version '$(VERSION)' -epoch $(EPOCH); done
	@ls -l bin/package

clean: ## remove what build made
	rm -rf bin

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' Makefile | sed 's/:.*## /\t/'
