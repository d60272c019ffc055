"""The set-up files agree: whoever installs with uv, conda, Binder or in CI gets the same course."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from rattler import MatchSpec

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))

CONDA = [line for line in ENVIRONMENT["dependencies"] if isinstance(line, str)]
PIP = next(entry["pip"] for entry in ENVIRONMENT["dependencies"] if isinstance(entry, dict))
UV = PYPROJECT["project"]["dependencies"] + PYPROJECT["dependency-groups"]["dev"]
PYTHON = next(line.removeprefix("python=") for line in CONDA if line.startswith("python="))


def run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A command that has to succeed, with its output."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}{done.stderr}"
    return done


@pytest.fixture(scope="module")
def files() -> list[Path]:
    """What git tracks or would add, relative to the root."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("needs git and a clone of the repository")
    names = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout.split("\0")
    return [Path(name) for name in names if name and (ROOT / name).is_file()]


# Requirements


def test_uv_and_conda_install_the_same_packages():
    assert set(map(Requirement, PIP)) == set(map(Requirement, UV))
    assert len(PIP) == len(UV) == len(set(map(Requirement, UV))), "a package is named twice"


@pytest.mark.parametrize("line", UV)
def test_every_package_has_one_exact_version(line):
    (pin,) = Requirement(line).specifier
    assert pin.operator == "=="
    assert "*" not in pin.version


@pytest.mark.parametrize("line", CONDA)
def test_conda_understands(line):
    assert MatchSpec(line, strict=True).version is not None


def test_python_of_conda_is_one_that_the_course_supports():
    assert PYTHON in SpecifierSet(PYPROJECT["project"]["requires-python"])


# Binder


@pytest.fixture
def checkout(files, tmp_path) -> Path:
    """A clean copy of the repository."""
    for file in files:
        target = tmp_path / "checkout" / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / file, target)
    return tmp_path / "checkout"


def binder(folder: Path) -> tuple[str, str]:
    """What Binder's builder would do: the Python that it takes, and its Dockerfile. Nothing is built."""
    done = run(sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(folder), cwd=folder.parent)
    # The Dockerfile holds the version only within a path, escaped, and cut off where that path is long.
    (python,) = re.findall(r"^Building conda environment for python=(\S+)", done.stderr, re.MULTILINE)
    return python, done.stdout


no_windows = pytest.mark.skipif(sys.platform == "win32", reason="repo2docker's support of Windows is experimental")


@no_windows
def test_binder_installs_the_environment_before_it_copies_the_course(checkout):
    python, dockerfile = binder(checkout)
    assert python == PYTHON
    steps = [
        r"^COPY .* src/environment\.yml ",
        r"env update .*--file \"environment\.yml\"",
        r"^COPY .* src/ ",
    ]
    found = [re.search(step, dockerfile, re.MULTILINE) for step in steps]
    assert all(found), dockerfile
    assert found == sorted(found, key=re.Match.start)


@no_windows
def test_the_check_of_binder_would_see_another_python(checkout):
    file = checkout / "environment.yml"
    file.write_text(file.read_text(encoding="utf-8").replace(f"python={PYTHON}", "python=3.11"), encoding="utf-8")
    python, _ = binder(checkout)
    assert python == "3.11" != PYTHON


# The repository


def test_readme_and_ci_use_the_same_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    readme = [line.strip() for block in blocks for line in block.splitlines()]
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()

    assert "uv run pytest" in readme
    assert ci[-1] == "uv run pytest", "CI ends with the README's test command: its status and last line are CI's"
    notebook = "notebooks/00_start_here.ipynb"
    assert f"uv run jupyter lab {notebook}" in readme
    assert (ROOT / notebook).is_file()


def test_no_lock_file_is_tracked(files):
    lock = re.compile(r".*\.lock|.*[-_]lock\.\w+|pylock\..*")
    assert not [str(file) for file in files if lock.fullmatch(file.name)]


def test_no_file_names_the_host_of_a_package_registry(files):
    """Packages are called by their names; where they come from is for each installation to say."""
    names = [("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"), ("anaconda", "org")]
    hosts = [".".join(name) for name in [*names, ("anaconda", "com"), ("deb", "debian", "org"), ("crates", "io")]]
    found = []
    for file in files:
        try:
            text = (ROOT / file).read_text(encoding="utf-8").lower()
        except UnicodeDecodeError:
            continue  # not a text file
        found += [f"{file}: {host}" for host in hosts if host in text]
    assert not found


# Hooks

HOOKS = ROOT / ".pre-commit-config.yaml"


def test_pre_commit_understands_its_configuration():
    run(sys.executable, "-m", "pre_commit", "validate-config", str(HOOKS))


def test_stripping_outputs_keeps_what_the_course_needs(tmp_path):
    """Tags and folded cells stay; outputs and counts go."""
    (local,) = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))["repos"]
    entry = next(hook["entry"] for hook in local["hooks"] if hook["id"] == "nbstripout")
    uv, uv_run, *command = shlex.split(entry)
    assert [uv, uv_run] == ["uv", "run"]

    kept = {"jupyter": {"source_hidden": True}, "tags": ["claims"]}
    output = {"name": "stdout", "output_type": "stream", "text": ["1\n"]}
    cell = {"cell_type": "code", "execution_count": 7, "id": "fixed-id", "outputs": [output], "source": ["print(1)"]}
    notebook = tmp_path / "notebook.ipynb"
    content = {"cells": [cell | {"metadata": kept}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    notebook.write_text(json.dumps(content), encoding="utf-8")
    run(sys.executable, "-m", *command, str(notebook))

    (stripped,) = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    assert stripped == cell | {"metadata": kept, "execution_count": None, "outputs": []}
