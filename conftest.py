"""Tests run in the same environment wherever they are started: here, before TensorFlow is imported."""

import os

import matplotlib

os.environ.pop("COURSE_SEED_OFFSET", None)  # the tests set their own

import helpers  # noqa: F401 (quiet variables, as in the notebooks)

matplotlib.use("agg")

if os.environ.get("COURSE_KEEP_RUNS"):
    pytest_plugins = ["keep_runs"]  # tests/tools; the site is made of what it keeps
