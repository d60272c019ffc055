"""The measurement finds the slow cell and the memory, and goes on after a notebook that fails."""

import json
from pathlib import Path

import measure_notebooks
import nbformat


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
