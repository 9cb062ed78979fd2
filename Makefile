# Kinora's commands. `make help` lists them.
# CARGO_TARGET_DIR is honoured everywhere; KINORA_WASM_TOOLCHAIN=debian builds the site with Debian's own Rust.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test check bench web clean set-up-run set-up-test

target := $(abspath $(or $(CARGO_TARGET_DIR),target))
# What the set-up chose, when the variable does not say.
wasm_toolchain = $${KINORA_WASM_TOOLCHAIN:-$$(cat '$(target)/kinora-wasm-toolchain' 2>/dev/null || true)}

help: ## lists the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: set-up-run web ## installs what is missing, builds everything in release, serves the site
	@cargo build --locked --release -p kinora-server
	@exec '$(target)/release/kinora' serve

# What meets the store is tested twice: with the embedded one, and with one on another origin.
test: set-up-test web ## installs what is missing and a browser, then runs every test
	@mkdir -p '$(target)'
	@{ cargo test --locked --workspace --no-fail-fast || failed=yes; \
	  export TEST_STORE=other; echo 'once more, with a store on another origin'; \
	  cargo test --locked -p kinora-tests --test api -- uploads resume playback quotas leftovers || failed=yes; \
	  cargo test --locked -p kinora-tests --test browser -- journey || failed=yes; \
	  test -z "$${failed:-}"; } 2>&1 | tee '$(target)/tests.log' || failed=yes; \
	awk '/^test result:/ { passed += $$4; failed += $$6; ignored += $$8 } \
	  END { printf "\nall tests: %d passed, %d failed, %d ignored\n", passed, failed, ignored }' '$(target)/tests.log'; \
	test -z "$${failed:-}"

check: web ## what is checked besides the tests: format, lints, schema drift, unused dependencies
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo test --locked --workspace --test schema
	@if command -v cargo-machete >/dev/null; then cargo machete; \
	else echo 'cargo-machete is not installed: unused dependencies are not looked for'; fi

bench: set-up-test web ## measures the release build and prints each figure beside its limit (ONLY=site, uploads or processing)
	@cargo build --locked --release -p kinora-server
	@cargo build --locked --workspace --bins
	@KINORA_PROGRAM='$(target)/release/kinora' '$(target)/debug/figures' $(ONLY)

web: ## builds the site into web/dist, if anything changed
	@KINORA_WASM_TOOLCHAIN="$(wasm_toolchain)" cargo run --locked --quiet -p xtask -- web

set-up-run:
	@deploy/setup.sh run

set-up-test:
	@deploy/setup.sh test

clean: ## removes what was built (never the data)
	cargo clean
	rm -rf web/dist
