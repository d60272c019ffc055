"""Versions older than tested are named, and what runs lessons as on Colab judges them rightly."""

import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import run_as_colab
from packaging.requirements import Requirement

import helpers

ROOT = Path(__file__).resolve().parents[1]
DEPENDENCIES = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]


def pins(lines: list[str]) -> dict[str, str]:
    found = {}
    for requirement in map(Requirement, lines):
        (pin,) = requirement.specifier
        found[requirement.name.removesuffix("-cpu")] = pin.version
    return found


def test_versions_tested_are_those_of_colab_and_of_the_pins():
    oldest, newest = pins(run_as_colab.requirements()[:-1]), pins(DEPENDENCIES)
    assert {name: (oldest[name], newest[name]) for name in helpers.TESTED} == helpers.TESTED
    assert {"tensorflow", "keras", "numpy"} <= set(helpers.TESTED)


def install(monkeypatch, **versions: str | None) -> None:
    """Make it look as if these versions were installed, None: not at all; of the others, the newest tested."""
    there = {name: newest for name, (_, newest) in helpers.TESTED.items()}
    there |= {name.replace("_", "-"): version for name, version in versions.items()}
    monkeypatch.setattr(helpers, "installed", there.get)


@pytest.mark.parametrize(
    ("versions", "message"),
    [
        ({"tensorflow": "2.15.0"}, "tensorflow 2.15.0 (needed: 2.20.0 or newer)"),
        ({"keras": "3.9.2"}, "keras 3.9.2 (needed: 3.13.2 or newer)"),
        ({"keras": "2.20"}, "keras 2.20 (needed: 3.13.2 or newer)"),
        ({"scikit_learn": None}, "scikit-learn is missing (needed: 1.6.1 or newer)"),
        ({"numpy": "1.26.4", "pandas": "3.99"}, "numpy 1.26.4 (needed: 2.1.3 or newer)"),
    ],
)
def test_an_old_or_missing_package_is_named_with_what_to_do(monkeypatch, capsys, versions, message):
    install(monkeypatch, **versions)
    with pytest.raises(ImportError) as caught:
        helpers.check_versions()
    first, colab, own = str(caught.value).splitlines()
    assert first == f"This course cannot run with the packages here: {message}."
    assert "Disconnect and delete runtime" in colab
    assert "uv run jupyter lab" in own
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "versions",
    [
        {},
        {name.replace("-", "_"): oldest for name, (oldest, _) in helpers.TESTED.items()},
        {"numpy": "2.1.0", "keras": "3.15.99", "tensorflow": "2.21.0rc1"},
    ],
)
def test_tested_versions_are_met_with_silence(monkeypatch, capsys, versions):
    install(monkeypatch, **versions)
    helpers.check_versions()
    assert capsys.readouterr() == ("", "")


def test_a_newer_package_is_met_with_a_quiet_note(monkeypatch, capsys):
    install(monkeypatch, keras="4.0.0")
    helpers.check_versions()
    printed = capsys.readouterr()
    assert printed.out == (
        "Note: newer than tested: keras 4.0.0 (tested up to 3.15.1). The lessons should run; a claim may fail.\n"
    )
    assert printed.err == ""


def test_an_old_python_is_named(monkeypatch):
    install(monkeypatch)
    monkeypatch.setattr(sys, "version_info", (3, 9, 0))
    with pytest.raises(ImportError, match=r"Python .* \(needed: 3\.11 or newer\)"):
        helpers.check_versions()


def test_the_installed_versions_are_found():
    assert all(helpers.installed(name) for name in helpers.TESTED)
    assert helpers.installed("no-such-package-of-the-course") is None


# As on Colab


def test_versions_can_be_taken_from_colabs_own_list(tmp_path):
    freeze = tmp_path / "pip-freeze.txt"
    freeze.write_text("# made by pip\nKeras==3.99.0\nscikit_learn==1.99\ntorch @ https://example.org/torch.whl\n")
    found, noted = run_as_colab.requirements(freeze), run_as_colab.requirements()
    assert len(found) == len(noted)
    assert set(found) - set(noted) == {"Keras==3.99.0", "scikit_learn==1.99"}


def test_newest_releases_are_asked_for_without_versions():
    lines = list(map(Requirement, run_as_colab.requirements(newest=True)))
    assert not any(line.specifier for line in lines)
    course = {Requirement(line).name for line in DEPENDENCIES}
    assert {line.name for line in lines} == course | {"nbclient"}
    assert [str(line.marker) for line in lines if line.name == "tensorflow"] != ["None"]


ERRORS = {
    "untouched": (["raise NotAttempted('1')", "raise NotAttempted('2')"], None),
    "broken import": (["import no_such_module", "raise NotAttempted"], "ModuleNotFoundError: No module named"),
    "broken later": (["raise NotAttempted", "1 / 0"], "ZeroDivisionError: division by zero"),
    "says nothing": (["1 + 1"], "no check says that an exercise is not attempted"),
}


@pytest.mark.parametrize(("cells", "expected"), ERRORS.values(), ids=ERRORS)
def test_an_exercise_may_fail_only_as_not_attempted(tmp_path, cells, expected):
    notebook = tmp_path / "exercises" / "exercise.ipynb"
    notebook.parent.mkdir()
    code = ["class NotAttempted(Exception): ...", *cells]
    nbformat.write(nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, code))), notebook)
    error = run_as_colab.run_alone(notebook, timeout=60)
    assert error == expected if expected is None else error.startswith(expected)


def test_a_lesson_may_not_write_in_red(tmp_path):
    code = "import sys\nprint('A warning.', file=sys.stderr)"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]), tmp_path / "lesson.ipynb")
    assert run_as_colab.run_alone(tmp_path / "lesson.ipynb", timeout=60) == "it writes to stderr: A warning."


def test_a_lesson_runs_alone_in_an_empty_folder(tmp_path):
    code = "from pathlib import Path\nassert not list(Path.cwd().iterdir())\nimport helpers"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]), tmp_path / "lesson.ipynb")
    assert run_as_colab.run_alone(tmp_path / "lesson.ipynb", timeout=60) == (
        "ModuleNotFoundError: No module named 'helpers'"
    )
