"""Grades a class: `uv run python -m helpers.grading 01_unscaled_inputs`. notebooks/INSTRUCTORS.md tells how it is used.

nbgrader grades; this prepares, watches and reports. Each submission in submitted/<student>/<lesson>/ is copied, the
copy is mended where nbgrader would stumble, and graded by a process of its own. What was handed in is never changed.
A table, also saved as autograded/<lesson>.csv, has a row for everyone and says whose notebook needs a look, and why.
"""

import argparse
import csv
import multiprocessing
import os
import re
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import psutil
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from traitlets.config import PyFileConfigLoader

from helpers.grading.sandbox import MEMORY_GB, run_nbgrader, why_no_sandbox

ROOT = Path(__file__).resolve().parents[2]
SUBMITTED, AUTOGRADED = ROOT / "submitted", ROOT / "autograded"


class NotReadable(Exception):
    """A submission that is no notebook; the message says what it is."""


@dataclass
class Row:
    """What the report says of one learner. `scores` and `points` have a value for each graded cell."""

    student: str
    state: str = "graded"
    scores: dict[str, float] = field(default_factory=dict)
    points: dict[str, float] = field(default_factory=dict)
    by_hand: list[str] = field(default_factory=list)
    look: list[str] = field(default_factory=list)
    seconds: float = 0.0


# ---- before nbgrader: a copy that it can read ------------------------------------------------------------------------


def read_submission(folder: Path, lesson: str) -> tuple[nbformat.NotebookNode, list[str]]:
    """The submitted notebook in nbformat 4, and remarks. Raises NotReadable."""
    notebooks = sorted(folder.glob("*.ipynb"))
    path, remarks = folder / f"{lesson}.ipynb", []
    if path not in notebooks:
        if len(notebooks) != 1:
            raise NotReadable(f"there are {len(notebooks)} notebooks in the folder, and none is called {path.name}")
        path, remarks = notebooks[0], [f"the file is called {notebooks[0].name}"]
    try:
        notebook = nbformat.reads(path.read_text(encoding="utf-8-sig"), as_version=4)
        for cell in notebook.cells:
            cell.source = "".join(cell.get("source", ""))
            cell.metadata = cell.get("metadata", {})
    except (OSError, UnicodeDecodeError) as error:
        raise NotReadable(f"the file cannot be read ({error})") from None
    except nbformat.reader.NotJSONError:
        raise NotReadable("the file is not JSON, so it is not a notebook") from None
    except Exception as error:
        raise NotReadable(f"the file is JSON and not a notebook ({type(error).__name__}: {error})") from None
    return notebook, remarks


def text_of(cell) -> str:
    """A cell's text as far as editors leave it alone."""
    return "\n".join(line.rstrip() for line in cell.source.strip().splitlines())


def grade_id(cell) -> str | None:
    nbgrader = cell.metadata.get("nbgrader")
    return nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None


def prepare(submitted, handed_out) -> tuple[nbformat.NotebookNode, list[str]]:
    """A well-formed copy of `submitted` with the cells of `handed_out` that belong to the instructor, and remarks.

    Given cells and checks get the text they were handed out with, deleted ones come back at their place, and every tag
    of nbgrader is the original. A learner's cells are kept, in the learner's order.
    """
    ours = {grade_id(cell): cell for cell in handed_out.cells if grade_id(cell)}
    by_text = {text_of(cell): cell for cell in handed_out.cells if cell.cell_type == "code"}
    twin, remarks = {}, []  # index of a submitted cell: the cell handed out that it is
    for index, cell in enumerate(submitted.cells):
        original = ours.get(grade_id(cell)) or by_text.get(text_of(cell))
        if original is not None:
            again = [i for i, other in twin.items() if other is original]
            if again and grade_id(original):
                remarks.append(f"{grade_id(original)} is there twice; the last one was graded")
            for i in again:  # as nbgrader does it
                del twin[i]
            twin[index] = original

    cells = []
    for index, cell in enumerate(submitted.cells):
        original = twin.get(index)
        copy = new_cell(cell.cell_type if original is None else original.cell_type, cell.source)
        if original is not None:
            copy.metadata, copy.id = original.metadata, original.id
            if original.metadata.get("nbgrader", {}).get("solution") is False:
                if text_of(cell) != text_of(original):
                    remarks.append(f"{grade_id(original)} was edited; the original was used")
                copy.source = original.source
        cells.append(copy)

    present = {original.id for original in twin.values()}
    place = 0
    for original in handed_out.cells:
        at = next((i for i, cell in enumerate(cells) if cell.id == original.id), None)
        if at is not None:
            place = at + 1
        elif original.id not in present and (original.cell_type == "code" or grade_id(original)):
            if grade_id(original):
                remarks.append(f"{grade_id(original)} is missing: deleted, or its tag is lost")
            if grade_id(original) and original.cell_type == "code" and original.metadata.nbgrader.solution:
                continue  # an answer; its check says what is missing
            cells.insert(place, original)
            place += 1
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=handed_out.metadata)
    return notebook, list(dict.fromkeys(remarks))


def new_cell(cell_type: str, source: str) -> nbformat.NotebookNode:
    make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
    return make.get(cell_type, nbformat.v4.new_raw_cell)(source)


# ---- nbgrader, watched -----------------------------------------------------------------------------------------------


# A server imports nbgrader once, and forks a process for each submission; Windows starts each anew.
CONTEXT = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")


def nbgrader(*arguments: str, log: Path, **environment: str) -> multiprocessing.Process:
    """Start a process that runs `nbgrader` with these arguments and writes into `log`."""
    process = CONTEXT.Process(target=run_nbgrader, args=(list(arguments), str(log), environment))
    process.start()
    return process


def what_failed(log: Path) -> str:
    """The last error in nbgrader's log."""
    text = log.read_text(encoding="utf-8", errors="replace")
    errors = re.findall(r"^(?:[\w.]*(?:Error|Exception)|.*\| ERROR\]): (.+)$", text, re.M)
    return f"nbgrader failed: {errors[-1] if errors else text[-200:]}"


def watch(process: multiprocessing.Process, seconds: float, memory_gb: float) -> str | None:
    """Wait until the process ends. It and its children are ended if they take too long or too much: then says why."""
    end = time.monotonic() + seconds
    while True:
        process.join(timeout=0.5)
        if process.exitcode is not None:
            return None
        with suppress(psutil.NoSuchProcess):  # it has just ended
            me = psutil.Process(process.pid)
            family = [me, *me.children(recursive=True)]
            used = sum(memory_of(each) for each in family) / 2**30
            if time.monotonic() > end or used > memory_gb:
                break
    for each in family:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    process.join()
    if used > memory_gb:
        return f"its processes together took {used:.1f} GB of memory"
    return f"it ran longer than {seconds:.0f} s in all"


def memory_of(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:  # gone, or a zombie
        return 0


def grade(row: Row, lesson: str, prepared: Path, options: argparse.Namespace) -> None:
    """Grade the prepared copy of one learner; `row` tells the rest."""
    settings = {"COURSE_SANDBOX": str(int(options.sandbox)), "COURSE_MEMORY_GB": str(options.memory)}
    log = prepared / f"{row.student}.log"
    where = f"--CourseDirectory.submitted_directory={prepared.relative_to(ROOT).as_posix()}"
    start = time.monotonic()
    process = nbgrader("autograde", lesson, f"--student={row.student}", "--force", where, log=log, **settings)
    stopped = watch(process, options.time, 1.5 * options.memory + 1)
    row.seconds = time.monotonic() - start
    if stopped or process.exitcode:
        row.state = "not graded"
        row.look.append(stopped or what_failed(log))
        # Nothing of an earlier grading may pass for this one.
        shutil.rmtree(AUTOGRADED / row.student / lesson, ignore_errors=True)


# ---- after nbgrader: the report --------------------------------------------------------------------------------------


def judge(cell, score: float, points: float) -> str | None:
    """What an instructor should look at in a check that has run, or None. A check says "right" or "wrong, because"."""
    error = next((output for output in cell.outputs if output.output_type == "error"), None)
    streams = {name: "".join(o.text for o in cell.outputs if o.get("name") == name) for name in ("stdout", "stderr")}
    if any(output.output_type == "execute_result" for output in cell.outputs):
        return "shows a value, which nbgrader counts as points: the answer made it"
    if error is not None and error.ename in ("WrongAnswer", "NotAttempted"):
        return "out of memory" if "MemoryError" in error.evalue else None
    if error is not None:
        return f"{error.ename}: {error.evalue}"
    if score < points:
        return f"no points for words on stderr: {streams['stderr'].strip()[:80]}"
    if not re.search(r": right\.$", streams["stdout"], re.M):
        return "has points, and the check never said “right”"
    return None


def fill(row: Row, lesson: str, gradebook: Gradebook) -> None:
    """Scores from the gradebook, and what to look at from the notebook that was run."""
    try:
        grades = gradebook.find_submission_notebook(lesson, lesson, row.student).grades
    except MissingEntry:
        return
    notebook = AUTOGRADED / row.student / lesson / f"{lesson}.ipynb"
    cells = {}
    if notebook.is_file():
        for cell in nbformat.read(notebook, as_version=4).cells:
            name = grade_id(cell)
            cells[name] = cell
            if cell.cell_type == "code" and not cell.metadata.get("nbgrader", {}).get("grade"):
                error = next((output for output in cell.outputs if output.output_type == "error"), None)
                if error:
                    row.look.append(f"{name or 'a cell'}: {error.ename}: {error.evalue}")
    for grade in sorted(grades, key=lambda grade: grade.name):
        row.points[grade.name] = grade.max_score
        if row.state == "graded":
            row.scores[grade.name] = grade.score
            if grade.needs_manual_grade:
                row.by_hand.append(grade.name)
            if grade.name in cells and cells[grade.name].cell_type == "code" and grade.manual_score is None:
                found = judge(cells[grade.name], grade.auto_score, grade.max_score)
                if found:
                    row.look.append(f"{grade.name}: {found}")


def report(rows: list[Row], lesson: str) -> None:
    """Print the table, and save it."""
    points = next((row.points for row in rows if row.points), {})
    header = ["student", "state", *points, "score", "points", "to grade by hand", "needs a look", "seconds"]
    table = [header]
    for row in rows:
        known = row.state == "graded"
        scores = [f"{row.scores[name]:g}" if name in row.scores else "" for name in points]
        total = f"{sum(row.scores.values()):g}" if known else ""
        look = re.sub(r"\s+", " ", re.sub(r"\x1b\[[0-9;]*m", "", "; ".join(row.look)))
        by_hand = ", ".join(row.by_hand)
        table.append(
            [row.student, row.state, *scores, total, f"{sum(points.values()):g}", by_hand, look, f"{row.seconds:.1f}"]
        )
    path = AUTOGRADED / f"{lesson}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(table)
    widths = [max(len(line[i]) for line in table) for i in range(len(header))]
    look_at = header.index("needs a look")
    print()
    for line in table:
        shown = [text.ljust(width) for text, width in zip(line[:look_at], widths, strict=False)]
        print("  ".join([*shown, line[look_at]]).rstrip())
    graded = [row.state for row in rows].count("graded")
    look = sum(bool(row.look) for row in rows)
    print(
        f"\n{graded} graded, {len(rows) - graded} not graded, {look} need a look. The same in {path.relative_to(ROOT)}"
    )


# ---- all together ----------------------------------------------------------------------------------------------------


def register(lesson: str, handed_out, scratch: Path) -> None:
    """Tell an empty gradebook of the lesson's cells, points and hidden tests, as `generate_assignment` does."""
    print(f"The gradebook does not know {lesson}: reading it from its solution.", flush=True)
    folder = scratch / "handed-out"
    where = f"--CourseDirectory.release_directory={folder.relative_to(ROOT).as_posix()}"
    process = nbgrader("generate_assignment", lesson, "--force", where, log=scratch / "register.log")
    process.join()
    if process.exitcode:
        sys.exit(f"notebooks/solutions/{lesson}: {what_failed(scratch / 'register.log')}")
    made = nbformat.read(folder / lesson / f"{lesson}.ipynb", as_version=4)
    if [cell.source for cell in made.cells] != [cell.source for cell in handed_out.cells]:
        print(f"Note: notebooks/exercises/{lesson} is not what its solution makes. Was the solution changed since?")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m helpers.grading", description="Grade a class with nbgrader.")
    parser.add_argument("lesson", help="for instance 01_unscaled_inputs")
    parser.add_argument("--student", nargs="+", metavar="S", help="only these; the default is everyone in submitted/")
    parser.add_argument("--force", action="store_true", help="grade again what has been graded and has not changed")
    parser.add_argument("--workers", type=int, default=1, help="submissions graded at the same time (default: 1)")
    parser.add_argument("--time", type=float, default=900, help="seconds for one submission (default: 900)")
    parser.add_argument("--memory", type=float, default=MEMORY_GB, help=f"GB for a kernel (default: {MEMORY_GB:g})")
    help_ = "run submissions in bubblewrap, or not; the default is to where bubblewrap works"
    parser.add_argument("--sandbox", action=argparse.BooleanOptionalAction, help=help_)
    options = parser.parse_args(arguments)
    if not re.fullmatch(r"\w+", options.lesson) or not (ROOT / "notebooks" / "solutions" / options.lesson).is_dir():
        lessons = sorted(path.name for path in (ROOT / "notebooks" / "solutions").iterdir() if path.is_dir())
        parser.error(f"there are no exercises {options.lesson!r}, only: {', '.join(lessons)}")
    missing = [student for student in options.student or [] if not (SUBMITTED / student).is_dir()]
    if missing:
        parser.error(f"no folder in {SUBMITTED} for: {', '.join(missing)}")
    problem = why_no_sandbox() if options.sandbox is not False else "--no-sandbox"
    if problem and options.sandbox:
        parser.error(f"--sandbox is not possible: {problem}")
    options.sandbox = problem is None
    if options.sandbox:
        print("Submissions run in a sandbox: no network, a read-only course, nothing of the other submissions.")
    else:
        print(f"WARNING: submissions run WITHOUT a sandbox, with your rights ({problem}).")
    return options


def main(arguments: list[str] | None = None) -> int:
    # nbgrader calls `alembic`, which lies beside this Python.
    CONTEXT.set_forkserver_preload(["nbgrader.apps.nbgraderapp", "helpers.grading.sandbox"])
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    AUTOGRADED.mkdir(exist_ok=True)
    options = parse(arguments)
    lesson = options.lesson
    path = ROOT / "notebooks" / "exercises" / lesson / f"{lesson}.ipynb"
    if not path.is_file():
        sys.exit(f"Nothing was handed out: {path} is missing. Make it: uv run nbgrader generate_assignment {lesson}")
    handed_out = nbformat.read(path, as_version=4)
    course = CourseDirectory(config=PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config())
    folders = sorted(folder.name for folder in SUBMITTED.glob("*") if folder.is_dir() and folder.name[0] != ".")

    with (
        Gradebook(course.db_url, course.course_id) as gradebook,
        tempfile.TemporaryDirectory(dir=AUTOGRADED, prefix=".prepared-") as scratch,
    ):
        try:
            gradebook.find_notebook(lesson, lesson)
        except MissingEntry:
            register(lesson, handed_out, Path(scratch))
        everyone = sorted({*folders, *(student.id for student in gradebook.students)})
        rows = [Row(student) for student in everyone if student in (options.student or everyone)]
        todo = []
        for row in rows:
            if hand_in(row, lesson, handed_out, Path(scratch), options.force):
                todo.append(row)
            if row.state != "nothing handed in" and row.student not in [each.id for each in gradebook.students]:
                gradebook.add_student(row.student)

        def one(row: Row) -> None:
            grade(row, lesson, Path(scratch), options)
            print(f"{row.student}: {row.state} ({row.seconds:.0f} s)", flush=True)

        with ThreadPoolExecutor(options.workers) as pool:
            list(pool.map(one, todo))
        gradebook.db.expire_all()
        for row in rows:
            fill(row, lesson, gradebook)
    report(rows, lesson)
    return int(any(row.state == "not graded" for row in rows))


def hand_in(row: Row, lesson: str, handed_out, scratch: Path, force: bool) -> bool:
    """Put the prepared copy of a submission into `scratch`. Returns whether there is something to grade."""
    folder = SUBMITTED / row.student / lesson
    if not any(folder.glob("*.ipynb")):
        row.state = "nothing handed in"
        return False
    if re.search(r"[\[\]*?+]", row.student):
        row.state = "not graded"
        row.look.append("nbgrader takes [ ] * ? and + in a folder's name for a pattern: rename the folder")
        return False
    try:
        submitted, named = read_submission(folder, lesson)
        notebook, remarks = prepare(submitted, handed_out)
    except NotReadable as error:
        row.state = "not graded"
        row.look.append(str(error))
        return False
    row.look += named + remarks
    done = AUTOGRADED / row.student / lesson / f"{lesson}.ipynb"
    if done.is_file() and not force and done.stat().st_mtime > max(f.stat().st_mtime for f in folder.glob("*.ipynb")):
        return False
    target = scratch / row.student / lesson
    target.mkdir(parents=True)
    nbformat.write(notebook, target / f"{lesson}.ipynb")
    for name in ("timestamp.txt", "submission_secret.txt"):  # what nbgrader's exchange keeps beside a submission
        if (folder / name).is_file():
            shutil.copy(folder / name, target)
    return True


if __name__ == "__main__":
    sys.exit(main())
