"""How long grading takes: a class of right, wrong and untouched answers, graded by 1 and by 2 workers.

    uv run python tests/tools/benchmark_grading.py --class-size 50 --lesson 01_unscaled_inputs

It works in a temporary copy of the course; your gradebook and submissions are not touched. It reports wall time,
processor time (sampled twice a second, so up to half a second of each process is missed) and peak memory, in which what
processes share counts once. With --parts, a last table says where the time of one submission goes: one model solution's
cells, timed; the rest is nbgrader and the kernel's start.

What submissions share: nbgrader's import (a server process forks for each), the compiled bytecode of all packages (the
grading makes it once; importing Keras with TensorFlow takes 4 s of processor time with it and 13 s without), and what
the system keeps of files in memory. What they do not: a kernel that has imported TensorFlow and is forked for each.
Inside one sandbox, a submission could trace or rewrite the process from which the next one is forked, as both are the
same user's; outside, each fork would have to build its own sandbox after the import, which bubblewrap cannot do for a
running process; and after the import three threads run, so that what is forked may hang. More workers are the safe way.
"""

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import nbformat
import psutil
from notebook_runner import execute_notebook
from shipped_answers import answers

ROOT = Path(__file__).resolve().parents[2]


def copy_course(folder: Path) -> Path:
    """What grading needs of the course, without anybody's submissions."""
    for name in ("helpers", "data", "notebooks/solutions", "notebooks/exercises"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    return folder


def submission(course: Path, lesson: str, given: dict[str, str]) -> nbformat.NotebookNode:
    """The notebook as handed out, with the texts of `given` in the cells of these names."""
    notebook = nbformat.read(course / "notebooks" / "exercises" / lesson / f"{lesson}.ipynb", as_version=4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = given.get(name, cell.source)
    return notebook


def hand_in(course: Path, student: str, lesson: str, notebook: nbformat.NotebookNode) -> Path:
    path = course / "submitted" / student / lesson / f"{lesson}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    return path


def grade(course: Path, lesson: str, *options: str, **environment: str) -> tuple[str, int, dict[str, dict[str, str]]]:
    """What `python -m helpers.grading` prints, its exit status, and its report by student."""
    command = [sys.executable, "-m", "helpers.grading", lesson, *options]
    done = subprocess.run(
        command, cwd=course, env={**os.environ, **environment}, text=True, encoding="utf-8", capture_output=True
    )
    printed = done.stdout + done.stderr
    report = course / "autograded" / f"{lesson}.csv"
    rows = list(csv.DictReader(report.open(encoding="utf-8", newline=""))) if report.is_file() else []
    return printed, done.returncode, {row["student"]: row for row in rows}


class Meter(threading.Thread):
    """Samples processor time and memory of all that this process has started. Prints how far the grading is."""

    def __init__(self, records: Path):
        super().__init__(daemon=True)
        self.records, self.seconds, self.peak, self.ended = records, {}, 0, threading.Event()

    def run(self) -> None:
        from helpers.grading.__main__ import memory_of

        start, last = time.monotonic(), 0.0
        while not self.ended.wait(0.5):
            memory = 0
            for process in psutil.Process().children(recursive=True):
                with suppress(psutil.Error):
                    times = process.cpu_times()
                    self.seconds[process.pid, process.create_time()] = times.user + times.system
                    memory += memory_of(process)
            self.peak = max(self.peak, memory)
            if time.monotonic() - start > last + 60:
                last = time.monotonic() - start
                done = len(list(self.records.glob("*")))
                print(f"  {done} graded after {last:.0f} s, processor {sum(self.seconds.values()):.0f} s", flush=True)


def seconds_of_cells(course: Path, lesson: str) -> dict[str, float]:
    """Seconds of the model solution's cells, in a kernel of its own, by their part in the notebook."""
    notebook = nbformat.read(course / "notebooks" / "solutions" / lesson / f"{lesson}.ipynb", as_version=4)
    with tempfile.TemporaryDirectory() as scratch:
        problem = execute_notebook(notebook, course, dict(os.environ), Path(scratch))
    assert problem is None, problem
    seconds = {"setup and import of TensorFlow": 0.0, "given cells": 0.0, "checks": 0.0}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            times = cell.metadata.execution
            begin, end = (datetime.fromisoformat(times[f"iopub.{when}"]) for when in ("execute_input", "status.idle"))
            name = cell.metadata.get("nbgrader", {}).get("grade_id", "setup")
            part = {"setup": "setup and import of TensorFlow", "check": "checks"}.get(name.split("-")[0], "given cells")
            seconds[part] += (end - begin).total_seconds()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--class-size", type=int, default=50)
    parser.add_argument("--lesson", default="01_unscaled_inputs")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--parts", action="store_true", help="also time the cells of the model solution")
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    lesson, size = options.lesson, options.class_size

    by_exercise: dict[str, list[str]] = {}
    for answer in answers(lesson):
        by_exercise.setdefault(answer.exercise, []).append(answer.code)
    with tempfile.TemporaryDirectory() as folder:
        course = copy_course(Path(folder).resolve())
        for i in range(size):  # every fifth has answered nothing
            given = {exercise: codes[i % len(codes)] for exercise, codes in by_exercise.items()} if i % 5 else {}
            hand_in(course, f"learner{i:03}", lesson, submission(course, lesson, given))
        for workers in options.workers:
            shutil.rmtree(course / "autograded", ignore_errors=True)
            start, meter = time.monotonic(), Meter(course / "autograded" / ".graded" / lesson)
            meter.start()
            printed, status, rows = grade(course, lesson, f"--workers={workers}")
            meter.ended.set()
            wall, processor = time.monotonic() - start, sum(meter.seconds.values())
            assert (status, len(rows)) == (0, size), printed
            scores = sorted(float(row["score"]) for row in rows.values())
            look = sum(bool(row["needs a look"]) for row in rows.values())
            print(
                f"{size} submissions, {workers} worker(s): {wall / size:.1f} s each, "
                f"{processor / size:.1f} s of processor time each; peak memory {meter.peak / 2**30:.1f} GB "
                f"(scores from {scores[0]:g} to {scores[-1]:g}; {look} need a look)",
                flush=True,
            )
        if options.parts:
            print("\nOne model solution:")
            for part, value in seconds_of_cells(course, lesson).items():
                print(f"  {value:5.1f} s  {part}")


if __name__ == "__main__":
    main()
