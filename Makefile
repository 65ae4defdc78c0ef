# The book and its package. `make help` lists what can be made.

VENV := .venv
BIN := $(VENV)/bin
BOOK := _build/html/index.html
NEWEST := 3.13
OLDEST := 3.11

# Recordings that lie beside the checkout are used as they are, without network.
RECORDINGS := $(wildcard ../shared/librosa-data)
ifneq ($(RECORDINGS),)
export LIBROSA_DATA_DIR ?= $(abspath $(RECORDINGS))
endif

# One thread a process: builds and tests run two processes side by side.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := book
.PHONY: help book serve lab test bench speed reproduce learning denoising mutants clean distclean
.DELETE_ON_ERROR:

help:
	@echo "make book       build the book (makes its own virtual environment, $(VENV))"
	@echo "make serve      show the built book at http://localhost:8000"
	@echo "make lab        open the notebooks in JupyterLab"
	@echo "make test       lint, type check, build the book, run every test"
	@echo "make bench      measure speed and memory against plain ways, and sliders (a minute)"
	@echo "make speed      the same, with cost against T, N, J and draws, and store it (minutes)"
	@echo "make reproduce  run every notebook again and compare each number and figure"
	@echo "make learning   run the long fits of chapter 10 again, and store them (half an hour)"
	@echo "make denoising  train the denoisers of chapter 12 again, and store them (minutes)"
	@echo "make mutants    break each formula once, and see that a test notices (minutes)"
	@echo "make clean      remove what was built; make distclean: and $(VENV)"

# --- The virtual environment -----------------------------------------------------------------

$(BIN)/python:
	@python=""; lame=""; \
	for candidate in $(PYTHON) python3.12 python3.13 python3.11 python3 python; do \
	  command -v $$candidate > /dev/null 2>&1 || continue; \
	  $$candidate -c "import sys; v = '%d.%d' % sys.version_info[:2]; \
	    sys.exit(v not in ('3.11', '3.12', '3.13'))" 2> /dev/null || continue; \
	  if $$candidate -c "import venv, ensurepip" 2> /dev/null; then python=$$candidate; break; fi; \
	  lame=$$candidate; \
	done; \
	if [ -z "$$python" ] && [ -n "$$lame" ]; then \
	  version=$$($$lame -c "import sys; print('%d.%d' % sys.version_info[:2])"); \
	  echo "$$lame is Python $$version but lacks the modules venv and ensurepip." >&2; \
	  echo "On Debian and Ubuntu: apt install python$$version-venv" >&2; exit 1; \
	fi; \
	if [ -z "$$python" ]; then \
	  echo "No Python $(OLDEST) to $(NEWEST) was found on the PATH." >&2; \
	  echo "Install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; \
	fi; \
	echo "Making a virtual environment in $(VENV) with $$($$python --version)."; \
	rm -rf $(VENV) && $$python -m venv $(VENV)

$(VENV)/book.stamp: requirements.txt constraints.txt pyproject.toml | $(BIN)/python
	@echo "Installing requirements.txt and this checkout of fbtools (once; about a minute)."
	@$(BIN)/python -m pip install --quiet --requirement requirements.txt
	@$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

$(VENV)/test.stamp: requirements-test.txt $(VENV)/book.stamp
	@echo "Installing requirements-test.txt."
	@$(BIN)/python -m pip install --quiet --requirement requirements-test.txt
	@touch $@

$(VENV)/torch.stamp: requirements-torch.txt $(VENV)/test.stamp
	@echo "Installing requirements-torch.txt."
	@$(BIN)/python -m pip install --quiet --requirement requirements-torch.txt
	@touch $@

$(VENV)/lab.stamp: requirements-lab.txt $(VENV)/book.stamp
	@echo "Installing requirements-lab.txt."
	@$(BIN)/python -m pip install --quiet --requirement requirements-lab.txt
	@touch $@

# --- The book --------------------------------------------------------------------------------

# Lines of progress that only the log keeps.
CHATTER := (reading sources|writing output|copying images|copying assets)\.\.\.|ParserConfig\(|^$$

book: $(VENV)/book.stamp
	@echo "Building the book; notebooks whose results are cached do not run again."
	@mkdir -p _build; rm -f _build/book.status; \
	start=$$(date +%s); \
	{ $(BIN)/jupyter-book build --all -W -n --keep-going . 2>&1; echo $$? > _build/book.status; } \
	  | tee _build/book.log | grep -Ev "$(CHATTER)"; \
	if [ "$$(cat _build/book.status)" != 0 ]; then \
	  echo "The book was not built: the warnings above count as errors (_build/book.log)." >&2; \
	  exit 1; \
	fi; \
	echo "The book was built in $$(( $$(date +%s) - start )) s. Open it in a browser:"; \
	echo "$(CURDIR)/$(BOOK)"

serve:
	@test -f $(BOOK) || { echo "There is no book yet: run 'make book' first." >&2; exit 1; }
	@echo "The book is at http://localhost:8000 until you press Ctrl-C."
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

lab: $(VENV)/lab.stamp
	@$(BIN)/jupyter lab chapters

# --- Tests -----------------------------------------------------------------------------------

# PyTorch and JupyterLab are large: their tests run where they are installed, and always on CI.
test: $(VENV)/test.stamp $(if $(filter 1 true,$(CI)),$(VENV)/torch.stamp $(VENV)/lab.stamp)
	@echo "Style and types."
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(MAKE) --no-print-directory book
	@$(BIN)/python tests/chromium.py
	@echo "Tests."
	@FBTOOLS_BOOK_BUILT=1 $(BIN)/python -m pytest -n 2 --dist worksteal \
	  --cov=fbtools --cov-report=term --cov-fail-under=95

bench: $(VENV)/test.stamp
	@mkdir -p _build
	@$(BIN)/python -m pytest -o python_files="bench_*.py" -p no:cacheprovider \
	  --benchmark-columns=min,median --benchmark-json=_build/bench.json benchmarks

# Timings that chapter 13 shows: to be run on a machine that does nothing else.
speed: bench
	@$(BIN)/python benchmarks/scaling.py

reproduce: $(VENV)/test.stamp book
	@$(BIN)/python tests/reproduce.py

# Long runs whose results chapters 10 and 12 show; a test runs a part of each again.
learning: $(VENV)/book.stamp
	@$(BIN)/python -m fbtools.tasks

denoising: $(VENV)/book.stamp
	@$(BIN)/python chapters/data/denoising.py

mutants: $(VENV)/test.stamp
	@$(BIN)/python tests/mutate.py

clean:
	rm -rf _build build htmlcov .coverage .hypothesis .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV) *.egg-info
