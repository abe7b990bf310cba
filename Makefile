# make demo   converts two real models and verifies them, and says how to try the one that reads text in pictures
# make test   runs the tests, of many of a kind some
# make every  runs all of them
# make slow   runs them, too, or TESTS, and lists what takes more than two seconds, slowest first
# make browsers   installs the browsers that tests run pages in besides: Chromium without WebNN and with WebGPU, Firefox, WebKit
# make lint   checks style and types
# make fuzz   feeds damaged and hostile files to every reader for SECONDS each, and keeps what it finds in build/fuzz
# make backend-fuzz   compares browsers, rustnn and ONNX Runtime with the reference on random graphs; keeps what it finds in build/backends
# make zoo    converts and verifies every model of models/zoo.toml, or MODELS, on RUNTIMES, JOBS at once, and reports on it
# make bench  runs all benchmarks, half an hour, and writes docs/benchmarks.md; python -m benchmarks.page MODEL... does a part
# make calls  measures equal forms of calls in the browsers of VERSIONS, and writes docs/browser-calls.md
# make answers  asks models as their packages do, compares, and writes docs/answers.md
# make docs   writes the pages of operators, and takes the README's pictures; make zoo-docs that of models, which takes a run of the whole zoo
# make site   builds the documentation site into build/site
# make methods   writes GraphBuilder's typed methods from the operator table; make compact the plain JavaScript as modules hold it
# make wheel  builds the wheel into dist/
#
# Each of them creates what it needs in .venv; a second run is quick.

PYTHON ?= python3
MODELS ?=
RUNTIMES ?= reference,browser
JOBS ?= 2
SECONDS ?= 60
FORMATS ?=
SEED ?= 0
DEMO ?= build/demo
SPHINX := --quiet --fail-on-warning --keep-going --doctree-dir build/doctrees
VERSIONS ?= 147.0.0 153.0.0
PATTERNS ?= $(wildcard build/zoo)

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --constraint constraints.txt
TYPESCRIPT := typescript@7.0.2
AXE := axe-core@4.14.1
TERSER := terser@5.51.4
ORT := onnxruntime-web@1.30.0
BUNDLERS := vite@8.3.8 webpack@5.113.0 esbuild@0.28.2
TEXT := @huggingface/tokenizers@0.2.0 @huggingface/jinja@0.5.11

# A browser of one's own wins: WEBNN_CHROMIUM=/path make test
BUNDLED := $(abspath $(VENV)/chromium/chromium)
export WEBNN_CHROMIUM ?= $(BUNDLED)
export WEBNN_TSC ?= $(abspath $(VENV)/npm/node_modules/.bin/tsc)
export WEBNN_AXE ?= $(abspath $(VENV)/npm/node_modules/axe-core/axe.min.js)
# Of the tests with rustnn, which has no wheels for every Python: RUSTNN_PYTHON=/path makes it of another
export WEBNN_RUSTNN_PYTHON ?= $(abspath $(VENV)/rustnn/bin/python)
export WEBNN_TERSER ?= $(abspath $(VENV)/npm/node_modules/terser)
BROWSER := $(if $(filter $(BUNDLED),$(WEBNN_CHROMIUM)),$(VENV)/.browser)

.PHONY: demo test every slow browsers lint fuzz backend-fuzz zoo bench calls answers methods compact docs zoo-docs site wheel clean

demo: $(VENV)/.verify
	$(BIN)/webnn zoo fetch magika_v3_3 ppocr_rec_v4 --output-dir $(DEMO)
	$(BIN)/onnx2webnn $(DEMO)/magika_v3_3.onnx --dim unk__214=1 --format webnn,json,js --output-dir $(DEMO) --verify --force
	$(BIN)/onnx2webnn $(DEMO)/ppocr_rec_v4.onnx --shape x=1,3,48,320 --image x:bgr,linear,line,mean=0.5,std=0.5 \
	  --task image-to-text --license Apache-2.0 --name text_line --format page --output-dir $(DEMO)/text_line --verify --force
	@echo "A page that reads a line of text in a picture:"
	@echo "  $(BIN)/webnn serve $(DEMO)/text_line"

test: $(VENV)/.test $(VENV)/.npm $(VENV)/npm/node_modules/onnxruntime-web $(VENV)/npm/node_modules/@huggingface $(VENV)/npm/node_modules/vite $(VENV)/.rustnn $(BROWSER)
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal $(DURATIONS) $(SELECTED) $(TESTS)

every: SELECTED := -m ""
every: test

slow: DURATIONS := --durations 0 --durations-min 2
slow: test

browsers: $(VENV)/.browser $(VENV)/chromium-$(lastword $(VERSIONS))/chromium
	bash tests/everywhere/install.sh

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fuzz: $(VENV)/.test
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) --seed $(SEED) $(addprefix --format ,$(FORMATS))

backend-fuzz: $(VENV)/.test $(VERSIONS:%=$(VENV)/chromium-%/chromium)
	for backend in $(VERSIONS:%=--browser=$(VENV)/chromium-%/chromium) $(shell $(BIN)/python -c 'import webnn' 2>/dev/null && echo --rustnn) --onnxruntime; do \
	  $(BIN)/python -m tests.backends $$backend --seconds $(SECONDS) --seed $(SEED) $(PATTERNS:%=--patterns %) || found=1; done; exit $${found:-0}

$(VENV)/chromium-%/chromium:
	bash tests/browser/install.sh $(@D) $*

zoo: $(VENV)/.test $(BROWSER)
	$(BIN)/webnn zoo run $(MODELS) --runtime $(RUNTIMES) --jobs $(JOBS) --output-dir build/zoo-report

bench: $(VENV)/.test $(BROWSER) $(VENV)/npm/node_modules/onnxruntime-web
	$(BIN)/python -m benchmarks

calls: $(VENV)/.test $(VERSIONS:%=$(VENV)/chromium-%/chromium)
	$(BIN)/python -m benchmarks.calls $(VERSIONS:%=$(VENV)/chromium-%/chromium) --output docs/browser-calls.md

answers: $(VENV)/.test
	$(BIN)/python -m benchmarks.answers $(MODELS)

methods: $(VENV)/.test
	$(BIN)/python -m tests.ops.methods

compact: $(VENV)/.test $(VENV)/.npm
	$(BIN)/python -m tests.javascript.compact

docs: $(VENV)/.test $(BROWSER)
	$(BIN)/webnn ops --frontend onnx --markdown > docs/onnx-operators.md
	$(BIN)/webnn ops --frontend torch --markdown > docs/aten-operators.md
	$(BIN)/python -m tests.frontends.index
	$(BIN)/python -m tests.formats.schema
	$(BIN)/python -m tests.zoo.schema
	$(BIN)/python -m tests.site
	$(BIN)/python -m tests.pages.pictures

zoo-docs: $(VENV)/.test $(BROWSER)
	-$(BIN)/webnn zoo run --runtime $(RUNTIMES) --jobs $(JOBS) --output-dir build/zoo-report
	$(BIN)/python -m tests.zoo.documented build/zoo-report docs/zoo.md

site: $(VENV)/.test
	$(BIN)/python -m sphinx $(SPHINX) docs build/site
	$(BIN)/python -m tests.site.offline build/site

wheel: $(VENV)/.test
	$(BIN)/python -m build --wheel

clean:
	rm -rf $(VENV) build dist *.egg-info

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.verify: pyproject.toml constraints.txt Makefile | $(BIN)/python
	$(PIP) --editable '.[verify]'
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt Makefile | $(BIN)/python
	$(PIP) --editable '.[all,generate,test,site]'
	@touch $@ $(VENV)/.verify

$(VENV)/.rustnn: pyproject.toml constraints.txt Makefile tests/runtimes/install.sh | $(BIN)/python
	$(BIN)/python -c 'import webnn' 2> /dev/null || bash tests/runtimes/install.sh $(VENV)/rustnn
	@touch $@

$(VENV)/.npm: Makefile
	npm install --silent --no-audit --no-fund --prefix $(VENV)/npm $(TYPESCRIPT) $(AXE) $(TERSER)
	@touch $@

$(VENV)/npm/node_modules/onnxruntime-web: Makefile
	npm install --silent --no-audit --no-fund --prefix $(VENV)/npm $(ORT)
	@touch $@

$(VENV)/npm/node_modules/@huggingface: Makefile
	npm install --silent --no-audit --no-fund --prefix $(VENV)/npm $(TEXT)
	@touch $@

$(VENV)/npm/node_modules/vite: Makefile
	npm install --silent --no-audit --no-fund --prefix $(VENV)/npm $(BUNDLERS)
	@touch $@

$(VENV)/.browser: tests/browser/package.json
	bash tests/browser/install.sh $(VENV)/chromium
	@touch $@
