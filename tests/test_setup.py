"""The set-up files agree: whoever installs with uv, conda, Binder or in CI gets the same course."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import course_files
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

for tool in ("check_jsonschema", "nbstripout", "pre_commit", "repo2docker"):
    pytest.importorskip(tool, reason="needs the dependency group `workshop`")
rattler = pytest.importorskip("rattler", reason="needs the dependency group `workshop`")

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))

CONDA = [line for line in ENVIRONMENT["dependencies"] if isinstance(line, str)]
PIP = next(entry["pip"] for entry in ENVIRONMENT["dependencies"] if isinstance(entry, dict))
GROUPS = PYPROJECT["dependency-groups"]
UV = PYPROJECT["project"]["dependencies"] + GROUPS["test"]
OTHER = GROUPS["workshop"] + GROUPS["grading"] + GROUPS["browser"] + GROUPS["site"]
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
    return course_files.listed()


# Requirements


def test_uv_and_conda_install_the_same_packages():
    assert set(map(Requirement, PIP)) == set(map(Requirement, UV))
    assert len(PIP) == len(UV) == len(set(map(Requirement, UV))), "a package is named twice"


def test_conda_and_binder_leave_out_what_learners_do_not_need():
    extra = {Requirement(line).name for line in OTHER}
    assert extra
    assert not extra & {Requirement(line).name for line in PIP}
    everyday = set(GROUPS) - {"browser", "site"}  # these are asked for by name
    assert set(PYPROJECT["tool"]["uv"]["default-groups"]) == everyday


@pytest.mark.parametrize("line", UV + OTHER)
def test_every_package_has_one_exact_version(line):
    (pin,) = Requirement(line).specifier
    assert pin.operator == "=="
    assert "*" not in pin.version


@pytest.mark.parametrize("line", CONDA)
def test_conda_understands(line):
    assert rattler.MatchSpec(line, strict=True).version is not None


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


def test_binder_reads_one_file(files):
    """Each of these, where it stands, changes what Binder builds, or takes the place of environment.yml."""
    others = ["Dockerfile", "apt.txt", "postBuild", "start", "runtime.txt", "requirements.txt", "setup.py", "Pipfile"]
    others += ["Pipfile.lock", "Project.toml", "REQUIRE", "install.R", "DESCRIPTION", "default.nix"]
    top = {file.as_posix() for file in files if len(file.parts) == 1}
    assert "environment.yml" in top
    assert not top & set(others)
    assert not {file.parts[0] for file in files} & {"binder", ".binder"}


def test_the_binder_badge_opens_the_start_notebook_in_jupyterlab():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (query,) = re.findall(r"\(https://mybinder\.org/v2/gh/[^?)]+\?([^)]+)\)", text)
    assert query == "urlpath=lab/tree/notebooks/00_start_here.ipynb"
    assert "jupyterlab" in {Requirement(line).name for line in UV}, "the environment brings its own JupyterLab"


# The repository


def commands(text: str) -> list[str]:
    """The lines of a Markdown file's blocks of code, without comments."""
    blocks = re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    return [line.partition(" #")[0].strip() for block in blocks for line in block.splitlines()]


def test_readme_and_ci_use_the_same_commands():
    readme = commands((ROOT / "README.md").read_text(encoding="utf-8"))
    contributing = commands((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()

    assert "uv run pytest" in readme
    stages = [line.removeprefix("stage ").partition(" |")[0] for line in ci if "uv run" in line and line[0] != "#"]
    assert stages[2:] == [
        "COURSE_KEEP_RUNS=1 uv run pytest",  # the site is made of what it keeps
        "uv run --group site sphinx-build -M html notebooks site -W",
        'uv run --group browser pytest -m "browser and not weekly"',
        "uv run python tests/tools/run_as_colab.py",
    ]
    assert "set -euo pipefail" in ci, "CI's status is that of its stages"
    assert ci[-1] == 'tail -n 1 "$printed"', "its last line is that of `uv run pytest`"
    assert set(stages[2:]) <= set(contributing)
    notebook = "notebooks/00_start_here.ipynb"
    assert f"uv run jupyter lab {notebook}" in readme
    assert (ROOT / notebook).is_file()


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def check_workflows(*paths: Path) -> subprocess.CompletedProcess[str]:
    schema = ["--builtin-schema", "vendor.github-workflows"]  # in the package: nothing is fetched
    command = [sys.executable, "-m", "check_jsonschema", *schema, *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True)


def test_github_understands_the_workflows(tmp_path):
    assert {path.stem for path in WORKFLOWS} == {"tests", "weekly", "release", "site"}
    done = check_workflows(*WORKFLOWS)
    assert done.returncode == 0, done.stdout
    broken = tmp_path / "broken.yml"
    broken.write_text(WORKFLOWS[0].read_text(encoding="utf-8").replace("runs-on:", "run-on:"), encoding="utf-8")
    assert check_workflows(broken).returncode == 1


def test_workflows_use_the_commands_that_people_use():
    known = [*commands((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")), ".ci/run"]
    used = []
    for path in WORKFLOWS:
        for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values():
            for step in job.get("steps", []):
                used += re.findall(r"^(?:uv run|\.ci/).*?(?= [$\"|2]|$)", step.get("run", ""), re.MULTILINE)
    assert len(used) == 7
    assert set(used) <= set(known)


def test_tests_run_on_every_python_that_the_course_supports():
    tests = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8"))
    matrix = tests["jobs"]["everywhere"]["strategy"]["matrix"]
    supported = SpecifierSet(PYPROJECT["project"]["requires-python"])
    assert matrix["python"] == [f"3.{minor}" for minor in range(30) if f"3.{minor}" in supported]
    assert [name.partition("-")[0] for name in matrix["os"]] == ["ubuntu", "macos", "windows"]


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
