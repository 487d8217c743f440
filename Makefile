# Everything runs in .venv, made with the versions of constraints.txt.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
JOBS   ?= 2
FLOWER := .venv-flower/.installed

export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export NUMBA_NUM_THREADS := 1

.PHONY: help env flower system demo test quick lint docs bench clean
help: ## What there is to make
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip==26.3"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt "torch==2.13.0"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[all,dev]"
	touch $(STAMP)

env: $(STAMP) ## Make the environment (about six minutes, 3.9 GB)

$(FLOWER): constraints-flower.txt
	$(PYTHON) -m venv .venv-flower
	.venv-flower/bin/python -m pip install --quiet --upgrade "pip==26.3"
	.venv-flower/bin/python -m pip install --quiet --constraint constraints-flower.txt flwr
	touch $(FLOWER)

flower: $(FLOWER) ## Make the environment of the Flower engine, apart from the other (its pins differ)

system: ## Install the Debian packages that some tests need, where that is allowed
	@sh tools/system.sh

demo: $(STAMP) ## Share a sample session into a new hub and say where to look
	$(BIN)/python tools/demo.py

test: $(STAMP) $(FLOWER) system ## Run every test
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -p no:cacheprovider

quick: $(STAMP) ## Run the tests that take seconds
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not slow and not browser and not postgres and not s3 and not realdata"

lint: $(STAMP) ## ruff, mypy, import-linter
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

docs: $(STAMP) ## Build the documentation into docs/_build
	$(BIN)/sphinx-build -q -W -b html docs docs/_build

bench: $(STAMP) ## Print every headline figure beside its peer's
	for script in benchmarks/*.py; do $(BIN)/python $$script; done

clean: ## Remove the environment and what was built
	rm -rf $(VENV) .venv-flower docs/_build demo-hub
