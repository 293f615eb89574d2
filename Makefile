# Everything from nothing: Python 3.10 or newer, git and make.
#   make demo   a virtual environment, AlexNet and ResNet-18 to Caffe, compared in every runtime there is
#   make test   the whole suite, with real Caffe where it can be installed (root and debootstrap)

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ROOT ?= .caffe-root
# The CPU build of PyTorch; a plain `torch` brings gigabytes of CUDA.
TORCH ?= torch==2.13.0
TORCHVISION ?= torchvision==0.28.0
WORKERS ?= 2

.PHONY: install test-install caffe demo test lint bench docs clean

install: $(VENV)/installed
$(VENV)/installed: pyproject.toml setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet $(TORCH) "numpy>=1.24"
	$(BIN)/python -m pip install --quiet --no-deps $(TORCHVISION)
	$(BIN)/python -m pip install --quiet -e ".[opencv,images]"
	touch $@

test-install: $(VENV)/installed-for-tests
$(VENV)/installed-for-tests: $(VENV)/installed
	$(BIN)/python -m pip install --quiet -e ".[test]"
	touch $@

# Real Caffe needs root; elsewhere the tests that need it say that they are skipped.
caffe:
	@if bash verify/install_caffe.sh $(ROOT); then :; \
	elif [ "$${REQUIRE_REAL_CAFFE:-0}" != 0 ]; then exit 1; \
	else echo "going on without real Caffe"; fi

demo: install
	$(BIN)/python example/demo.py

test: test-install caffe lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -q --durations=25

lint: test-install
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: test-install
	$(BIN)/python tests/bench/bench_export.py
	$(BIN)/python tests/bench/bench_weights.py

docs: install
	$(BIN)/pytorch2caffe layers --markdown > docs/layers.md

clean:
	rm -rf $(VENV) $(ROOT) demo-out example-out build *.egg-info
