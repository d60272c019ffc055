"""Grades a class: `uv run python -m helpers.grading 01_unscaled_inputs`. notebooks/INSTRUCTORS.md tells how it is used.

nbgrader grades; this prepares, watches and reports. Each submission in submitted/<student>/<lesson>/ is copied, the
copy is mended where nbgrader would stumble, and graded by a process of its own. What was handed in is never changed.
A table, also saved as autograded/<lesson>.csv, has a row for everyone and says whose notebook needs a look, and why.
Whatever one submission does, the others are graded.
"""

import argparse
import copy
import csv
import hashlib
import importlib.util
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import psutil
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.utils import parse_utc

from helpers.grading.cheats import Look
from helpers.grading.collect import ROOT, SIZE_MB, SUBMITTED, may_be_a_name, notes_of, read, shown
from helpers.grading.export import open_gradebook
from helpers.grading.sandbox import FOR_THE_INSTRUCTOR, GIVEN, MEMORY_GB, run_nbgrader, why_no_sandbox

AUTOGRADED = ROOT / "autograded"
# A grading is ended above these: processes in all, and what the kernel leaves in the folder where it meets nbgrader.
WATCHED_PROCESSES, WATCHED_MEETING_MB, WATCHED_MEETING_FILES = 100, 20, 1000
CELLS = 1000  # of a submission; the course's have about 30
# How the name of that folder begins; the number of the grading's process follows. It lies in the system's folder for
# temporary files, as the path of a socket in it must be short.
MEETING = "course-grading-"


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
    late: str = ""
    seconds: float = 0.0
    digest: str = ""


# ---- before nbgrader: a copy that it can read ------------------------------------------------------------------------


def find_submission(folder: Path, lesson: str) -> tuple[Path, list[str]]:
    """The notebook in a learner's folder, and remarks. Raises NotReadable, also for what is a link."""
    for each in (folder.parent, folder):
        if each.is_symlink():
            raise NotReadable("its folder is a symbolic link, which may lead anywhere")
    notebooks = sorted(path for path in folder.iterdir() if path.suffix == ".ipynb")
    path = folder / f"{lesson}.ipynb"
    if path in notebooks:
        return path, []
    if len(notebooks) != 1:
        raise NotReadable(f"there are {len(notebooks)} notebooks in the folder, and none is called {path.name}")
    return notebooks[0], [f"the file is called {notebooks[0].name}"]


def read_submission(content: bytes) -> nbformat.NotebookNode:
    """The submitted notebook in nbformat 4, only the type, text and tag of its cells. Raises NotReadable."""
    try:
        notebook = nbformat.reads(content.decode("utf-8-sig"), as_version=4)
        cells = [plain_cell(cell) for cell in notebook.cells[: CELLS + 1]]
    except UnicodeDecodeError as error:
        raise NotReadable(f"the file cannot be read ({error})") from None
    except nbformat.reader.NotJSONError:
        raise NotReadable("the file is not JSON, so it is not a notebook") from None
    except Exception as error:
        raise NotReadable(f"the file is JSON and not a notebook ({type(error).__name__}: {error})") from None
    if len(cells) > CELLS:
        raise NotReadable(f"the notebook has more than {CELLS} cells")
    return nbformat.v4.new_notebook(cells=cells)


def plain_cell(cell) -> nbformat.NotebookNode:
    """What grading reads of a cell. Half an emoji, which JSON can hold and no file, becomes a question mark."""
    source = cell.get("source", "")
    source = "".join(source) if isinstance(source, list) else source
    if not isinstance(source, str):
        raise TypeError(f"a cell's text is of type {type(source).__name__}")
    metadata = cell.get("metadata")
    tags = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = tags.get("grade_id") if isinstance(tags, dict) else None
    plain = new_cell(cell.get("cell_type"), source.encode("utf-8", "replace").decode("utf-8"))
    if isinstance(name, str):
        plain.metadata.nbgrader = {"grade_id": name}
    return plain


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

    given = [cell for cell in handed_out.cells if cell.cell_type == "code" and not is_answer(cell)]
    texts = {text_of(cell) for cell in submitted.cells}
    if sum(text_of(cell) in texts for cell in given) < len(given) / 2:
        remarks.append("most of the given cells are missing: is it the notebook of another lesson?")
    cells = []
    for index, cell in enumerate(submitted.cells):
        original = twin.get(index)
        new = new_cell(cell.cell_type if original is None else original.cell_type, cell.source)
        if original is not None:
            new.metadata, new.id = original.metadata, original.id
            if original.metadata.get("nbgrader", {}).get("solution") is False:
                if text_of(cell) != text_of(original):
                    remarks.append(f"{grade_id(original)} was edited; the original was used")
                new.source = original.source
        cells.append(new)

    present = {original.id for original in twin.values()}
    place = 0
    for original in handed_out.cells:
        at = next((i for i, cell in enumerate(cells) if cell.id == original.id), None)
        if at is not None:
            place = at + 1
        elif original.id not in present and (original.cell_type == "code" or grade_id(original)):
            if grade_id(original):
                remarks.append(f"{grade_id(original)} is missing: deleted, or its tag is lost")
            if original.cell_type == "code" and is_answer(original):
                continue  # an answer; its check says what is missing
            cells.insert(place, original)
            place += 1
    texts = {cell.id: text_of(cell) for cell in handed_out.cells if cell.cell_type == "code" and not is_answer(cell)}
    for i, cell in enumerate(cells):
        if texts.get(cell.id) == text_of(cell):
            cells[i] = copy.copy(cell)
            cells[i].metadata = nbformat.from_dict({**cell.metadata, GIVEN: True})
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=handed_out.metadata)
    return notebook, list(dict.fromkeys(remarks))


def is_answer(cell) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def look_for(handed_out) -> Look:
    """What knows the given code of this lesson."""
    codes = [cell for cell in handed_out.cells if cell.cell_type == "code"]
    return Look(
        [cell.source for cell in codes if not is_answer(cell)], [cell.source for cell in codes if is_answer(cell)]
    )


def look_at(notebook, handed_out, look: Look) -> list[str]:
    """What to look at in the code that is the learner's."""
    given, found = {text_of(cell) for cell in handed_out.cells}, []
    for cell in notebook.cells:
        if cell.cell_type == "code" and text_of(cell) not in given:
            found += [f"{grade_id(cell) or 'an added cell'} {words}" for words in look.at(cell.source)]
    return list(dict.fromkeys(found))


def new_cell(cell_type: str, source: str) -> nbformat.NotebookNode:
    if cell_type == "code":
        return nbformat.v4.new_code_cell(source)
    return nbformat.v4.new_markdown_cell(source) if cell_type == "markdown" else nbformat.v4.new_raw_cell(source)


# ---- nbgrader, watched -----------------------------------------------------------------------------------------------


# A server imports nbgrader once, and forks a process for each submission; Windows starts each anew.
CONTEXT = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")


def nbgrader(*arguments: str, log: Path, **environment: str) -> multiprocessing.Process:
    """Start a process that runs `nbgrader` with these arguments and writes into `log`."""
    process = CONTEXT.Process(target=run_nbgrader, args=(list(arguments), str(log), environment))
    process.start()
    return process


def what_failed(log: Path) -> str:
    """The last error in nbgrader's log, and where the log is."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    errors = re.findall(r"^ *(?:[\w.]*(?:Error|Exception|Expired|Died)\w*): (.+)$", text, re.M)
    errors += [] if errors else re.findall(r"\| ERROR\] (?!.*(?:the above|error log))(.+)$", text, re.M)
    kept = AUTOGRADED / "logs" / log.name
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(text, encoding="utf-8")
    return f"nbgrader failed: {errors[-1] if errors else text[-200:]} (all of it: {kept.relative_to(ROOT)})"


def watch(
    process: multiprocessing.Process, seconds: float, memory_gb: float, meeting: Path | None = None
) -> str | None:
    """Wait until the process ends. It and its children are ended if they take too long or too much: then says why."""
    end, why = time.monotonic() + seconds, None
    while why is None:
        process.join(timeout=0.5)
        if process.exitcode is not None:
            return None
        with suppress(psutil.NoSuchProcess):  # it has just ended
            me = psutil.Process(process.pid)
            family = [me, *me.children(recursive=True)]
            used = sum(memory_of(each) for each in family) / 2**30
            if time.monotonic() > end:
                why = f"it ran longer than {seconds:.0f} s in all"
            elif len(family) > WATCHED_PROCESSES:
                why = f"it started more than {WATCHED_PROCESSES} processes"
            elif used > memory_gb:
                why = f"its processes together took {used:.1f} GB of memory"
            elif meeting:
                files, size = size_of(meeting)
                if size > WATCHED_MEETING_MB * 2**20:
                    why = f"it wrote more than {WATCHED_MEETING_MB} MB into the kernel's folder"
                elif files > WATCHED_MEETING_FILES:
                    why = f"it made more than {WATCHED_MEETING_FILES} files in the kernel's folder"
    end_all(process)
    return why


def end_all(process: multiprocessing.Process) -> None:
    """End it and all that it has started."""
    while process.exitcode is None:
        family = [process]
        with suppress(psutil.Error):  # one that is being killed may still start others
            family += psutil.Process(process.pid).children(recursive=True)
        for each in family:
            with suppress(psutil.Error):
                each.kill()
        for each in family[1:]:
            with suppress(psutil.Error):
                each.wait(5)
        process.join(timeout=1)


def size_of(folder: Path) -> tuple[int, int]:
    """How many files are in it, and their bytes on the disk. It looks no further than twice what is allowed."""
    files, size, todo = 0, 0, [folder]
    while todo and files <= 2 * WATCHED_MEETING_FILES:
        with suppress(OSError), os.scandir(todo.pop()) as entries:
            for entry in entries:
                files += 1
                size += entry.stat(follow_symlinks=False).st_blocks * 512
                todo += [entry.path] if entry.is_dir(follow_symlinks=False) else []
    return files, size


def memory_of(process: psutil.Process) -> int:
    """Bytes that it holds. What n processes share, as forked ones do, counts 1/n for each, where the system tells."""
    for ask in (process.memory_full_info, process.memory_info):
        with suppress(psutil.Error, OSError):  # gone, a zombie, or not ours to ask
            told = ask()
            return getattr(told, "pss", told.rss)
    return 0


def record_of(student: str, lesson: str) -> Path:
    """The file that says what was graded: the submission's digest. It is written last, so a killed run leaves none."""
    return AUTOGRADED / ".graded" / lesson / student


def grade(row: Row, lesson: str, prepared: Path, options: argparse.Namespace) -> None:
    """Grade the prepared copy of one learner; `row` tells the rest."""
    start, record = time.monotonic(), record_of(row.student, lesson)
    record.parent.mkdir(parents=True, exist_ok=True)
    record.unlink(missing_ok=True)
    log = prepared / f"{row.student}.log"
    where = f"--CourseDirectory.submitted_directory={prepared.relative_to(ROOT).as_posix()}"
    meeting = Path(tempfile.mkdtemp(prefix=f"{MEETING}{os.getpid()}-"))
    settings = {
        "COURSE_SANDBOX": str(int(options.sandbox)),
        "COURSE_MEMORY_GB": str(options.memory),
        "COURSE_MEETING": str(meeting),
    }
    process = None
    try:
        process = nbgrader("autograde", lesson, f"--student={row.student}", "--force", where, log=log, **settings)
        stopped = watch(process, options.time, 1.5 * options.memory + 1, meeting)
        if stopped or process.exitcode:
            not_graded(row, stopped or what_failed(log))
        else:
            record.write_text(row.digest, encoding="utf-8")
    finally:
        if process:
            end_all(process)
        remove(meeting)
        row.seconds = time.monotonic() - start


def remove(folder: Path) -> None:
    """Whatever is in it: folders that nobody may read, or thousands deep."""
    with suppress(OSError, RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if folder.exists() and sys.platform != "win32":
        subprocess.run(["chmod", "-R", "u+rwx", str(folder)], check=False, capture_output=True)
        subprocess.run(["rm", "-rf", str(folder)], check=False, capture_output=True)


def not_graded(row: Row, why: str) -> None:
    row.state = "not graded"
    row.look.append(why)


def forget(row: Row, lesson: str, gradebook: Gradebook) -> None:
    """Nothing of an earlier grading may pass for this one. Points given by hand stay."""
    shutil.rmtree(AUTOGRADED / row.student / lesson, ignore_errors=True)
    record_of(row.student, lesson).unlink(missing_ok=True)
    try:
        grades = gradebook.find_submission_notebook(lesson, lesson, row.student).grades
    except MissingEntry:
        submission = gradebook.update_or_create_submission(lesson, row.student)
        grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    had = [grade for grade in grades if grade.auto_score is not None]
    for grade in grades:
        grade.auto_score, grade.needs_manual_grade = None, True
    gradebook.db.commit()
    if had:
        row.look.append("its earlier grade is no longer in the gradebook")


# ---- after nbgrader: the report --------------------------------------------------------------------------------------


def told(cell) -> list[str]:
    """What `Execute` wrote into a check's outputs."""
    text = "".join(output.text for output in cell.outputs if output.get("name") == "stdout")
    return re.findall(rf"^{FOR_THE_INSTRUCTOR}(.+)$", text, re.M)[:5]


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
        submission = gradebook.find_submission_notebook(lesson, lesson, row.student)
    except MissingEntry:
        return
    grades, seconds = submission.grades, submission.assignment.total_seconds_late
    if seconds > 0 and row.state != "nothing handed in":
        row.late = f"{-(-seconds // 86_400):.0f} d"
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
            if grade.name in cells and cells[grade.name].cell_type == "code":
                row.look += [f"{grade.name}: {words}" for words in told(cells[grade.name])]
            if grade.name in cells and cells[grade.name].cell_type == "code" and grade.manual_score is None:
                found = judge(cells[grade.name], grade.auto_score, grade.max_score)
                if found:
                    row.look.append(f"{grade.name}: {found}")


def report(rows: list[Row], lesson: str) -> None:
    """Print the table, and save it. Rows of people who were not asked for stay in the file as they were."""
    points = next((row.points for row in rows if row.points), {})
    header = ["student", "state", *points, "score", "points", "late", "to grade by hand", "needs a look", "seconds"]
    table = []
    for row in rows:
        scores = [f"{row.scores[name]:g}" if name in row.scores else "" for name in points]
        total = f"{sum(row.scores.values()):g}" if row.state == "graded" else ""
        of, look, by_hand = f"{sum(points.values()):g}", "; ".join(row.look), ", ".join(row.by_hand)
        line = [row.student, row.state, *scores, total, of, row.late, by_hand, look, f"{row.seconds:.1f}"]
        table.append([shown(text) for text in line])
    path = AUTOGRADED / f"{lesson}.csv"
    save(path, header, table)
    widths = [max(len(line[i]) for line in [header, *table]) for i in range(len(header))]
    look_at = header.index("needs a look")
    print()
    for line in [header, *table]:
        cells = [text.ljust(width) for text, width in zip(line[:look_at], widths, strict=False)]
        print("  ".join([*cells, line[look_at]]).rstrip())
    counts = {state: [row.state for row in rows].count(state) for state in ("graded", "not graded")}
    absent, look = len(rows) - sum(counts.values()), sum(bool(row.look) for row in rows)
    told = [f"{count} {state}" for state, count in counts.items()]
    told += [f"{absent} handed in nothing", f"{look} need a look"]
    print(f"\n{', '.join(told)}. The same in {path.relative_to(ROOT)}")


def save(path: Path, header: list[str], table: list[list[str]]) -> None:
    """Write the table over the rows of the same students in `path`, all at once."""
    lines = {}
    if path.is_file():
        with path.open(newline="", encoding="utf-8", errors="replace") as file:
            lines = {row["student"]: [row.get(name) or "" for name in header] for row in csv.DictReader(file)}
    lines |= {line[0]: line for line in table}
    made = path.with_suffix(".csv.new")
    with made.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *(lines[student] for student in sorted(lines))])
    made.replace(path)


# ---- all together ----------------------------------------------------------------------------------------------------


def compile_once(package: str = "keras") -> None:
    """Import it outside the sandbox if that was never done. Inside, Python cannot keep what it compiles.

    Without that, each submission compiles TensorFlow anew, which takes longer than all the rest.
    """
    spec = importlib.util.find_spec(package)
    if spec and spec.origin and not Path(importlib.util.cache_from_source(spec.origin)).is_file():
        print(f"Compiling {package} and what it imports, once.", flush=True)
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        command = [sys.executable, "-c", f"import helpers, {package}"]
        subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)


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
    parser.add_argument("--due", metavar="T", help='the deadline, such as "2027-03-31 23:59"; the gradebook keeps it')
    parser.add_argument("--memory", type=float, default=MEMORY_GB, help=f"GB for a kernel (default: {MEMORY_GB:g})")
    help_ = "run submissions in bubblewrap, or not; the default is to where bubblewrap works"
    parser.add_argument("--sandbox", action=argparse.BooleanOptionalAction, help=help_)
    options = parser.parse_args(arguments)
    if not re.fullmatch(r"\w+", options.lesson) or not (ROOT / "notebooks" / "solutions" / options.lesson).is_dir():
        lessons = sorted(path.name for path in (ROOT / "notebooks" / "solutions").iterdir() if path.is_dir())
        parser.error(f"there are no exercises {options.lesson!r}, only: {', '.join(lessons)}")
    if options.due:
        try:
            due = datetime.fromisoformat(options.due).astimezone(UTC)
        except ValueError:
            parser.error(f"--due is no time: {options.due!r}")
        options.due = due.replace(tzinfo=None).isoformat(" ")
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
    folders = sorted(f.name for f in SUBMITTED.glob("*") if f.name[0] != "." and (f.is_dir() or f.is_symlink()))
    remove_left_over(AUTOGRADED)

    with (
        open_gradebook(ROOT) as gradebook,
        tempfile.TemporaryDirectory(dir=AUTOGRADED, prefix=".prepared-", ignore_cleanup_errors=True) as scratch,
    ):
        try:
            gradebook.find_notebook(lesson, lesson)
        except MissingEntry:
            register(lesson, handed_out, Path(scratch))
            gradebook.db.expire_all()
        if options.due:
            gradebook.update_or_create_assignment(lesson, duedate=options.due)
        everyone = sorted({*folders, *(student.id for student in gradebook.students)})
        rows = [Row(student) for student in everyone if student in (options.student or everyone)]
        look = look_for(handed_out)
        todo = [row for row in rows if hand_in(row, lesson, handed_out, look, Path(scratch), options.force)]
        known = {student.id for student in gradebook.students}
        for row in rows:
            if row.state != "nothing handed in" and row.student not in known and may_be_a_name(row.student):
                gradebook.add_student(row.student)

        done = 0

        def one(row: Row) -> None:
            nonlocal done
            try:
                grade(row, lesson, Path(scratch), options)
            except Exception as error:  # whatever it is, the others are graded
                not_graded(row, f"{type(error).__name__}: {error}")
            done += 1
            print(shown(f"{done} of {len(todo)}: {row.student}, {row.state} ({row.seconds:.0f} s)"), flush=True)

        if todo and options.sandbox:
            compile_once()
        if todo:
            print(f"{len(todo)} to grade, {options.workers} at a time.", flush=True)
        with ThreadPoolExecutor(options.workers) as pool:
            list(pool.map(one, todo))
        gradebook.db.expire_all()
        for row in rows:
            try:
                if row.state == "not graded" and may_be_a_name(row.student):
                    forget(row, lesson, gradebook)
                fill(row, lesson, gradebook)
            except Exception as error:
                gradebook.db.rollback()
                not_graded(row, f"the result cannot be read ({type(error).__name__}: {error})")
    report(rows, lesson)
    return int(any(row.state == "not graded" for row in rows))


def remove_left_over(folder: Path) -> None:
    """What runs left behind that were killed: in `folder`, which machines may share, a day ago or more."""
    for path in folder.glob(".prepared-*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > 86_400:
                shutil.rmtree(path)
    for path in Path(tempfile.gettempdir()).glob(f"{MEETING}*-*"):
        number = path.name.removeprefix(MEETING).split("-")[0]
        with suppress(OSError):
            ours = not path.is_symlink() and (os.name != "posix" or path.stat().st_uid == os.getuid())
            if ours and number.isdigit() and not psutil.pid_exists(int(number)):
                end_users_of(path)
                remove(path)


def end_users_of(folder: Path) -> None:
    """End kernels that were told to meet nbgrader in this folder, and have outlived it."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != os.getpid() and any(f"{folder}/" in word for word in process.cmdline()):
                process.kill()


def hand_in(row: Row, lesson: str, handed_out, look: Look, scratch: Path, force: bool) -> bool:
    """Put the prepared copy of a submission into `scratch`. Returns whether there is something to grade."""
    folder = SUBMITTED / row.student / lesson
    try:
        if not may_be_a_name(row.student) and listed(folder.parent):
            raise NotReadable("nbgrader takes some characters of the folder's name for others: rename the folder")
        if not folder.parent.is_symlink() and not any(path.suffix == ".ipynb" for path in listed(folder)):
            row.state = "nothing handed in"
            return False
        path, remarks = find_submission(folder, lesson)
        content = read(path, SIZE_MB)
        notebook, more = prepare(read_submission(content), handed_out)
        notes = notes_of(folder)
        remarks += [str(each) for each in notes.get("look", [])][:5]
        row.late = "LATE" if notes.get("late") is True else ""
        row.look += [*remarks, *more, *look_at(notebook, handed_out, look)]
        timestamp = folder / "timestamp.txt"  # what nbgrader's exchange keeps beside a submission
        stamp = timestamp_in(timestamp)
        row.digest = hashlib.sha256(content + stamp.encode()).hexdigest()
        if is_done(row, lesson) and not force:
            return False
        target = scratch / row.student / lesson
        target.mkdir(parents=True)
        nbformat.write(notebook, target / f"{lesson}.ipynb")
        if stamp:
            (target / "timestamp.txt").write_text(stamp, encoding="utf-8")
        with suppress(OSError, ValueError):
            secret = read(folder / "submission_secret.txt", 0.01)
            (target / "submission_secret.txt").write_bytes(secret)
        return True
    except (NotReadable, ValueError) as error:
        not_graded(row, str(error))
    except Exception as error:  # whatever it is, the others are graded
        not_graded(row, f"it cannot be read ({type(error).__name__}: {error})")
    return False


def listed(folder: Path) -> list[Path]:
    """What is in a folder; nothing, if there is no such folder."""
    return sorted(folder.iterdir()) if folder.exists() or folder.is_symlink() else []


def timestamp_in(path: Path) -> str:
    """nbgrader's time stamp, if it is one; it would not grade what has another text there."""
    try:
        text = read(path, 0.01).decode().strip()
        parse_utc(text)
        return text
    except (OSError, ValueError, OverflowError):
        return ""


def is_done(row: Row, lesson: str) -> bool:
    """Whether this very submission was graded, to the end."""
    try:
        record = record_of(row.student, lesson).read_text(encoding="utf-8")
    except OSError:
        return False
    return record == row.digest and (AUTOGRADED / row.student / lesson / f"{lesson}.ipynb").is_file()


if __name__ == "__main__":
    sys.exit(main())
