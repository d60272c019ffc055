"""Settings that must stand before TensorFlow is imported, as in the notebooks' setup cell."""

import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("MPLBACKEND", "agg")


def pytest_collection_modifyitems(config, items):
    """The tests in a browser take minutes and want a group of packages: they run when they are asked for."""
    if "browser" not in config.option.markexpr:
        reason = "opens a real browser: uv run --group browser pytest -m browser"
        for item in items:
            if "browser" in item.keywords:
                item.add_marker(pytest.mark.skip(reason=reason))
