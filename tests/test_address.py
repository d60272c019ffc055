"""The course's address: every place has the one in pyproject.toml, and a fork can put its own there."""

import json
import shutil
from pathlib import Path

import pytest
import stamp_address
import yaml

ROOT = Path(__file__).resolve().parents[1]
ADDRESS = stamp_address.read_address(ROOT)
FORK = "https://github.com/somebody/my.fork"
FILES = ["pyproject.toml", "README.md", "CITATION.cff", "CONTRIBUTING.md", "tests/tools/setup_cell.py"]


@pytest.fixture
def copy(tmp_path) -> Path:
    """A copy of what knows the address, and one notebook of every kind."""
    for file in [ROOT / name for name in FILES] + list((ROOT / "notebooks").rglob("*.ipynb")):
        target = tmp_path / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    for folder in ("solutions", "exercises"):
        target = tmp_path / "notebooks" / folder / "99_made_up" / "99_made_up.ipynb"
        target.parent.mkdir(parents=True)
        shutil.copyfile(ROOT / stamp_address.START, target)
    assert stamp_address.main([], tmp_path) == 0
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def meaning(files: dict[str, bytes]) -> dict[str, object]:
    """The same, but for the order and the spaces of JSON: an editor may have written a notebook in its own way."""
    return {path: json.loads(content) if path.endswith(".ipynb") else content for path, content in files.items()}


def sources(notebook: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]]


def test_every_place_has_the_address_of_pyproject(capsys):
    assert stamp_address.main(["--check"]) == 0, capsys.readouterr().out


def test_a_fork_gets_its_address_everywhere_and_back(copy, capsys):
    before = contents(copy)
    name = ADDRESS.repository.removeprefix("https://github.com/")
    assert stamp_address.main([f"{FORK}.git/", "--branch", "v7"], copy) == 0
    stamped = contents(copy)
    with_old = [path for path, content in stamped.items() if name.encode() in content]
    assert not with_old
    changed = {path for path in before if stamped[path] != before[path]}
    assert changed == {path for path in before if path != "CONTRIBUTING.md"}
    assert stamp_address.main(["--check"], copy) == 0

    assert stamp_address.main([], copy) == 0
    assert contents(copy) == stamped, "stamped twice, nothing changes"
    assert stamp_address.main([ADDRESS.repository, "--branch", ADDRESS.branch], copy) == 0
    assert meaning(contents(copy)) == meaning(before)


def test_the_badges_open_the_very_notebook(copy):
    stamp_address.main([FORK, "--branch", "v7"], copy)
    exercise = "notebooks/exercises/99_made_up/99_made_up.ipynb"
    for name, target in {
        "notebooks/01_unscaled_inputs.ipynb": "notebooks/01_unscaled_inputs.ipynb",
        exercise: exercise,
        exercise.replace("exercises", "solutions"): exercise,
    }.items():
        title, badges = sources(copy / name)[0].splitlines()[0:3:2]
        assert title.startswith("# ")
        assert f"(https://colab.research.google.com/github/somebody/my.fork/blob/v7/{target})" in badges
        assert f"(https://mybinder.org/v2/gh/somebody/my.fork/v7?urlpath=lab/tree/{target})" in badges
    readme = (copy / "README.md").read_text(encoding="utf-8")
    assert f"/my.fork/v7?urlpath=lab/tree/{stamp_address.START})" in readme
    assert f"/my.fork/blob/v7/{stamp_address.START})" in readme
    assert f"\ngit clone {FORK} course\n" in readme


@pytest.mark.parametrize(
    "path", sorted((ROOT / "notebooks").rglob("*.ipynb")), ids=lambda path: "/".join(path.parts[-2:])
)
def test_every_notebook_has_its_badges_and_one_setup_cell(path):
    """Lessons, solutions and exercises: a notebook without a title or without the tag would be passed over."""
    if ".ipynb_checkpoints" in path.parts:
        pytest.skip("JupyterLab's own copy")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    setup = ["".join(cell["source"]) for cell in cells if "setup" in cell["metadata"].get("tags", [])]
    assert setup == [stamp_address.setup_cell(ROOT, ADDRESS)]
    name = path.relative_to(ROOT).as_posix().replace("/solutions/", "/exercises/")
    assert ADDRESS.badges(name) in sources(path)[0]
    assert (ROOT / name).is_file(), "the badge opens a notebook that exists"


@pytest.mark.parametrize("name", ["README.md", "CITATION.cff", "tests/tools/setup_cell.py", stamp_address.START])
def test_the_check_names_a_place_that_differs(copy, name, capsys):
    file = copy / name
    other = file.read_bytes().replace(ADDRESS.repository.encode(), FORK.encode())
    other = other.replace(b"/blob/main/", b"/blob/other/")
    assert other != file.read_bytes()
    file.write_bytes(other)
    assert stamp_address.main(["--check"], copy) == 1
    assert f"{name} differs" in capsys.readouterr().out
    assert file.read_bytes() == other, "a check changes nothing"


@pytest.mark.parametrize("url", ["https://example.org/a/b", "git@github.com:a/b", "https://github.com/a", "a/b"])
def test_an_address_that_colab_cannot_open_is_refused(copy, url, capsys):
    before = contents(copy)
    with pytest.raises(SystemExit):
        stamp_address.main([url], copy)
    assert "where Colab can open it" in capsys.readouterr().err
    assert contents(copy) == before


def test_the_citation_has_what_the_format_requires():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert citation["cff-version"] == "1.2.0"
    assert all(isinstance(citation[key], str) and citation[key] for key in ("message", "title"))
    assert citation["authors"]
    assert all(set(author) & {"name", "family-names"} for author in citation["authors"])
    assert citation["type"] == "software"
    assert f'\nversion = "{citation["version"]}"\n' in pyproject
    assert citation["repository-code"] == ADDRESS.repository
