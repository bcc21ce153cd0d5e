# Everything is installed into .venv; missing Debian packages are installed where the rights allow it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGING := setup.cfg pyproject.toml
# Tools of boards want other versions of what the tests use: an environment of their own.
TARGETS := $(VENV)/targets
# ESPHome wants exact versions of them.
ESPHOME := $(VENV)/esphome
# EMO-DB is read from $LIGHTSERNET_DATA/emodb; tests that need it skip without.
LIGHTSERNET_DATA ?= $(patsubst %/emodb,%,$(firstword $(wildcard $(CURDIR)/../*/data/emodb)))
export LIGHTSERNET_DATA
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: demo test test-targets test-pi wheels bench integers lint format golden scores model \
  decision small-models clean help

help:
	@echo 'make demo      classify the sample clips with the model that ships'
	@echo 'make test      everything that is checked'
	@echo 'make test-targets  exported folders with the tools of boards (some minutes)'
	@echo 'make test-pi   the wheels on an emulated Raspberry Pi, 64 and 32 bit'
	@echo 'make wheels    wheels that carry the C engine, for x86-64, aarch64 and armv7l'
	@echo 'make bench     ratios of speed, as in docs/results/benchmarks.md'
	@echo 'make integers  the engine beside other kernels, layer by layer, on all of EMO-DB'
	@echo 'make golden    train the models that the tests score, from EMO-DB'
	@echo 'make scores    cross-validate the model that ships, under every condition (hours)'
	@echo 'make model     train the model that ships'
	@echo 'make decision  fit its decision and release it'
	@echo 'make small-models  the same for the smaller ones, which it teaches (hours)'

demo: $(VENV)/.slim
	$(BIN)/lightsernet-edge classify examples/clips/*.wav

test: $(VENV)/.full $(VENV)/.toolchains lint
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal

# What is exported, on emulated boards and in the toolchains' own hands, and its page in a
# screen reader's. Tools that are no packages are found by the environment: ZEPHYR_BASE,
# PICO_SDK_PATH, CMSIS_PACK_XSD.
test-targets: $(VENV)/.full $(VENV)/.toolchains $(TARGETS)/.rp2040js $(ESPHOME)/.installed
	PATH=$(CURDIR)/$(TARGETS)/bin:$(CURDIR)/$(ESPHOME)/bin:$$PATH ZEPHYR_PYTHON=$(CURDIR)/$(TARGETS)/bin/python \
	  RP2040JS=$(CURDIR)/$(TARGETS)/node_modules/rp2040js \
	  $(BIN)/python -m pytest --targets tests/firmware/formats tests/firmware/web/test_screen_reader.py
test-pi: wheels build/pi/aarch64/.made build/pi/armhf/.made
	$(BIN)/python -m pytest tests/raspberry_pi

build/pi/%/.made: tests/raspberry_pi/pi_root.py setup.cfg | $(VENV)/.emulators
	rm -rf $(@D)
	$(BIN)/python -m tests.raspberry_pi.pi_root $* $(@D)
	@touch $@

# From a copy of what git knows: setuptools takes up what old builds leave behind.
wheels: $(VENV)/.full $(VENV)/.emulators
	rm -rf build/wheels && mkdir -p build/wheels/source
	git ls-files -z --cached --others --exclude-standard | \
	  tar --create --null --files-from=- | tar --extract --directory=build/wheels/source
	$(BIN)/python -m build --outdir build/wheels build/wheels/source >build/wheels/log
	$(BIN)/python -m distribution.platform_wheels --wheel build/wheels/*-py3-none-any.whl --out dist

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

# The model that ships is trained on all of EMO-DB, with noise/ and noise_more/ for its
# scenes and others/commands/ as ordinary speech; cross-validation of the same settings
# gives its scores; other people's speech, others/nemo.csv, is for its decision alone.
EMODB := --dataset emodb --data $(LIGHTSERNET_DATA)/emodb
TRAIN := KERAS_BACKEND=torch OMP_NUM_THREADS=1 $(BIN)/lightsernet-edge
RECIPE := --mixed-precision bfloat16 --epochs 120 --draws 120 --draw-recipe band=0.6 \
  --front-end utterance_mean_prior_s=3,log_floor=5e-3 --logit-adjustment 0.5 \
  --noises $(LIGHTSERNET_DATA)/noise --noises $(LIGHTSERNET_DATA)/noise_more \
  --ordinary $(LIGHTSERNET_DATA)/others/commands
comma := ,
empty :=
SCORED := clean gain:-24 gain:-12 gain:6 room room:0.8:1.8 telephone telephone+mu-law mp3 mu-law \
  $(foreach noise,exercise_bike running_tap pink_noise doing_the_dishes,\
    noise:$(noise):20 noise:$(noise):10) room:0.3+noise:exercise_bike:20
ADAPTED := clean,room,noise:running_tap:10
CROSSVAL := $(TRAIN) crossval $(EMODB) --parallel loky $(RECIPE)

# The table: every speaker by a model that never heard them.
# $(call cross_validate,FLAGS,FOLDER of the folds,FOLDER of the results)
define cross_validate
	$(CROSSVAL) $(1) --out $(2) --protocol loso --precisions float32,float16,int8
	$(CROSSVAL) $(1) --out $(2) --protocol loso --precisions int8 \
	  --conditions $(subst $(empty) ,$(comma),$(strip $(SCORED)))
	$(CROSSVAL) $(1) --out $(2) --protocol loso-enrol --precisions int8 --conditions $(ADAPTED)
	$(CROSSVAL) $(1) --out $(2) --protocol loso-running --precisions int8 --conditions $(ADAPTED)
	mkdir -p $(3)
	cp $(2)/loso*.json $(3)
endef

scores: $(VENV)/.torch
	$(call cross_validate,--seeds 0$(comma)1$(comma)2,build/folds,docs/results)

model: $(VENV)/.torch
	$(TRAIN) train $(EMODB) --test-speakers none --out build/all $(RECIPE)

# What a model says of strangers, and a decision that keeps it from saying more than it knows.
# $(call decide,NAME,FOLDER of the training,FOLDER of the results,FOLDER of the answers)
define decide
	mkdir -p build/answers/$(1) $(4)
	$(BIN)/lightsernet-edge evaluate --model $(2)/int8.tflite --dataset manifest \
	  --data $(LIGHTSERNET_DATA)/others/nemo.csv --keep build/answers/$(1)/nemo.json
	$(BIN)/lightsernet-edge evaluate --model $(2)/int8.tflite --dataset ordinary --part fit \
	  --data $(LIGHTSERNET_DATA)/others/commands --keep build/answers/$(1)/commands-fit.json
	$(BIN)/lightsernet-edge release --model $(2)/int8.tflite --goal 0.8875 \
	  --results $(3)/loso-edge-cross-entropy.json \
	  --answers build/answers/$(1)/nemo.json build/answers/$(1)/commands-fit.json \
	  --out sdk/lightsernet_edge/models/$(1).tflite
	cp build/answers/$(1)/*.json $(4)
endef

decision: $(VENV)/.full
	$(call decide,edge,build/all,docs/results,docs/answers)

# Narrower networks, which learn from the one that ships: from what `scores` and `model` left.
SMALL := edge-m edge-s
WIDTH_edge-m := 0.5
WIDTH_edge-s := 0.25
.PHONY: $(SMALL:%=small-model-%)
# Of what a pupil learns from, the share that its teacher answers is adjusted already.
PUPIL = --width $(WIDTH_$*) --epochs 80 --distillation 0.7 --logit-adjustment 0.15
$(SMALL:%=small-model-%): small-model-%: $(VENV)/.torch
	$(call cross_validate,--seeds 0 --teachers build/folds $(PUPIL),build/folds-$*,docs/results/$*)
	$(TRAIN) train $(EMODB) --test-speakers none --out build/all-$* $(RECIPE) \
	  --teacher build/all/int8.tflite $(PUPIL)
	$(call decide,$*,build/all-$*,docs/results/$*,docs/answers/$*)

small-models: $(SMALL:%=small-model-%) $(VENV)/.toolchains
	$(BIN)/python benchmarks/small_models.py docs/results \
	  --picture docs/results/pictures/small-models.svg

# Models that the tests score, trained without speakers 13 and 15, as plainly as can be.
GOLDEN := tests/golden/without_speakers_13_15
golden: $(VENV)/.torch
	$(TRAIN) train $(EMODB) --mixed-precision bfloat16 --test-speakers 13,15 \
	  --out build/without_speakers_13_15
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

# Compilers, emulator, checker and signatures of the firmware's tests, sound server, terminal
# and broker of the live audio's, encoders of the recordings', browsers of the
# pages': they skip without.
TOOLCHAINS := gcc g++ libc6-dev clang libclang-rt-dev lld cppcheck chromium firefox-esr \
  qemu-system-arm gcc-arm-none-eabi libnewlib-arm-none-eabi gdb-multiarch openocd stlink-tools \
  gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf qemu-system-misc \
  gcc-xtensa-lx106 picolibc-xtensa-lx106-elf \
  gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user \
  pulseaudio pulseaudio-utils libasound2-plugins libportaudio2 tmux mosquitto \
  libsodium-dev \
  sox libsox-fmt-all ffmpeg lame flac vorbis-tools opus-tools espeak-ng

# Cross-compilers of the platform wheels, and emulators that run them: `make test` needs
# neither.
EMULATORS := gcc libc6-dev gcc-aarch64-linux-gnu libc6-dev-arm64-cross \
  gcc-arm-linux-gnueabihf libc6-dev-armhf-cross qemu-user debian-archive-keyring

# And those of `make test-targets`.
TARGET_TOOLCHAINS := cmake ninja-build libstdc++-arm-none-eabi-newlib \
  device-tree-compiler libxml2-utils \
  orca at-spi2-core python3-pyatspi speech-dispatcher dbus-daemon xvfb xdotool \
  $(if $(shell command -v npm),,nodejs npm)

# $(call install_missing,PACKAGES): without the rights, the stamp is not made.
define install_missing
	missing=; for package in $(1); do \
	  dpkg --status $$package >/dev/null 2>&1 || missing="$$missing $$package"; done; \
	if [ -z "$$missing" ]; then touch $@; \
	elif { $(call install,$$missing); }; then touch $@; \
	else echo "not installed, so tests that need it skip:$$missing" >&2; fi
endef

$(VENV)/.emulators: $(VENV)/bin/python Makefile
	@$(call install_missing,$(EMULATORS))

$(VENV)/.toolchains: $(VENV)/bin/python Makefile
	@$(call install_missing,$(TOOLCHAINS))

$(TARGETS)/.installed: $(VENV)/bin/python $(PACKAGING)
	$(PYTHON) -m venv $(TARGETS)
	$(TARGETS)/bin/python -m pip install --quiet '.[targets]'
	@touch $@

$(ESPHOME)/.installed: $(VENV)/bin/python $(PACKAGING)
	$(PYTHON) -m venv $(ESPHOME)
	$(ESPHOME)/bin/python -m pip install --quiet '.[esphome]'
	@touch $@

# From npm: an RP2040.
$(TARGETS)/.rp2040js: $(VENV)/.targets
	npm install --silent --no-audit --no-fund --prefix $(TARGETS) rp2040js@1.4.1 || \
	  echo 'not installed, so tests that need it skip: rp2040js' >&2
	@touch $@

$(VENV)/.targets: $(TARGETS)/.installed Makefile
	@$(call install_missing,$(TARGET_TOOLCHAINS))

$(VENV)/.slim: $(VENV)/bin/python $(PACKAGING)
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.full: $(VENV)/.slim
	$(BIN)/python -m pip install --quiet --editable '.[serve,train,flash,sign,compare,dask,ray,dev]'
	@touch $@

$(VENV)/.torch: $(VENV)/.full
	$(BIN)/python -m pip install --quiet --editable '.[torch]'
	@touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
