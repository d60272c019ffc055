"""Tests run in the same environment wherever they are started: here, before TensorFlow is imported."""

import os

import matplotlib

os.environ.pop("COURSE_SEED_OFFSET", None)  # the tests set their own

import helpers  # noqa: F401 (quiet variables, as in the notebooks)

matplotlib.use("agg")
