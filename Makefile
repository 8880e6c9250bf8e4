# The commands people use. Each sets up .venv by itself when it is missing or out of date.
PYTHON ?= python3
SEEDS ?= 0 1 2 3 4 5 6 7 8 9
PORT ?= 8000

BIN := .venv/bin
PAGES := .venv/.pages
READY := .venv/.ready
LOWEST := _build/lowest/bin/python
# What is never imported need not be compiled: that takes longer than fetching it.
QUICKLY := --quiet --no-compile
JUPYTER_BOOK := $(BIN)/jupyter-book build . -W -n --keep-going --quiet

.PHONY: book pdf epub serve test all-tests notebook-tests check book-check quick-tests lowest notebooks claims studies playground repository clean

# Enough to build the book: no torch, which not every machine can have.
$(PAGES): requirements-book.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -r requirements-book.txt $(QUICKLY)
	@touch $@

$(READY): $(PAGES) requirements.txt pyproject.toml
	$(BIN)/python -m pip install -r requirements.txt $(QUICKLY)
	$(BIN)/python -m pip install --no-deps --editable . $(QUICKLY)
	@touch $@

book: $(PAGES)
	$(JUPYTER_BOOK)
	$(JUPYTER_BOOK) --config book/en/_config.yml --toc book/en/_toc.yml --path-output _build/en
	rm -rf _build/html/en
	cp -r _build/en/_build/html _build/html/en
	@echo "Open _build/html/index.html (Korean) or _build/html/en/index.html (English);"
	@echo "search shows the passages it finds only when served: make serve"

# Beside the pages, one file for each edition; pdf needs Chromium.
pdf epub: book $(READY)
	$(BIN)/python -m builder $@

serve: book
	@$(BIN)/python -c 'import socket; socket.create_server(("127.0.0.1", $(PORT)))' 2>/dev/null || \
	  { echo "Port $(PORT) is taken; name another: make serve PORT=8001"; exit 1; }
	$(BIN)/python -m http.server --directory _build/html --bind 127.0.0.1 $(PORT)

# Several workers at a time, so a thread each: more would only wait for one another.
test check book-check quick-tests lowest all-tests notebook-tests: export OMP_NUM_THREADS := 1

# All at once, even on two cores: browsers, kernels and time limits leave gaps.
test: $(READY)
	$(BIN)/ruff check .
	$(MAKE) -j 3 book-check all-tests notebook-tests

all-tests: $(READY)
	$(BIN)/python -m pytest tests -n 2 --dist=worksteal

notebook-tests: $(READY)
	$(BIN)/python -m pytest --nbval notebooks/ko -n 2 --dist=loadscope --no-loadscope-reorder

check: $(READY)
	$(BIN)/ruff check .
	$(MAKE) -j 2 book-check quick-tests

book-check: $(READY)
	$(BIN)/python -m builder check

quick-tests: $(READY)
	$(BIN)/python -m pytest tests -n 2 --dist=loadscope -m "not slow and not browser"

# The quick tests in an environment of its own, with the lowest versions that
# pyproject.toml names; the others stay as they are pinned.
lowest:
	$(PYTHON) -m venv _build/lowest
	$(LOWEST) -m pip install --quiet -r requirements.txt
	$(LOWEST) -m pip install --quiet $$($(LOWEST) -c "$$PRINT_LOWEST")
	$(LOWEST) -m pip install --quiet --no-deps --editable .
	$(LOWEST) -m pytest tests -n 2 --dist=loadscope -m "not slow and not browser" \
	  --deselect tests/test_repository.py::TestRequirements

define PRINT_LOWEST
import tomllib
project = tomllib.load(open("pyproject.toml", "rb"))["project"]
named = [*project["dependencies"], *project["optional-dependencies"]["pretrain"]]
print(*(each.replace(">=", "==") for each in named))
endef
export PRINT_LOWEST

notebooks: $(READY)
	$(BIN)/python -m builder notebooks

claims: $(READY)
	$(BIN)/python -m builder claims --seeds $(SEEDS)

studies: $(READY)
	$(BIN)/python -m builder studies

playground: $(READY)
	$(BIN)/python -m builder playground

repository: $(READY)
	@test -n "$(URL)" || { echo "Say which: make repository URL=https://github.com/owner/name"; exit 1; }
	$(BIN)/python -m builder repository "$(URL)"

clean:
	rm -rf _build .pytest_cache .ruff_cache
