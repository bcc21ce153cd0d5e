# Everything is installed into .venv; missing Debian packages are installed where the rights allow it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGING := setup.cfg pyproject.toml
# EMO-DB is read from $LIGHTSERNET_DATA/emodb; tests that need it skip without.
LIGHTSERNET_DATA ?= $(patsubst %/emodb,%,$(firstword $(wildcard $(CURDIR)/../*/data/emodb)))
export LIGHTSERNET_DATA
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: demo test bench integers lint format golden model clean help

help:
	@echo 'make demo      classify the sample clips with the model that ships'
	@echo 'make test      everything that is checked'
	@echo 'make bench     ratios of speed, as in docs/results/benchmarks.md'
	@echo 'make integers  the engine beside other kernels, layer by layer, on all of EMO-DB'
	@echo 'make golden    train the models that the tests score, from EMO-DB'
	@echo 'make model     train the model that ships, from EMO-DB'

demo: $(VENV)/.slim
	$(BIN)/lightsernet-edge classify examples/clips/*.wav

test: $(VENV)/.full $(VENV)/.toolchains lint
	$(BIN)/python -m pytest --numprocesses 2

bench: $(VENV)/.full
	$(BIN)/python benchmarks/speed.py

integers: $(VENV)/.full
	$(BIN)/python -m tests.firmware.comparison.integer_comparison

lint: $(VENV)/.full
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.full
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The model that ships is trained on all of EMO-DB; cross-validation of the same
# settings gives its score and its decision. The tests' golden models are trained
# without speakers 13 and 15.
TRAIN := KERAS_BACKEND=torch $(BIN)/lightsernet-edge train --mixed-precision bfloat16 \
  --dataset emodb --data $(LIGHTSERNET_DATA)/emodb
GOLDEN := tests/golden/without_speakers_13_15

model: $(VENV)/.torch
	$(TRAIN) --test-speakers none --out build/all
	$(BIN)/lightsernet-edge release --model build/all/int8.tflite \
	  --results docs/results/loso-edge-cross-entropy.json \
	  --out sdk/lightsernet_edge/models/edge.tflite

golden: $(VENV)/.torch
	$(TRAIN) --test-speakers 13,15 --out build/without_speakers_13_15
	mkdir -p $(GOLDEN)
	cd build/without_speakers_13_15 && cp int8.tflite float32.tflite summary.json $(CURDIR)/$(GOLDEN)

# $(call install,PACKAGES): as root, or with sudo if it asks for no password.
define install
	if [ "$$(id -u)" = 0 ]; then as_root=; else as_root='sudo -n'; fi; \
	$$as_root apt-get update --quiet=2 && \
	$$as_root env DEBIAN_FRONTEND=noninteractive \
	  apt-get install --yes --quiet=2 --no-install-recommends $(1) >/dev/null
endef

# python3 and its venv module are Debian packages of their own.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { $(call install,python3 python3-venv); } || { \
	  echo 'python3-venv is missing: it makes the environment that everything is installed into.' >&2; \
	  echo 'It is a Debian package; ask for: apt-get install python3 python3-venv' >&2; \
	  exit 1; }
	$(PYTHON) -m venv $(VENV)

# Compilers, emulator and checker of the firmware's tests, sound server, terminal
# and broker of the live audio's, encoders of the recordings', browser of the report's:
# they skip without.
TOOLCHAINS := gcc g++ libc6-dev clang libclang-rt-dev cppcheck chromium qemu-system-arm \
  gcc-arm-none-eabi libnewlib-arm-none-eabi \
  gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf \
  pulseaudio pulseaudio-utils libasound2-plugins libportaudio2 tmux mosquitto \
  sox libsox-fmt-all ffmpeg lame flac vorbis-tools opus-tools espeak-ng

$(VENV)/.toolchains: $(VENV)/bin/python Makefile
	@missing=; for package in $(TOOLCHAINS); do \
	  dpkg --status $$package >/dev/null 2>&1 || missing="$$missing $$package"; done; \
	if [ -z "$$missing" ]; then touch $@; \
	elif { $(call install,$$missing); }; then touch $@; \
	else echo "not installed, so tests that need it skip:$$missing" >&2; fi

$(VENV)/.slim: $(VENV)/bin/python $(PACKAGING)
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.full: $(VENV)/.slim
	$(BIN)/python -m pip install --quiet --editable '.[serve,train,compare,dask,ray,dev]'
	@touch $@

$(VENV)/.torch: $(VENV)/.full
	$(BIN)/python -m pip install --quiet --editable '.[torch]'
	@touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
