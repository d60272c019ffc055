"""The setup cell finds the course or fetches it, and explains itself where it can do neither."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import run_as_colab
import stamp_address

ROOT = Path(__file__).resolve().parents[1]
ADDRESS = stamp_address.read_address(ROOT)
CELL = stamp_address.setup_cell(ROOT, ADDRESS)


@pytest.fixture(scope="module")
def online(tmp_path_factory) -> dict[str, str]:
    """An environment in which git finds the course at its address."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("needs git and a clone of the repository")
    repository = run_as_colab.make_repository(tmp_path_factory.mktemp("public"), ADDRESS.branch)
    return run_as_colab.fetch_from(repository, ADDRESS.repository)


@pytest.fixture
def offline(tmp_path) -> dict[str, str]:
    """An environment in which git finds nothing at the course's address."""
    return run_as_colab.fetch_from(tmp_path / "nowhere", ADDRESS.repository)


@pytest.fixture
def without_git(tmp_path) -> dict[str, str]:
    (tmp_path / "bin").mkdir()
    return os.environ | {"PATH": str(tmp_path / "bin")}


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "empty folder").mkdir()
    return tmp_path / "empty folder"


def run_cell(folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    code = CELL + "\nprint(Path(helpers.__file__).parent.parent)"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, errors="replace"
    )


def test_alone_in_an_empty_folder_it_fetches_the_course_once(folder, online, offline, without_git):
    clone = folder / "why-wont-it-learn"
    for environment in (online, online, offline, without_git):  # at the first run, again, and where git is of no use
        done = run_cell(folder, environment)
        assert done.returncode == 0, done.stderr
        assert Path(done.stdout.strip()) == clone
        assert done.stderr == ""
    assert [path.name for path in folder.iterdir()] == [clone.name]
    log = subprocess.run(["git", "log", "--format=%s"], cwd=clone, capture_output=True, text=True, check=True)
    assert len(log.stdout.splitlines()) == 1
    assert (clone / "notebooks").is_dir()
    assert (clone / "data").is_dir()


@pytest.mark.parametrize("below", [".", "notebooks", "notebooks/exercises/01"])
def test_inside_the_course_it_needs_no_git(tmp_path, below, without_git):
    shutil.copytree(ROOT / "helpers", tmp_path / "course" / "helpers")
    (tmp_path / "course" / below).mkdir(parents=True, exist_ok=True)
    done = run_cell(tmp_path / "course" / below, without_git)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == tmp_path / "course"


def failure(folder: Path, environment: dict[str, str]) -> str:
    """What the cell says, below a traceback that has no other frame than the cell's own."""
    done = run_cell(folder, environment)
    assert done.returncode == 1
    assert done.stderr.count("\n  File ") == 1
    message = done.stderr.partition("\nRuntimeError: ")[2].strip()
    clone = folder / "why-wont-it-learn"
    remedy = f"\nFetching it needs git, access to {ADDRESS.repository}, and no old folder {clone}."
    assert message.endswith(remedy)
    return message.removesuffix(remedy)


def test_it_is_short_and_narrow():
    lines = CELL.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80


def test_keras_finds_its_backend_and_keeps_quiet(tmp_path):
    """Whatever the reader's machine says of backends: the variables are there before Keras is imported."""
    code = CELL + "\nimport os\nprint([os.environ[name] for name in ('KERAS_BACKEND', 'TF_CPP_MIN_LOG_LEVEL')])"
    ours = ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout == "['tensorflow', '3']\n", done.stderr


def test_without_git_it_asks_for_git(folder, without_git):
    assert re.search(r"\bgit\b.*not (found|recognized)", failure(folder, without_git))
    assert not list(folder.iterdir())


def test_where_the_address_cannot_be_reached_it_says_so(folder, offline):
    assert "nowhere" in failure(folder, offline), "git's own reason is in it"
    assert not list(folder.iterdir()), "nothing is left behind that would stop the next try"


def test_a_half_made_folder_is_named_and_left_alone(folder, online):
    half = folder / "why-wont-it-learn"
    (half / ".git").mkdir(parents=True)
    assert failure(folder, online) == "The course is not here. ", "git had nothing to say; the rest names the folder"
    assert [path.name for path in folder.iterdir()] == [half.name]
    assert (half / ".git").is_dir()
    shutil.rmtree(half)
    assert run_cell(folder, online).returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for git is a shell script")
def test_a_clone_that_breaks_off_leaves_nothing_behind(folder, tmp_path):
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text('#!/bin/sh\nfor last; do :; done\nmkdir -p "$last/.git"\nkill -KILL $$\n')
    git.chmod(0o755)
    path = f"{git.parent}{os.pathsep}{os.environ['PATH']}"
    failure(folder, os.environ | {"PATH": path})
    assert not list(folder.iterdir())
