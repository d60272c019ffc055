"""The measurement finds the slow cell and the memory, and goes on after a notebook that fails."""

import argparse
import json
import sys
from pathlib import Path

import measure_notebooks
import nbformat
import pytest


def write_notebook(folder: Path, name: str, *cells: nbformat.NotebookNode) -> Path:
    folder.mkdir(exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / name)
    return folder / name


def test_measures_time_and_memory_also_after_a_failure(tmp_path, capsys):
    code, heading = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell
    broken = write_notebook(tmp_path / "notebooks", "01_broken.ipynb", code("raise ValueError('no')"))
    slow = write_notebook(
        tmp_path / "notebooks",
        "02_slow.ipynb",
        code("x = 1"),
        heading("# Title\n\n## Waiting | long"),
        code("import time\nblock = b'x' * 300_000_000\ntime.sleep(0.5)\ndel block"),
    )
    before = slow.read_bytes()
    numbers = tmp_path / "numbers.json"
    assert measure_notebooks.main([str(broken), str(slow), "--json", str(numbers)]) == 1

    printed = capsys.readouterr().out
    assert "01_broken.ipynb failed: ValueError: no" in printed
    assert "Waiting \\| long" in printed
    assert "Python 3." in printed
    first, second = json.loads(numbers.read_text(encoding="utf-8"))["notebooks"]
    assert (first["error"], second["error"]) == ("ValueError: no", None)
    assert second["slowest_cell"] == "Waiting | long"
    assert 0.5 <= second["slowest_seconds"] <= second["wall_seconds"]
    assert second["peak_memory_mb"] > 300
    assert slow.read_bytes() == before


PRIVATE = "block = b'x' * 600_000_000"
# The pause lets a busy machine take its sample while all of it is in use.
SHARED = """import mmap, time
block = mmap.mmap(-1, 600_000_000)
while block.tell() < len(block):
    block.write(bytes(1_000_000))
time.sleep(1)"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is one that only Linux has")
@pytest.mark.parametrize(
    ("cell", "limit", "error"),
    [
        (PRIVATE, "500MB", "MemoryError: "),  # refused by the system, and so never used
        (SHARED, "500MB", "it used "),  # what the system's limit leaves out is seen by the measurement
        (PRIVATE, "2GB", None),
        (SHARED, "2GB", None),
    ],
)
def test_a_notebook_that_needs_more_memory_than_the_limit_fails(tmp_path, cell, limit, error):
    path = write_notebook(tmp_path / "notebooks", "01_large.ipynb", nbformat.v4.new_code_cell(cell))
    numbers = tmp_path / "numbers.json"
    failed = measure_notebooks.main([str(path), "--memory-limit", limit, "--json", str(numbers)])
    (found,) = json.loads(numbers.read_text(encoding="utf-8"))["notebooks"]
    assert failed == (error is not None)
    if error is None:
        assert found["error"] is None
        assert found["peak_memory_mb"] > 600
    else:
        assert found["error"].startswith(error)


def test_sizes_have_units():
    assert measure_notebooks.size("2GB") == 2_000_000_000
    assert measure_notebooks.size("1.5 GB") == 1_500_000_000
    assert measure_notebooks.size("800MB") == 800_000_000
    with pytest.raises(argparse.ArgumentTypeError):
        measure_notebooks.size("2")
