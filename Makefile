# The book and its package. `make help` lists what can be made.

VENV := .venv
BIN := $(VENV)/bin
BOOK := _build/html/index.html
PORT := 8000

# PYTHON=... on the command line or in the environment names the Python to use.
export PYTHON

# Recordings that lie beside the checkout are used as they are, without network.
ifneq ($(wildcard ../shared/librosa-data),)
export LIBROSA_DATA_DIR ?= $(CURDIR)/../shared/librosa-data
endif

# One thread a process: builds and tests run two processes side by side.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# A home that cannot be written to must not matter: matplotlib would say so on stderr.
export MPLCONFIGDIR ?= $(CURDIR)/_build/matplotlib
export NUMBA_CACHE_DIR ?= $(CURDIR)/_build/numba
export IPYTHONDIR ?= $(CURDIR)/_build/ipython
export JUPYTER_RUNTIME_DIR ?= $(CURDIR)/_build/jupyter

.DEFAULT_GOAL := book
.PHONY: help book serve lab test extras quick core core-tests lowest newest lowest-versions newest-versions bench speed reproduce learning denoising mutants architecture clean distclean
.DELETE_ON_ERROR:

help:
	@echo "make book       build the book (makes its own virtual environment, $(VENV))"
	@echo "make serve      show the built book at http://localhost:8000 (or PORT=8001)"
	@echo "make lab        open the notebooks in JupyterLab"
	@echo "make test       lint, type check, build the book, run every test"
	@echo "make extras     the tests that need PyTorch, JupyterLab or pyright (installs them)"
	@echo "make quick      build the book, run all but the long tests and the browser's"
	@echo "make core       the tests of what needs NumPy, SciPy and tqdm alone, against the wheel"
	@echo "make lowest     the tests of the package with the lowest versions it allows"
	@echo "make newest     the same with the newest (each in an environment of its own)"
	@echo "make bench      measure speed and memory against plain ways, and sliders (a minute)"
	@echo "make speed      the same, with cost against T, N, J and draws, and store it (minutes)"
	@echo "make reproduce  run every notebook again and compare each number and figure"
	@echo "make learning   run the long fits of chapter 10 again, and store them (half an hour)"
	@echo "make denoising  train the denoisers of chapter 12 again, and store them (minutes)"
	@echo "make mutants    break each formula once, and see that a test notices (minutes)"
	@echo "make architecture  draw the picture of the rooms in ARCHITECTURE.md again"
	@echo "make clean      remove what was built; make distclean: and $(VENV)"

# --- The virtual environment -----------------------------------------------------------------

# Looked at again where a Python is chosen, and where the checkout or its Python has moved.
COMPLETE = $(shell grep -qsxF "$(CURDIR)" "$(VENV)/made.stamp" \
  && "$(BIN)/python" -c "import pip" 2> /dev/null && echo yes)
$(VENV)/made.stamp: $(if $(PYTHON),FORCE,$(if $(COMPLETE),,FORCE))
	@sh scripts/make_venv.sh "$(VENV)"

FORCE:

$(VENV)/book.stamp: requirements.txt constraints.txt pyproject.toml $(VENV)/made.stamp
	@echo "Installing requirements.txt and this checkout of fbtools (once; about a minute)."
	@$(BIN)/python -m pip install --quiet --requirement requirements.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation \
	  --config-settings editable_mode=compat --editable .
	@touch $@

$(VENV)/test.stamp: requirements-test.txt $(VENV)/book.stamp
	@echo "Installing requirements-test.txt."
	@$(BIN)/python -m pip install --quiet --requirement requirements-test.txt
	@touch $@

$(VENV)/torch.stamp: requirements-torch.txt $(VENV)/test.stamp
	@echo "Installing requirements-torch.txt."
	@$(BIN)/python -m pip install --quiet --requirement requirements-torch.txt
	@touch $@

$(VENV)/types.stamp: requirements-types.txt $(VENV)/test.stamp
	@echo "Installing requirements-types.txt."
	@$(BIN)/python -m pip install --quiet --requirement requirements-types.txt
	@touch $@

$(VENV)/lab.stamp: requirements-lab.txt $(VENV)/book.stamp
	@echo "Installing requirements-lab.txt."
	@$(BIN)/python -m pip install --quiet --requirement requirements-lab.txt
	@touch $@

# --- The book --------------------------------------------------------------------------------

book: $(VENV)/book.stamp
	@echo "Building the book; notebooks whose results are cached do not run again."
	@$(BIN)/python scripts/build_book.py

serve:
	@test -f $(BOOK) || { echo "There is no book yet: run 'make book' first." >&2; exit 1; }
	@$(BIN)/python scripts/serve.py _build/html $(PORT)

lab: $(VENV)/lab.stamp
	@$(BIN)/jupyter lab chapters

# --- Tests -----------------------------------------------------------------------------------

PYTEST := $(BIN)/python -m pytest -n 2 --dist worksteal

test: $(VENV)/test.stamp
	@echo "Style and types."
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(MAKE) --no-print-directory book
	@$(BIN)/python tests/chromium.py
	@echo "Tests."
	@FBTOOLS_BOOK_BUILT=1 $(PYTEST) --cov=fbtools --cov-report=term --cov-fail-under=95

# PyTorch, JupyterLab and pyright (which brings Node) are large: what needs them is tested where one
# asks for it.
extras: $(VENV)/torch.stamp $(VENV)/lab.stamp $(VENV)/types.stamp book
	@FBTOOLS_BOOK_BUILT=1 $(PYTEST) -m "torch or jupyterlab or basedpyright"

# What most often breaks under another Python: the book, and all but the long tests.
quick: $(VENV)/test.stamp book
	@FBTOOLS_BOOK_BUILT=1 $(PYTEST) -m "not slow and not browser"

# The package alone with the lowest or the newest versions that pyproject.toml allows.
lowest newest:
	@$(MAKE) --no-print-directory VENV=$(VENV)-$@ $@-versions

lowest-versions newest-versions: %-versions: $(VENV)/made.stamp
	@echo "Installing the $* versions."
	@$(BIN)/python scripts/versions.py $* $(VENV)
	@$(BIN)/python -m pip install --quiet --requirement $(VENV)/$*.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation \
	  --config-settings editable_mode=compat --editable .
	@$(OLD_NEWS_$*) $(PYTEST) -m "not slow and not browser and not book"

# The light core: the built wheel with NumPy, SciPy and tqdm, tested outside the checkout.
core:
	@$(MAKE) --no-print-directory VENV=$(VENV)-core core-tests

CORE := filterbanks laws frames simulation learning test_signals.py test_threads.py \
  test_validation.py test_extras.py
core-tests: $(VENV)/made.stamp
	@echo "Installing the wheel of the package, and what its tests need."
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt setuptools \
	  pytest pytest-xdist hypothesis mpmath gx2
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-build-isolation \
	  --force-reinstall --no-deps .
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-build-isolation .
	@rm -rf $(VENV)/outside && mkdir $(VENV)/outside
	@cp -R tests conftest.py pyproject.toml references.bib $(VENV)/outside
	@cd $(VENV)/outside && FBTOOLS_CORE=1 ../bin/python -m pytest -n 2 --dist worksteal \
	  -m "not slow" -k "not mpi" --ignore tests/filterbanks/test_auditory.py \
	  --ignore tests/filterbanks/test_isac.py $(CORE:%=tests/%)

# Old versions of one package use what a new version of another calls outdated.
OLD_NEWS_lowest := PYTEST_ADDOPTS="-W ignore::DeprecationWarning"

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
	@$(BIN)/python -m fbtools.experiments.learning_tasks

denoising: $(VENV)/book.stamp
	@$(BIN)/python chapters/data/denoising.py

mutants: $(VENV)/test.stamp
	@$(BIN)/python tests/mutate.py

.PHONY: architecture
architecture: $(VENV)/made.stamp
	@$(BIN)/python scripts/draw_architecture.py

clean:
	rm -rf _build build htmlcov .coverage .hypothesis .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV) $(VENV)-lowest $(VENV)-newest $(VENV)-core *.egg-info
