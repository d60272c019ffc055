"""A plugin of pytest that keeps what nbval runs of the lessons, so that the site is built without running them again.

    uv sync --group site
    COURSE_KEEP_RUNS=1 uv run pytest
    uv run --group site sphinx-build -M html notebooks site -W

conftest.py loads it if COURSE_KEEP_RUNS is set. A lesson's outputs are put where the site looks for them, once all its
cells have passed.
"""

import runpy
from pathlib import Path

import pytest
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbval.plugin import IPyNbCell

ROOT = Path(__file__).resolve().parents[2]


def pytest_configure(config):
    site = runpy.run_path(str(ROOT / "notebooks" / "conf.py"))
    config.runs = get_cache(site["prepare_kernels"](ROOT / "site"))
    assert config.runs.db  # made here, before there are workers to make it at the same time


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    result = yield  # raises if the cell failed, and nothing is kept
    if isinstance(item, IPyNbCell):
        item.cell.outputs, item.cell.execution_count = item.test_outputs, item.cell_num + 1
        notebook = item.parent.nb
        if all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code"):
            run = CacheBundleIn(notebook, str(item.path))
            item.config.runs.cache_notebook_bundle(run, check_validity=False, overwrite=True)
    return result
