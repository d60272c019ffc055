"""What the lessons share: data, repeated experiments, instruments and figures.

Models and their mistakes stay in the notebooks. The import says so if a package is missing, or older than tested. It
comes before that of Keras, and chooses its backend.
"""

from __future__ import annotations  # so that a Python too old for the course can read as far as the message

import os
import re
import sys
from importlib import metadata

# Keras and TensorFlow read these once, when imported. The second keeps TensorFlow's notes for developers out of
# the notebook. With the last two a run gives the same digits on processors of different makes and numbers of cores; for
# networks as small as the course's, one thread is also faster than many.
_SETTINGS = {
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_NUM_INTRAOP_THREADS": "1",
}
for _name, _value in _SETTINGS.items():
    os.environ.setdefault(_name, _value)

# Oldest and newest version tested: tests/tools/colab-requirements.txt and pyproject.toml; tests/test_setup.py compares.
TESTED = {
    "tensorflow": ("2.20.0", "2.21.0"),
    "keras": ("3.13.2", "3.15.1"),
    "numpy": ("2.1.3", "2.4.6"),
    "pandas": ("2.2.3", "3.1.1"),
    "scikit-learn": ("1.6.1", "1.9.1"),
    "matplotlib": ("3.10.0", "3.11.2"),
}
MEND = """On Colab: Runtime > Disconnect and delete runtime, then run the notebook again, without installing anything.
On your own machine: start the course in its folder with `uv run jupyter lab`, which brings the versions it needs."""


def installed(package: str) -> str | None:
    """The version of an installed package, or None. TensorFlow also comes as `tensorflow-cpu`."""
    for name in [package, f"{package}-cpu"]:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return None


def minor(version: str) -> tuple[int, ...]:
    """Major and minor number, which is as far as versions are compared: "2.20.0rc1" becomes (2, 20)."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def check_versions() -> None:
    """Raise ImportError if this Python or a package is older than tested, or missing; print a note if one is newer."""
    found = {name: installed(name) for name in TESTED}
    old = [] if sys.version_info >= (3, 11) else [f"Python {sys.version.split()[0]} (needed: 3.11 or newer)"]
    new = []
    for name, (oldest, newest) in TESTED.items():
        if found[name] is None or minor(found[name]) < minor(oldest):
            old.append(f"{name} {found[name] or 'is missing'} (needed: {oldest} or newer)")
        elif minor(found[name]) > minor(newest):
            new.append(f"{name} {found[name]} (tested up to {newest})")
    if old:
        raise ImportError(f"This course cannot run with the packages here: {', '.join(old)}.\n{MEND}")
    if new:
        print(f"Note: newer than tested: {', '.join(new)}. The lessons should run; a claim may fail.")


check_versions()
