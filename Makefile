# The few commands. `make help` lists them; `citybrain --help` has the operator's.
SHELL := /bin/bash
UV_VERSION := 0.13.9
PYTHON ?= python3
UV := .tools/uv/bin/uv
LAKE := .venv
SUPERSET := .venv-superset
RUN := $(LAKE)/bin/python
# a small city: the JVM, and Spark's writing of code for it, would spend more on compiling than they ever save;
# so would a heap that grows by degrees
export CITYBRAIN_SPARK_JAVA_OPTIONS ?= -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC -Xms1200m -Xmn600m \
	-Dspark.sql.codegen.wholeStage=false -Dspark.sql.codegen.factoryMode=NO_CODEGEN -Dspark.broadcast.blockSize=256k
export CITYBRAIN_SPARK_PARTITIONS ?= 1
# hundreds of processes import the same libraries: each would compile them anew
unexport PYTHONDONTWRITEBYTECODE
export CITYBRAIN_HOME ?= $(CURDIR)/var
export CITYBRAIN_SUPERSET_PYTHON ?= $(CURDIR)/$(SUPERSET)/bin/python

# workers share out the files of tests, a thread each in numeric libraries; ORDER=7 shuffles them by that seed
PYTEST := OMP_NUM_THREADS=1 $(RUN) -m pytest -n $(or $(WORKERS),auto) $(if $(ORDER),--random-order --random-order-seed=$(ORDER))

.PHONY: help install demo test fast check up down bench lock clean
help:  ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */  make \1\t/' | expand -t 18

install: needs $(LAKE)/.done $(SUPERSET)/.done .tools/jars/.done  ## everything the project needs, by the committed locks

demo: install  ## a small city, from departments' files to warnings and the morning's brief
	@if [ -d "$(CITYBRAIN_HOME)/lake" ]; then echo "$(CITYBRAIN_HOME) already holds a city; it takes what waits in its drop folders. 'make clean' starts over."; \
	else $(RUN) -m demo build --out "$(CITYBRAIN_HOME)/drop" --truth "$(CITYBRAIN_HOME)-truth" && echo 2026-06-29 > "$(CITYBRAIN_HOME)/today" \
	  && find "$(CITYBRAIN_HOME)/drop" -type f -exec touch -d '1 minute ago' {} +; fi
	@$(RUN) -m dags.once

test: install  ## every check and test
	@$(MAKE) -s -j2 check suite

fast: install  ## the checks, contracts and unit tests, after each change
	@$(MAKE) -s -j2 check units

check: install  ## lint, types, the import rule
	@$(LAKE)/bin/ruff check . && $(LAKE)/bin/ruff format --check . && $(LAKE)/bin/basedpyright --pythonpath $(RUN) --level error && $(LAKE)/bin/lint-imports

up: install  ## start Airflow and Superset on loopback; files dropped from now on are taken
	@$(LAKE)/bin/citybrain up

down:  ## stop what `make up` started
	@$(LAKE)/bin/citybrain down

bench: install  ## seconds for a million rows, beside DuckDB's bare copy and local Spark
	@$(LAKE)/bin/citybrain bench ingest

lock: $(UV)  ## write the locks anew from pyproject.toml and locks/superset.in
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' --extra dev pyproject.toml -o locks/lakehouse.txt
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' locks/superset.in -o locks/superset.txt

clean: down  ## stop, and throw the demo city away (var/); the environments stay
	rm -rf var var-truth

.PHONY: needs suite units
suite:
	@$(PYTEST)

units:
	@$(PYTEST) tests/contracts tests/unit

needs:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' || { echo "Python 3.11 or 3.12 is needed: install one and name it, for example 'make PYTHON=python3.12 demo'."; exit 1; }
	@command -v git >/dev/null || { echo "git is needed: install it with your system's package manager."; exit 1; }
	@{ [ -x "$$JAVA_HOME/bin/java" ] || command -v java >/dev/null; } || { echo "Java 17 or 21 is needed for Spark: install a JDK (for example 'apt-get install openjdk-17-jre-headless') or point JAVA_HOME at one."; exit 1; }

$(UV):
	@$(PYTHON) -m venv .tools/uv || { echo "Python's venv module is needed (on Debian: apt-get install python3-venv)."; exit 1; }
	@.tools/uv/bin/pip install -q uv==$(UV_VERSION)

$(LAKE)/.done: locks/lakehouse.txt pyproject.toml | $(UV)
	@echo "the lakehouse's environment ..." && $(UV) venv -q --allow-existing --python $(PYTHON) $(LAKE)
	@$(UV) pip sync -q --python $(RUN) --require-hashes locks/lakehouse.txt && $(UV) pip install -q --python $(RUN) --no-deps -e . && touch $@

$(SUPERSET)/.done: locks/superset.txt | $(UV)
	@echo "Superset's environment ..." && $(UV) venv -q --allow-existing --python $(PYTHON) $(SUPERSET)
	@$(UV) pip sync -q --python $(SUPERSET)/bin/python --require-hashes locks/superset.txt && touch $@

.tools/jars/.done: locks/delta.sha256 locks/delta.ivy.xml | $(LAKE)/.done
	@echo "Delta's JARs ..." && $(LAKE)/bin/citybrain jars && touch $@
