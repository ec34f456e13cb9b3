# The daily commands. `make demo` and `make test` do all set-up on a fresh Debian machine.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/indelible/target

.PHONY: demo test test-long lint sbom bench fmt generate setup

demo: setup            ## build, run a simulated platform through a real server, leave it running
	cargo build --locked --workspace --bin indelible
	$(CARGO_TARGET_DIR)/debug/indelible demo

test: setup            ## everything CI checks
	tools/test

test-long: setup       ## longer proofs, seeded; results in bench/results/
	tools/test-long

lint: setup            ## formatting, lints, licences and advisories
	tools/lint

sbom: setup            ## what the program is made of, as CycloneDX JSON in the target folder
	tools/sbom

bench: setup           ## figures beside a peer or a limit; results in bench/results/
	bench/run

fmt:                   ## format the sources
	cargo fmt --all

generate:              ## remake what is generated from the catalogue
	cargo run --locked --package xtask -- catalogue

setup:                 ## install what a bare machine lacks
	@tools/setup
