"""Puts answers to a lesson's exercises before their real checks, hidden tests included, all in one process.

    uv run python tests/tools/judge_answers.py 02_data_leakage              # those that the project ships
    uv run python tests/tools/judge_answers.py 02_data_leakage mine.py --offset 0 1000 --only exercise-2

A file of answers is written as notebooks/solutions/*/answers.py are; the reasons may be left out. Printed is what does
not go as the file says; with `--all`, everything. An accepted answer that writes to stderr is named, too, as nbgrader
gives it no points. tests/test_exercises.py and mutate_solutions.py judge by the same functions.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import nbformat
from shipped_answers import SOLUTIONS, answers

SECONDS = 90  # of processor time for an answer and its check, as a cell has when it is graded


class TooSlow(BaseException):
    """Not an Exception, so that neither an answer nor `check` takes it for an error of the answer."""


@cache
def read(folder, lesson):
    return nbformat.read(folder / lesson / f"{lesson}.ipynb", as_version=4)


def grade_id(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def cell_of(lesson, wanted, folder=SOLUTIONS):
    return next(cell.source for cell in read(folder, lesson).cells if grade_id(cell) == wanted)


def run(source, namespace, name):
    exec(compile(source, name, "exec"), namespace)


def given(lesson):
    """The names that the exercise's notebook defines outside of answers and checks, for $COURSE_SEED_OFFSET."""
    namespace = {"__name__": "__main__"}
    for cell in read(SOLUTIONS, lesson).cells:
        if cell.cell_type == "code" and not grade_id(cell).startswith(("exercise", "check")):
            run(cell.source, namespace, cell.id)
    return namespace


def judge(names, lesson, exercise, code, folder=SOLUTIONS):
    """Runs an answer and its check. Returns what the check raised, NotAttempted or WrongAnswer, or None."""
    from helpers.exercises import NotAttempted, WrongAnswer

    namespace = dict(names)
    try:
        run(code, namespace, exercise)
        run(cell_of(lesson, exercise.replace("exercise", "check"), folder), namespace, "check")
    except (NotAttempted, WrongAnswer) as verdict:
        return verdict
    return None


@contextmanager
def within(seconds):
    """Raises TooSlow after so many seconds of processor time; on Windows, which has no such signal, never."""
    if not hasattr(signal, "SIGPROF"):
        yield
        return

    def stop(*_):
        raise TooSlow(f"stopped after {seconds} s of processor time")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextmanager
def quiet():
    """Yields a function that gives what was written to stderr, by TensorFlow's C++ too; stdout is dropped."""
    kept = [os.dup(1), os.dup(2)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        sys.stdout.flush()
        os.dup2(out.fileno(), 1)
        os.dup2(errors.fileno(), 2)
        try:
            yield lambda: os.pread(errors.fileno(), 10**6, 0).decode(errors="replace")
        finally:
            sys.stdout.flush()
            for i, handle in enumerate(kept, 1):
                os.dup2(handle, i)
                os.close(handle)


def judge_quietly(names, lesson, exercise, code, seconds=SECONDS):
    """The verdict as one line, "" for an accepted answer, and what it wrote to stderr."""
    with quiet() as written:
        try:
            with within(seconds):
                found = judge(names, lesson, exercise, code)
        except (Exception, TooSlow) as error:  # the answer's own cell, which has no `check` around it
            found = f"{type(error).__name__}: {error}"
        return "" if found is None else str(found) or "no message", written()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lesson")
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--offset", nargs="+", type=int, default=[0], help="of the seeds; several: one after the other")
    parser.add_argument("--only", default="", help="answers whose header contains these words")
    parser.add_argument("--all", action="store_true", help="print the verdict on every answer")
    told = parser.parse_args()
    os.environ["MPLBACKEND"] = "agg"
    sys.path.insert(0, str(SOLUTIONS.parents[1]))
    file = told.file.resolve() if told.file else None
    os.chdir(SOLUTIONS / told.lesson)
    for offset in told.offset:
        os.environ["COURSE_SEED_OFFSET"] = str(offset)
        with quiet():
            names, differ = given(told.lesson), 0
        chosen = [a for a in answers(told.lesson, file) if told.only in f"{a.exercise} {a.verdict} {a.thought}"]
        for answer in chosen:
            begun = time.process_time()
            verdict, errors = judge_quietly(names, told.lesson, answer.exercise, answer.code)
            seconds = time.process_time() - begun
            accepted = not verdict and not errors.strip()
            as_said = accepted == (answer.verdict == "right")
            differ += not as_said
            if told.all or not as_said:
                mark = " " if as_said else "!"
                print(f"{mark} {answer.exercise} {answer.verdict}, {answer.thought} ({seconds:.1f} s)")
                print(f"    {verdict or 'accepted'}" + f"; stderr: {errors.strip()[:200]!r}" * bool(errors.strip()))
        print(f"{told.lesson}, offset {offset}: {differ} of {len(chosen)} answers are judged otherwise.", flush=True)


if __name__ == "__main__":
    main()
