# Two commands for a stranger: `make demo` shows the main job, `make test` proves it. Both set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint types layers format lock docs bench clean deps-demo deps-test deps-bench

help: ## 显示本帮助 / show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F'\t' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(READY) ## 建立虚拟环境并按锁文件安装 / make the virtual environment from the lock file

$(READY): requirements.lock setup.py
	$(PYTHON) tests/doctor.py python
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --config-settings editable_mode=compat -e .
	@touch $(READY)

deps-demo:
	@$(PYTHON) tests/doctor.py demo

deps-test:
	@$(PYTHON) tests/doctor.py test

deps-bench:
	@$(PYTHON) tests/doctor.py bench

demo: setup deps-demo ## 在演示城市上跑一轮；ONCE=1 跑完即退出 / one round over a demo city; ONCE=1 ends after it
	$(BIN)/python -m tests.lab.demo $(if $(ONCE),--once)

test: setup deps-test ## 安装所需并运行全部检查与测试 / install what is needed, run every check and test
	$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

check: setup lint types layers

lint:
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types:
	$(BIN)/mypy

layers:
	$(BIN)/lint-imports

format: setup ## 统一代码格式 / format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: setup ## 重新生成文档表格、模式与仪表盘 / regenerate tables, schemas and dashboards
	$(BIN)/python -m tests.generated

bench: setup deps-bench ## 与同类工具同场比较 / benchmarks against peers in the same run
	$(BIN)/python -m tests.bench

lock: setup ## 更新锁文件 / update the lock file
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
	  --no-emit-find-links --no-annotate --custom-compile-command "make lock" --extra pdf --extra xlsx \
	  setup.py requirements-dev.in -o requirements.lock

clean: ## 删除生成物 / remove what was generated
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis demo var
