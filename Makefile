# Kinora's commands. `make help` lists them.
# CARGO_TARGET_DIR is honoured everywhere; KINORA_WASM_TOOLCHAIN=debian builds the site with Debian's own Rust.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test check bench bench-processing web clean set-up-run set-up-test

target := $(abspath $(or $(CARGO_TARGET_DIR),target))
# What the set-up chose, when the variable does not say.
wasm_toolchain = $${KINORA_WASM_TOOLCHAIN:-$$(cat '$(target)/kinora-wasm-toolchain' 2>/dev/null || true)}

# The site and the server's library know nothing of each other: neither waits while the other has a core to spare.
define both
cargo build --locked --release -p kinora-server --lib & server=$$!; \
$(MAKE) --no-print-directory web || { kill $$server; exit 1; }; \
wait $$server; cargo build --locked --release -p kinora-server
endef

help: ## lists the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: set-up-run ## installs what is missing, builds everything in release, serves the site
	@$(both)
	@exec '$(target)/release/kinora' serve

test: set-up-test web ## installs what is missing and a browser, then runs every test
	@tests/run.sh

check: web ## what is checked besides the tests: format, lints, schema drift, unused dependencies
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo test --locked --workspace --test schema
	@if command -v cargo-machete >/dev/null; then cargo machete; \
	else echo 'cargo-machete is not installed: unused dependencies are not looked for'; fi

bench: set-up-test ## measures the release build and prints each figure beside its limit (ONLY=site, uploads or processing)
	@$(both)
	@cargo build --locked --workspace --bins
	@KINORA_BROWSER=chromium KINORA_PROGRAM='$(target)/release/kinora' '$(target)/debug/figures' $(ONLY)

bench-processing: ONLY = processing
bench-processing: bench ## measures what the processing of videos takes, beside other programs

web: ## builds the site into web/dist, if anything changed
	@KINORA_WASM_TOOLCHAIN="$(wasm_toolchain)" cargo run --locked --quiet -p xtask -- web

set-up-run:
	@deploy/setup.sh run

set-up-test:
	@deploy/setup.sh test

clean: ## removes what was built (never the data)
	cargo clean
	rm -rf web/dist
