# Everything from nothing: Python 3.10 or newer, git and make. `make help` lists the targets.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ROOT ?= .caffe-root
# The CPU build of PyTorch; a plain `torch` brings gigabytes of CUDA.
TORCH ?= torch==2.13.0
TORCHVISION ?= torchvision==0.28.0
WORKERS ?= 2
# The share of lines run, file by file. make quick COVERAGE=1, make test COVERAGE=1: it costs about 40 % more time.
# make test COVERAGE=quick: of the tests of `make quick`, while all run.
COVERAGE ?=
# make test LAYER=pooling: one family, file, layer or function of torch.
LAYER ?=
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q \
	$(if $(filter quick,$(COVERAGE)),-p tests.quick_coverage,$(if $(COVERAGE),--cov --cov-report=term:skip-covered))
# Where bench_tensorflow.py keeps its networks.
BENCH ?= bench-out

.PHONY: dist without-torch sweep-caffe help install test-install caffe demo test quick lint bench docs docs-site sweep clean

help:
	@echo "make demo                a virtual environment, AlexNet and ResNet-18 to Caffe, compared in every runtime"
	@echo "make quick               a sample of the tests of every package, in the built-in runtime, without whole networks"
	@echo "make test                all tests and lint, with real Caffe where it can be installed (root and debootstrap)"
	@echo "make test LAYER=pooling  one family's tests, in every runtime; also a file, a layer or a function of torch:"
	@echo "                         LAYER=conv, LAYER=Convolution, LAYER=max_pool2d"
	@echo "make quick COVERAGE=1    the same with the coverage of each file; make test COVERAGE=1: of all tests;"
	@echo "                         make test COVERAGE=quick: of the quick ones, while all run"
	@echo "make lint                ruff and mypy"
	@echo "make bench               times and memory of export, weights, generated code, calibration and TensorFlow"
	@echo "make docs                the pages made from the code; make sweep: those that take hours"
	@echo "make docs-site           the pages of docs/ as a site in site/, which loads nothing from elsewhere"
	@echo "make dist                the wheel and the sdist, checked, and the README's commands in a fresh environment"
	@echo "make without-torch PACKAGES=\"numpy==1.24.* protobuf==4.21.*\"   what needs no torch, with these versions"
	@echo "make clean               removes all that these targets made"

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
	$(BIN)/python -m pip install --quiet --no-deps packaging/mmdnn
	touch $@

# Real Caffe needs root; elsewhere the tests that need it say that they are skipped.
caffe:
	@if bash verify/install_caffe.sh $(ROOT); then :; \
	elif [ "$${REQUIRE_REAL_CAFFE:-0}" != 0 ]; then exit 1; \
	else echo "going on without real Caffe"; fi

demo: install
	$(BIN)/python example/demo.py

ifneq ($(LAYER),)
test: test-install
	paths=$$($(BIN)/python -m tests.of_layer $(LAYER)) && $(PYTEST) --doctest-modules $$paths
else
test: test-install caffe lint
	$(PYTEST) -n $(WORKERS) --dist loadgroup --durations=25
	$(if $(filter quick,$(COVERAGE)),$(BIN)/coverage combine -q && $(BIN)/coverage report --skip-covered)
endif

quick: test-install
	$(PYTEST) -n $(WORKERS) --dist loadgroup --quick

lint: test-install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Each prints its table; the last makes TensorFlow's networks first, into $(BENCH).
bench: test-install
	$(BIN)/python -m tests.bench.bench_commands
	$(BIN)/python tests/bench/bench_export.py
	$(BIN)/python tests/bench/bench_weights.py
	$(BIN)/python tests/bench/bench_layers.py
	-OMP_NUM_THREADS=1 $(BIN)/python tests/bench/bench_forward.py
	-$(BIN)/python tests/bench/bench_sizes.py resnet18 mobilenet_v2 UNet
	$(BIN)/python tests/bench/bench_generated.py
	-$(BIN)/python tests/bench/bench_calibrate.py
	$(BIN)/python tests/bench/bench_tensorflow.py $(BENCH)

# Every page that is made from the code, but for those of `make sweep`.
docs: test-install
	$(BIN)/python -m pytorch2caffe layers --markdown > docs/layers.md
	$(BIN)/python -m tests.backends.caffe.dialects_page
	$(BIN)/python -m tests.frontends.caffe.caffe_types_page
	$(BIN)/python -m tests.frontends.caffe.fields_page
	$(BIN)/python -m tests.frontends.caffe.families_page
	$(BIN)/python -m tests.frontends.torch.refusals_page
	$(BIN)/python -m tests.quantize.messages_page
	$(BIN)/python -m tests.backends.torch.generated

# The pages of docs/ as a site in $(SITE), which loads nothing from elsewhere; a warning is an error.
SITE ?= site
docs-site: test-install
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict --site-dir $(SITE)

# The packages whose networks docs/sweep.md shows, where they are installed in the environment.
PACKAGES = ultralytics smp timm pytorchcv transformers basicsr kornia doctr torchreid monai facenet torchaudio

# docs/torch-test-data.md, docs/sweep.md, docs/faults.md, docs/classification.md, docs/onnx-tests.md and
# docs/consumers.md: hours.
sweep: test-install caffe
	$(BIN)/python -m tests.sweep all --jobs $(WORKERS)
	$(BIN)/python -m tests.sweep $(PACKAGES) --caffe --page
	$(BIN)/python -m tests.sweep.faults --jobs $(WORKERS)
	$(BIN)/python -m tests.sweep.classification
	$(BIN)/python -m tests.frontends.onnx.backend_tests
	$(BIN)/python -m tests.sweep.consumers

# make sweep-caffe FILES=FOLDER: every prototxt below a folder of yours, loaded, refused by layer type, or wrong.
sweep-caffe: test-install
	$(BIN)/python -m tests.sweep.caffe_files $(FILES) $(if $(wildcard $(ROOT)/usr),--caffe)

# The wheel is installed from nothing, and runs the README's first command and its Python code.
dist:
	rm -rf dist build/dist
	$(PYTHON) -m venv build/dist/tools
	build/dist/tools/bin/python -m pip install --quiet build twine
	build/dist/tools/bin/python -m build --outdir dist .
	build/dist/tools/bin/python -m build --outdir dist --wheel packaging/mmdnn
	build/dist/tools/bin/python -m twine check --strict dist/*
	$(PYTHON) -m venv build/dist/user
	build/dist/user/bin/python -m pip install --quiet $(TORCH) "numpy>=1.24"
	build/dist/user/bin/python -m pip install --quiet --no-deps $(TORCHVISION)
	build/dist/user/bin/python -m pip install --quiet "$$(ls dist/pytorch2caffe-*.whl)[images]"
	build/dist/user/bin/python packaging/check_readme.py README.md
	build/dist/user/bin/python -c "import importlib.util as u; assert u.find_spec('mmdnn') is None"

# What reads and inspects files needs no torch: with any numpy, protobuf and Python.
PACKAGES ?= numpy protobuf
without-torch:
	rm -rf build/without-torch
	$(PYTHON) -m venv build/without-torch
	build/without-torch/bin/python -m pip install --quiet $(PACKAGES) click rich typing_extensions tomli
	PYTHONPATH=. build/without-torch/bin/python packaging/check_without_torch.py

clean:
	rm -rf $(VENV) $(ROOT) demo-out example-out $(BENCH) $(SITE) build dist *.egg-info .coverage
