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
.PHONY: demo test bench lint format golden model clean help

help:
	@echo 'make demo    classify the sample clips with the model that ships'
	@echo 'make test    everything that is checked'
	@echo 'make bench   ratios of speed, as in docs/benchmarks.md'
	@echo 'make golden  train the models that the tests score, from EMO-DB'
	@echo 'make model   train the model that ships, from EMO-DB'

demo: $(VENV)/.slim
	$(BIN)/lightsernet-edge classify examples/clips/*.wav

test: $(VENV)/.full $(VENV)/.boards lint
	$(BIN)/python -m pytest --numprocesses 2

bench: $(VENV)/.full
	$(BIN)/python benchmarks/speed.py

lint: $(VENV)/.full
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.full
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The model that ships is trained on all of EMO-DB; its twin, trained without
# speakers 13 and 15, gives the score, and the tests their golden models.
TRAIN := $(BIN)/lightsernet-edge train --dataset emodb --data $(LIGHTSERNET_DATA)/emodb
GOLDEN := tests/golden/without_speakers_13_15

model: golden
	$(TRAIN) --test-speakers none --out build/all
	$(BIN)/python -m lightsernet_trainer.release --model build/all/int8.tflite \
	  --twin $(GOLDEN)/int8.tflite

golden: $(VENV)/.full
	$(TRAIN) --test-speakers 13,15 --out build/without_speakers_13_15
	mkdir -p $(GOLDEN)
	cd build/without_speakers_13_15 && cp int8.tflite float32.tflite summary.json $(CURDIR)/$(GOLDEN)

# What the firmware engine's tests compile, emulate and check with. Without the
# rights to install them those tests are skipped, and say so.
BOARD_PACKAGES := gcc libc6-dev make clang cppcheck gcc-arm-none-eabi libnewlib-arm-none-eabi \
  qemu-system-arm gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf

$(VENV)/.boards: $(VENV)/bin/python
	@missing=$$(dpkg-query --show --showformat='$${Package} $${Status}\n' $(BOARD_PACKAGES) 2>/dev/null \
	  | grep ' installed$$' | cut -d' ' -f1 | sort > $@.found; \
	  echo $(BOARD_PACKAGES) | tr ' ' '\n' | sort | comm -23 - $@.found | tr '\n' ' '; rm -f $@.found); \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ]; then as_root=; \
	  elif sudo -n true 2>/dev/null; then as_root='sudo -n'; \
	  else \
	    echo "tests of the firmware engine will be skipped: you may not install $$missing" >&2; \
	    exit 0; \
	  fi; \
	  $$as_root apt-get update && \
	  $$as_root apt-get install --yes --no-install-recommends $$missing || exit 1; \
	fi; touch $@

# python3 and its venv module are Debian packages of their own.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then as_root=; \
	  elif sudo -n true 2>/dev/null; then as_root='sudo -n'; \
	  else \
	    echo 'python3-venv is missing: it makes the environment that everything is installed into.' >&2; \
	    echo 'It is a Debian package and you may not install one; ask for: apt-get install python3 python3-venv' >&2; \
	    exit 1; \
	  fi; \
	  $$as_root apt-get update && \
	  $$as_root apt-get install --yes --no-install-recommends python3 python3-venv; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.slim: $(VENV)/bin/python $(PACKAGING)
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.full: $(VENV)/.slim
	$(BIN)/python -m pip install --quiet --editable '.[train,compare,dev]'
	@touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
