# The one way to do each thing; every word sets up what it needs by itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
REFERENCE_DATA ?= ../shared/data

.PHONY: demo test check bench docs install clean

demo: $(INSTALLED)  ## Run the whole loop with a simulated factory; open the printed address
	LOTONE_REFERENCE_DATA=$(REFERENCE_DATA) $(BIN)/lotone demo $(ARGS)

test: $(INSTALLED)  ## Run all tests: two at a time, then those that start browsers, servers and processes of their own
ifeq ($(strip $(ARGS)),)
	$(BIN)/pytest -n 2 --dist loadfile -m "not journey"
	$(BIN)/pytest -m journey
else
	$(BIN)/pytest $(ARGS)
endif

check: $(INSTALLED)  ## Style, types, architecture
	$(BIN)/ruff format --check src tests benchmarks examples build_hook.py
	$(BIN)/ruff check src tests benchmarks examples build_hook.py
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/test_architecture.py tests/test_docs.py

bench: $(INSTALLED)  ## Run every benchmark and print one table
	$(BIN)/python benchmarks/run_all.py $(ARGS)

docs: $(INSTALLED)  ## Make the generated pages of docs/ anew
	$(BIN)/python -m lotone docs

install: $(INSTALLED)

$(INSTALLED): pyproject.toml build_hook.py web/package-lock.json
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(INSTALLED)

clean:  ## Remove what was installed and built
	rm -rf $(VENV) src/lotone/web/static/built node_modules web/node_modules tests/foreign/node_modules
