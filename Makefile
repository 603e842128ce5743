# The commands of the project. `make help` lists them.
CARGO ?= cargo
PROFILE ?= quick
CONFIG ?= pipeline.yaml
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
BIN := $(TARGET_DIR)/$(PROFILE)/sidelight

.PHONY: help build release run demo test check chaos bench bench-metrics fuzz clean

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

build: ## The program, quickly built (profile `quick`)
	$(CARGO) build --locked --profile $(PROFILE) --bin sidelight

release: ## The program as it is shipped: fat LTO, stripped
	$(CARGO) build --locked --release --bin sidelight
	strip -o $(TARGET_DIR)/release/sidelight.stripped $(TARGET_DIR)/release/sidelight

run: build ## Sidelight on pipeline.yaml, with a live summary; no backend needed
	$(BIN) --config $(CONFIG) --summary

demo: build ## The trading application, Sidelight, Jaeger and Prometheus together
	examples/demo.sh $(BIN)

test: ## Everything the tests need, then all of them
	tests/run.sh

check: ## What is quick: format, lints, unit tests
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) test --locked --workspace

chaos: build ## The durable queue and log files killed, starved, damaged and rotated for hours; the gate of it is in `make test`
	WAL_SEEDS=$(or $(WAL_SEEDS),10000) $(CARGO) test --locked -p sidelight-wal --test promises
	tests/chaos/mutants/run.sh
	tests/chaos/run.sh $(BIN) --long
	tests/chaos/log_files/run.sh $(BIN) --long

bench: release ## Sidelight and its peers side by side, one table
	bench/run.sh

bench-metrics: release ## What measuring, showing and scraping metrics costs, beside the Collector and Prometheus
	tests/backends/install.sh prometheus otelcol-prometheus
	bench/host.py && bench/prometheus_exporter.py && bench/prometheus_receiver.py

fuzz: ## Every fuzz target for FUZZ_SECONDS (default 60)
	fuzz/run.sh

clean: ## Removes what was built
	$(CARGO) clean
	rm -rf var bench/target fuzz/target
