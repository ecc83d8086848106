# The front door. Nothing but Python 3.11+ and make is assumed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
EXAMPLE := submissions_example/uva_dl1_a1/full_marks

.PHONY: grade test lint bench pictures format clean
.DELETE_ON_ERROR:

grade: $(VENV)/installed  ## Set up, then grade an example submission
	$(BIN)/grade $(EXAMPLE) --json results/full_marks.json $(ARGS)

test: $(VENV)/installed-dev  ## Set up, then run the tests (ARGS="-k linear" narrows)
	$(BIN)/python -m pytest -n auto $(ARGS)

lint: $(VENV)/installed-dev  ## ruff (lint and format) and mypy in strict mode
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/installed-dev  ## Figures: ratios measured side by side, and counts
	$(BIN)/python -m tests.bench $(ARGS)

pictures: $(VENV)/installed-dev  ## The pictures in README, from a real run
	$(BIN)/grade submissions_example/uva_dl1_a1/bias_gradient_not_summed --seed 7 --quiet --json results/pictures.json
	$(BIN)/python -m tests.report.screenshots results/pictures.json docs/pictures

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build dist

$(VENV)/created:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"gradmark needs Python 3.11 or newer; {sys.executable} is {v.major}.{v.minor}. Name another: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/installed: $(VENV)/created pyproject.toml constraints.txt
	@echo "Installing gradmark into $(VENV) (torch is large: the first time takes some minutes)"
	$(PIP) --editable '.[submissions]'
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(PIP) --upgrade 'pip>=25.1'
	$(PIP) --group test --group lint 'build>=1.2'
	@touch $@
