"""Runs notebooks as Colab would: with Colab's versions, each alone in an empty folder, the course fetched by git.

    uv run python tests/tools/run_as_colab.py                                 # all lessons
    uv run python tests/tools/run_as_colab.py --exercises                     # and all exercises
    uv run python tests/tools/run_as_colab.py notebooks/00_start_here.ipynb
    uv run python tests/tools/run_as_colab.py --freeze pip-freeze.txt         # with Colab's versions of today
    uv run python tests/tools/run_as_colab.py --newest                        # with the newest releases

uv makes the environment, Python 3.13 with tests/tools/colab-requirements.txt, and keeps it in its cache: 2.5 GB. Git
is told to fetch the course's address from a repository made of your files as they are, so nothing need be published
or committed. A lesson passes if it runs to its end and writes nothing in red. An exercise as it is handed out passes if
no cell fails but those that say so, with NotAttempted. Returns 0, 1 if a notebook failed, or 5, as pytest does, if
nothing could be run.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import course_files

ROOT = Path(__file__).resolve().parents[2]
COLAB = ROOT / "tests" / "tools" / "colab-requirements.txt"
PYTHON = "3.13"
NOTHING_RUN = 5


def find_python() -> str | None:
    """An interpreter of Colab's Python: one that uv finds, one of pyenv's, or one that uv can download."""
    uv_find = ["uv", "python", "find", "--no-project", PYTHON]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = subprocess.run(uv_find, capture_output=True, text=True)
    if found.returncode != 0:  # also where pyenv has a stand-in on the path that leads nowhere
        for python in sorted(pyenv.glob(f"versions/{PYTHON}.*/bin/python")):
            return str(python)
        subprocess.run(["uv", "python", "install", PYTHON], capture_output=True)
        found = subprocess.run(uv_find, capture_output=True, text=True)
    return found.stdout.strip() if found.returncode == 0 else None


def requirements(freeze: Path | None = None, newest: bool = False) -> list[str]:
    """What to install: Colab's versions as noted, as in a list that `pip freeze` wrote, or the newest releases."""
    if newest:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return [re.sub(r"==[^;]+", " ", line, count=1) for line in project["dependencies"]] + ["nbclient"]
    lines = [line for line in COLAB.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    if freeze is None:
        return lines
    frozen = {
        line.partition("==")[0].lower().replace("_", "-"): line
        for line in freeze.read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    return [frozen.get(line.partition("==")[0], line) for line in lines]


def make_repository(folder: Path, branch: str) -> Path:
    """A git repository in `folder` with one commit on `branch`: this course as it is now, uncommitted changes included.

    Raises subprocess.CalledProcessError where ROOT is no clone.
    """
    repository = course_files.copy_to(folder / "repository")
    author = ["-c", "user.name=course", "-c", "user.email=course@localhost", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q", "-b", branch], ["add", "-A", "-f"], [*author, "commit", "-q", "-m", "The course"]):
        subprocess.run(["git", *command], cwd=repository, check=True, capture_output=True)
    return repository


def fetch_from(repository: Path, address: str) -> dict[str, str]:
    """This process's environment, in which git fetches `address` from `repository`, a local one."""
    count = int(os.environ.get("GIT_CONFIG_COUNT", 0))
    return os.environ | {
        "GIT_CONFIG_COUNT": str(count + 1),
        f"GIT_CONFIG_KEY_{count}": f"url.{repository.as_uri()}.insteadOf",
        f"GIT_CONFIG_VALUE_{count}": address,
    }


def run_alone(path: Path, timeout: float) -> str | None:
    """Execute a notebook in an empty folder. Returns None, or what went wrong."""
    import nbformat
    from notebook_runner import execute_notebook

    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    notebook = nbformat.read(path, as_version=4)
    exercise = "exercises" in path.parts
    if exercise:
        for cell in notebook.cells:
            cell.metadata["tags"] = ["raises-exception"]  # goes on after an error
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        root = Path(scratch, "colab")
        (root / "notebooks").mkdir(parents=True)  # where it runs; neither folder holds anything
        error = execute_notebook(notebook, root, environment, Path(scratch), timeout)
    if error:
        return error
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    red = [output.text.strip() for output in outputs if output.get("name") == "stderr"]
    if red:
        return "it writes to stderr: " + " | ".join(red[0].splitlines())
    if not exercise:
        return None
    errors = [output for output in outputs if output.output_type == "error"]
    wrong = [f"{output.ename}: {output.evalue}" for output in errors if output.ename != "NotAttempted"]
    return next(iter(wrong), None if errors else "no check says that an exercise is not attempted")


def run_all(paths: Sequence[Path], timeout: float, workers: int) -> int:
    """Run the notebooks in this very environment and report. Returns the exit status."""

    def timed(path: Path) -> tuple[float, str | None]:
        start = time.monotonic()
        error = run_alone(path, timeout)
        return time.monotonic() - start, error

    passed = 0
    with ThreadPoolExecutor(workers) as pool:
        for path, (seconds, error) in zip(paths, pool.map(timed, paths), strict=True):
            passed += error is None
            print(f"{path.name}: {seconds:.0f} s, {error or 'passed'}", flush=True)
    print(f"as on Colab: {passed} of {len(paths)} notebooks passed", flush=True)
    return 0 if passed == len(paths) else 1


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="without any: all lessons")
    parser.add_argument("--exercises", action="store_true", help="without notebooks: the exercises, too")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="notebooks at a time; 2")
    parser.add_argument("--timeout", type=float, default=600, metavar="SECONDS", help="for each notebook; 600")
    versions = parser.add_mutually_exclusive_group()
    versions.add_argument("--freeze", type=Path, metavar="FILE", help="a list by `pip freeze`, to take versions from")
    versions.add_argument("--newest", action="store_true", help="the newest release of every package of the course")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)  # the call within the environment
    options = parser.parse_args(arguments)
    paths = [path.resolve() for path in options.notebooks]
    if not paths:
        paths = sorted(ROOT.glob("notebooks/*.ipynb"))
        paths += sorted(ROOT.glob("notebooks/exercises/*/*.ipynb")) if options.exercises else []
    if missing := [str(path) for path in paths if not path.is_file()]:
        parser.error(f"no such notebook: {', '.join(missing)}")
    if options.inside:
        return run_all(paths, options.timeout, options.workers)

    if not shutil.which("uv") or (python := find_python()) is None:
        print(f"as on Colab: nothing was run, as neither uv nor pyenv has Python {PYTHON} here")
        return NOTHING_RUN
    from stamp_address import read_address

    address = read_address(ROOT)
    command = ["uv", "run", "--no-project", "--python", python]
    if not (options.freeze or options.newest):  # what Colab's list leaves open, as of the day of the other pins
        settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["uv"]
        command += ["--exclude-newer", settings["exclude-newer"]]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        packages = Path(scratch, "requirements.txt")
        packages.write_text("\n".join(requirements(options.freeze, options.newest)), encoding="utf-8")
        command += ["--with-requirements", str(packages), "python", __file__, "--inside"]
        command += [f"--timeout={options.timeout}", f"--workers={options.workers}"]
        environment = fetch_from(make_repository(Path(scratch), address.branch), address.repository)
        # In a folder without pyproject.toml, whose settings would apply.
        return subprocess.run([*command, *map(str, paths)], cwd=scratch, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
