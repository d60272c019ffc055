"""Grading a class, end to end with nbgrader: every kind of submission, the sandbox, PostgreSQL, the guide's commands.

A small assignment without TensorFlow stands in for a lesson where a whole class of odd submissions is graded. Lesson 01
itself is graded for one right and one wrong submission.
"""

import copy
import csv
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

if sys.platform == "win32":
    pytest.skip("grading is tested on Linux and macOS", allow_module_level=True)
pytest.importorskip("nbgrader", reason="needs nbgrader: the dependency group `grading`")
from benchmark_grading import ROOT, copy_course, grade, hand_in, submission
from nbgrader.api import Gradebook
from shipped_answers import answers

from helpers.grading.sandbox import why_no_sandbox

NO_SANDBOX = why_no_sandbox()
needs_sandbox = pytest.mark.skipif(NO_SANDBOX is not None, reason=f"needs a sandbox: {NO_SANDBOX}")

LESSON = "77_tiny"
IMPORTS = """import sys
from pathlib import Path

sys.path.insert(0, str(next(p for p in Path.cwd().parents if (p / "helpers").is_dir())))
import numpy as np
from helpers.exercises import check"""
ANSWER = """def {name}(x):
    ### BEGIN SOLUTION
    return {expression}
    ### END SOLUTION"""
CHECK = """with check("Exercise {n}"):
    assert {name}(2) == {small}, "of 2 it is {small}."
    ### BEGIN HIDDEN TESTS
    assert {name}(10) == {big}, "of 10 it is {big}."
    ### END HIDDEN TESTS"""
DOUBLE, SQUARE = "def double(x):\n    return 2 * x", "def square(x):\n    return x * x"
SUPPRESS = """def double(x):
    return 0
from contextlib import suppress
check = lambda name: suppress(AssertionError)"""
FORKS = """def double(x):
    import os, time
    while len(os.listdir("/proc")) < 400 and os.fork():
        pass
    time.sleep(60)"""
FILLS = """def double(x):
    import glob, os, sys, time
    folder = os.path.dirname(next(word for word in sys.argv if word.endswith("kernel.json")))
    for i in range(100):
        open(f"{folder}/{i}", "wb").write(bytes(2**20))
    time.sleep(60)"""
DEEP = """def double(x):
    import os, sys, time
    os.chdir(os.path.dirname(next(word for word in sys.argv if word.endswith("kernel.json"))))
    for i in range(3000):
        os.mkdir("d")
        os.chdir("d")
    time.sleep(60)"""
STOPS = "import os, signal\n\ndef double(x):\n    os.kill(os.getpid(), signal.SIGSTOP)"
EQUAL = """One = type("One", (int,), {"__e" + "q__": lambda a, b: True})
def double(x):
    return One(1)"""
SWAPS = """def swap(m):
    m.sqrt = abs
swap(np)
double = lambda x: 2 * x"""
BLIND = """for value in list(eval("glo" + "bals")().values()):
    if type(value).__name__ == "Witness":
        type(value).tell = lambda *a: None
def double(x):
    return 2 * x"""
RIGHT = {"exercise-1": DOUBLE, "exercise-2": SQUARE, "reflection": "Because."}


def tiny_assignment():
    def tag(cell, name, **tags):
        nbgrader = {"grade_id": name, "schema_version": 3, "task": False, "cell_type": cell.cell_type}
        cell.metadata["nbgrader"] = {**nbgrader, "grade": False, "solution": False, "locked": False, **tags}
        return cell

    def exercise(n, name, expression, small, big):
        check = CHECK.format(n=n, name=name, small=small, big=big)
        return [
            tag(new_code_cell(ANSWER.format(name=name, expression=expression)), f"exercise-{n}", solution=True),
            tag(new_code_cell(check), f"check-{n}", grade=True, locked=True, points=n + 1),
        ]

    question = new_markdown_cell("Why?\n\n### BEGIN SOLUTION\nBecause.\n### END SOLUTION")
    cells = [
        new_code_cell(IMPORTS),
        tag(new_code_cell("GIVEN = 1"), "given", locked=True),
        *exercise(1, "double", "2 * x", 4, 20),
        *exercise(2, "square", "x**2", 4, 100),
        tag(question, "reflection", grade=True, solution=True, points=1),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def make_course(folder):
    """A copy of the course in which the small assignment has been handed out. A cell may take 4 s."""
    course = copy_course(folder)
    with (course / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write("c.Execute.timeout = 4\n")
    (course / "notebooks" / "solutions" / LESSON).mkdir()
    nbformat.write(tiny_assignment(), course / "notebooks" / "solutions" / LESSON / f"{LESSON}.ipynb")
    nbgrader(course, f"generate_assignment {LESSON}")
    (course / "submitted").mkdir()
    return course


IN_ONE_PROCESS = """import json, os, sys
from nbgrader.apps.nbgraderapp import NbGraderApp
for arguments in json.loads(sys.argv[1]):
    child = os.fork()
    if not child:
        NbGraderApp.launch_instance(arguments)
        sys.exit()
    status = os.waitpid(child, 0)[1]
    assert status == 0, f"nbgrader {arguments}: {status}"
"""


def nbgrader(course, *commands, **environment):
    """Run nbgrader's commands, one after the other; its import, which takes seconds, is done once."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, **environment}
    command = [sys.executable, "-c", IN_ONE_PROCESS, json.dumps([each.split() for each in commands])]
    done = subprocess.run(command, cwd=course, env=environment, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def course_command(course, command):
    """Run one of the course's own commands, as the guide has it. Returns what it prints."""
    words = [sys.executable, *shlex.split(command.removeprefix("uv run python "))]
    return subprocess.run(words, cwd=course, text=True, capture_output=True).stdout


def contents(course):
    """Every file of the course but for what grading writes."""
    files = (path for path in course.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    written = (course / "autograded", course / "gradebook.db")
    return {path: path.read_bytes() for path in files if not any(path.is_relative_to(each) for each in written)}


def handed_in(course):
    """What the notebooks handed in contain, but for a pipe and a file of 30 GB."""
    paths = [path for path in (course / "submitted").rglob("*.ipynb") if path.is_file()]
    return {path: path.read_bytes() for path in paths if path.stat().st_size < 2**20}


def named(notebook, name):
    return next(cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == name)


def as_colab_saves(notebook):
    """Format 4.0: no ids of cells; ids and outputs in the metadata; what the machine was."""
    cells = json.loads(nbformat.writes(notebook))["cells"]
    for cell in cells:
        cell["metadata"] = {**cell["metadata"], "id": cell.pop("id"), "colab": {"base_uri": "https://localhost:8080/"}}
    colab = {"colab": {"provenance": [], "gpuType": "T4"}, "accelerator": "GPU", "language_info": {"name": "python"}}
    return json.dumps({"nbformat": 4, "nbformat_minor": 0, "metadata": colab, "cells": cells})


def odd_class(course):
    """Who hands in what: the scores of both checks they deserve (None: not graded), and what the report must name."""

    def by(student, given, check_1, check_2, *look, change=None):
        notebook = submission(course, LESSON, {**RIGHT, **given})
        text = change(notebook) if change else None
        path = hand_in(course, student, LESSON, notebook)
        if isinstance(text, str):
            path.write_text(text, encoding="utf-8")
        expected[student] = (check_1, check_2, look)

    def without(*names):
        def change(notebook):
            notebook.cells = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") not in names]

        return change

    def edited(notebook):
        named(notebook, "check-1").source = "pass"
        named(notebook, "given").source = "GIVEN = 2"
        named(notebook, "check-2").metadata.nbgrader.points = 100

    def twice(notebook):
        check = named(notebook, "check-1")
        notebook.cells.insert(3, new_code_cell(check.source, metadata=check.metadata))

    def untagged(notebook):
        for cell in notebook.cells:
            cell.metadata.clear()

    def half_an_emoji(notebook):
        notebook = copy.deepcopy(notebook)  # JSON can hold it, and no file of text
        named(notebook, "exercise-1").source += "  # \ud83d"
        named(notebook, "reflection").source += "\ud83d\x1b[2J"
        return json.dumps(notebook)

    def tagged(name):
        def change(notebook):
            named(notebook, "exercise-1").metadata.nbgrader.grade_id = name
            return json.dumps(notebook)

        return change

    def thousands(notebook):
        notebook.cells += [new_code_cell("GIVEN = 1") for _ in range(5000)]

    def no_imports(notebook):
        del notebook.cells[0]

    expected = {}
    by("right", {}, 2, 3)
    by("otherwise", {"exercise-1": "double = lambda x: x + x", "exercise-2": "square = np.square"}, 2, 3)
    by("1234", {}, 2, 3)
    by("wrong", {"exercise-2": "def square(x):\n    return 4"}, 2, 0)
    untouched = {name: named(submission(course, LESSON, {}), name).source for name in RIGHT}
    by("empty", untouched, 0, 0)
    by("endless", {"exercise-1": "def double(x):\n    while True:\n        pass"}, 0, 3, "check-1", "ended after 4 s")
    stubborn = "def square(x):\n while True:\n  try:\n   list(iter(int, 1))\n  except BaseException:\n   pass"
    by("stubborn", {"exercise-2": stubborn}, 2, 0, "check-2", "ended after 4 s")
    by("crash", {"exercise-1": "import os\ndef double(x):\n    os._exit(1)"}, 0, 3, "check-1", "kernel died")
    greedy = "def double(x):\n    return np.ones(2**29).sum()"
    by("greedy", {"exercise-1": greedy}, 0, 3, "check-1", "memory")
    by("syntax", {"exercise-2": "def square(x)\n    return x * x"}, 2, 0, "exercise-2: SyntaxError")
    by("edited", {}, 2, 3, "check-1 was edited", "given was edited", change=edited)
    by("deleted", {}, 2, 3, "check-1 is missing", "check-2 is missing", change=without("check-1", "check-2"))
    by("gone", {}, 0, 3, "exercise-1 is missing", change=without("exercise-1", "check-1"))
    by("twice", {}, 2, 3, "check-1 is there twice", change=twice)
    by("untagged", {}, 2, 3, "reflection is missing", change=untagged)
    by("headless", {}, 2, 3, change=no_imports)
    by("colab", {}, 2, 3, change=as_colab_saves)
    cheat = "def double(x):\n    check.__wrapped__.__globals__['print'] = lambda *a: None\n    return 2 * x"
    by("cheat", {"exercise-1": cheat}, 2, 3, "check-1: has points, and the check never said")
    shown = "def double(x):\n    sys.displayhook(2)"
    by("shown", {"exercise-1": shown}, 2, 3, "check-1: shows a value")
    by("text", {}, None, None, "not JSON", change=lambda notebook: "My answer is 42.")
    by("list", {}, None, None, "not a notebook", change=lambda notebook: "[1, 2]")
    by("bracket[1]", {}, None, None, "rename the folder")
    by("tag", {}, 2, 3, "exercise-1 is missing", change=tagged([]))
    by("tag2", {}, 2, 3, "exercise-1 is missing", change=tagged({"a": [1]}))
    by("emoji", {}, 2, 3, change=half_an_emoji)
    by("suppress", {"exercise-1": SUPPRESS}, 0, 3, "check-1: CheckNotFinished", "exercise-1 rebinds check")
    by("blind", {"exercise-1": BLIND}, 2, 3, "check-1: changed when it was checked: what looks", "uses eval")
    by("swaps", {"exercise-1": SWAPS}, 2, 3, "check-1: changed when it was checked: numpy.sqrt", "changes m.sqrt")
    by("equal", {"exercise-1": EQUAL}, 2, 3, "makes a class by type()")
    by("stops", {"exercise-1": STOPS}, 0, 3, "imports os", "check-1: CellTimeoutError")
    by("cells", {}, None, None, "more than 1000 cells", change=thousands)
    if NO_SANDBOX is None:
        by("deep", {"exercise-1": DEEP}, None, None, "more than 1000 files in the kernel's folder")
        by("forks", {"exercise-1": FORKS}, None, None, "more than 100 processes")
        by("fills", {"exercise-1": FILLS}, None, None, "MB into the kernel's folder")
    folder = course / "submitted"
    for student, words in {"pipe": "no regular file", "link": "symbolic link", "large": "larger than 20 MB"}.items():
        (folder / student / LESSON).mkdir(parents=True)
        expected[student] = (None, None, [words])
    os.mkfifo(folder / "pipe" / LESSON / f"{LESSON}.ipynb")
    (folder / "link" / LESSON / f"{LESSON}.ipynb").symlink_to(folder / "right" / LESSON / f"{LESSON}.ipynb")
    with (folder / "large" / LESSON / f"{LESSON}.ipynb").open("wb") as file:
        file.truncate(30 * 2**30)
    latin = os.path.join(os.fsencode(folder), b"m\xfcller", os.fsencode(LESSON))
    os.makedirs(latin)
    (Path(os.fsdecode(latin)) / f"{LESSON}.ipynb").write_text("{}")
    expected["m\N{REPLACEMENT CHARACTER}ller"] = (None, None, ["rename the folder"])
    (course / "submitted" / "nobody").mkdir()
    return expected


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory):
    """A course before anybody has handed in anything."""
    return make_course(tmp_path_factory.mktemp("handed_out").resolve())


@pytest.fixture
def fresh(handed_out, tmp_path):
    return shutil.copytree(handed_out, tmp_path.resolve() / "course")


@pytest.fixture(scope="module")
def course(handed_out, tmp_path_factory):
    return shutil.copytree(handed_out, tmp_path_factory.mktemp("graded").resolve() / "course")


@pytest.fixture(scope="module")
def graded(course):
    expected = odd_class(course)
    before = handed_in(course)
    printed, status, rows = grade(course, LESSON, "--memory=2", "--workers=2")
    assert before == handed_in(course), "handed in: as it was"
    print(printed)
    return expected, status, rows


class TestClass:
    def test_nobody_is_lost(self, graded):
        expected, status, rows = graded
        assert sorted(rows) == sorted([*expected, "nobody"])
        assert rows["nobody"]["state"] == "nothing handed in"
        assert status == 1, "some could not be graded"

    def test_everyone_gets_what_they_deserve_and_the_report_says_whose_notebook_needs_a_look(self, graded, subtests):
        expected, _, rows = graded
        for student, (check_1, check_2, look) in expected.items():
            row = rows[student]
            with subtests.test(student):
                assert row["state"] == ("not graded" if check_1 is None else "graded"), row
                scores = [float(row[name]) if row[name] else None for name in ("check-1", "check-2")]
                assert scores == [check_1, check_2], row
                assert all(words in row["needs a look"] for words in look), row
                assert bool(look) == bool(row["needs a look"]), row

    def test_written_answers_wait_for_the_instructor(self, graded):
        _, _, rows = graded
        assert rows["right"]["to grade by hand"] == "reflection"
        assert rows["empty"]["to grade by hand"] == "", "no response, no points"

    def test_what_is_graded_is_not_graded_again_and_grades_by_hand_stay(self, course, graded):
        with Gradebook(f"sqlite:///{course}/gradebook.db", "why-wont-it-learn") as gradebook:
            gradebook.find_grade("reflection", LESSON, LESSON, "right").manual_score = 1
            gradebook.db.commit()
        folder = course / "submitted"
        again = folder / "right" / LESSON / f"{LESSON}.ipynb"
        again.write_text(again.read_text().replace("Because.", "Because of that."))
        os.utime(again, (0, 0))  # handed in again; saved on a computer whose clock is wrong
        os.utime(folder / "wrong" / LESSON / f"{LESSON}.ipynb")  # touched, and not changed
        (folder / "twice" / LESSON / f"{LESSON}.ipynb").write_text("My second answer is 43.")
        record = course / "autograded" / ".graded" / LESSON / "gone"
        record.unlink()  # as a run leaves it that was killed
        half = course / "autograded" / "gone" / LESSON / f"{LESSON}.ipynb"
        half.chmod(0o644)
        half.write_text(half.read_text()[:1000])
        _, _, rows = grade(course, LESSON, "--student", "right", "wrong", "twice", "gone", "--due=2020-01-01")
        assert float(rows["right"]["seconds"]) > 0
        assert float(rows["wrong"]["seconds"]) == 0
        assert (rows["right"]["score"], rows["wrong"]["score"], rows["gone"]["score"]) == ("6", "2", "3")
        assert (rows["twice"]["state"], rows["twice"]["score"]) == ("not graded", "")
        assert "earlier grade is no longer in the gradebook" in rows["twice"]["needs a look"]
        assert record.is_file()
        assert len(rows) == len(graded[0]) + 1, "the others' rows stay in the class's table"
        assert rows["otherwise"] == graded[2]["otherwise"]
        with Gradebook(f"sqlite:///{course}/gradebook.db", "why-wont-it-learn") as gradebook:
            assert gradebook.find_assignment(LESSON).duedate is not None

    def test_export_and_feedback_follow_and_plain_nbgrader_outlives_a_dead_kernel(self, course, graded):
        commands = [
            "export",
            f"generate_feedback {LESSON} --student=wrong",
            f"autograde {LESSON} --student=crash --force",
        ]
        with Gradebook(f"sqlite:///{course}/gradebook.db", "why-wont-it-learn") as gradebook:  # as Formgrader does
            gradebook.find_grade("reflection", LESSON, LESSON, "right").needs_manual_grade = False
            gradebook.db.commit()
        # Plain nbgrader, and Formgrader's button, use the sandbox unless they are told not to.
        nbgrader(course, *commands, **({"COURSE_SANDBOX": "0"} if NO_SANDBOX else {}))
        with (course / "grades.csv").open(encoding="utf-8") as file:
            exported = {row["student_id"]: row["score"] for row in csv.DictReader(file) if row["assignment"] == LESSON}
        assert float(exported["right"]) == 6
        assert exported["otherwise"] == "", "its written answer waits"
        for student in ("twice", "text", "nobody"):  # the last two may not be known to the gradebook
            assert exported.get(student, "") == "", "no score is not a score of 0"
        assert "of 10 it is 100" in (course / "feedback" / "wrong" / LESSON / f"{LESSON}.html").read_text(
            encoding="utf-8"
        )


@pytest.fixture
def grading(fresh, monkeypatch):
    import helpers.grading.__main__ as grading

    monkeypatch.setattr(grading, "ROOT", fresh)
    monkeypatch.setattr(grading, "SUBMITTED", fresh / "submitted")
    return grading


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["none"], "there are no exercises 'none', only: 01_unscaled_inputs"),
        ([LESSON, "--student", "nobody_at_all"], "no folder in"),
        ([f"../{LESSON}"], "there are no exercises"),
    ],
)
def test_errors_are_clear(grading, options, reason, capsys):
    with pytest.raises(SystemExit) as stopped:
        grading.parse(options)
    assert stopped.value.code == 2
    assert reason in capsys.readouterr().err


def test_where_there_is_no_sandbox_the_command_says_so(grading, tmp_path, monkeypatch, capsys):
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2; exit 1\n")
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(SystemExit):
        grading.parse([LESSON, "--sandbox"])
    assert "--sandbox is not possible: bubblewrap" in capsys.readouterr().err
    assert not grading.parse([LESSON]).sandbox
    assert "WARNING: submissions run WITHOUT a sandbox" in capsys.readouterr().out


@needs_sandbox
def test_in_the_sandbox_an_answer_reaches_nothing(fresh):
    """It tries to write into the course, to call out, and to read what is not its own; it finds all of it closed."""
    course = fresh
    secrets = [
        f"submitted/other/{LESSON}/{LESSON}.ipynb",
        f"notebooks/solutions/{LESSON}/{LESSON}.ipynb",
        "gradebook.db",
    ]
    with socket.create_server(("127.0.0.1", 0)) as server:
        spy = f"""def double(x):
    import os, socket, subprocess
    course, found = Path({str(course)!r}), []
    for name in {secrets!r}:
        try:
            found.append(course.joinpath(name).read_text(errors="replace"))
        except OSError:
            pass
    for name in ("helpers/exercises.py", "helpers/note", "data/note", "nbgrader_config.py", "notebooks/note"):
        try:
            course.joinpath(name).write_text("mine")
            found += [name] if name.startswith(("helpers", "data")) else []  # others are seen to be unchanged below
        except OSError:
            pass
    for address in [("127.0.0.1", {server.getsockname()[1]}), ("1.1.1.1", 53)]:
        try:
            socket.create_connection(address, timeout=1)
            found.append(f"reached {{address}}")
        except OSError:
            pass
    found += [name for name in os.environ if name in ("NBGRADER_DB_URL", "SECRET_TOKEN")]
    found += [pid for pid in os.listdir("/proc") if pid.isdigit() and int(pid) > 1000]
    assert not found, found
    Path("scratch").write_text("its own folder may be written")
    return 2 * x"""
        hand_in(course, "spy", LESSON, submission(course, LESSON, {**RIGHT, "exercise-1": spy}))
        hand_in(course, "other", LESSON, submission(course, LESSON, RIGHT))
        before = contents(course)
        database = f"sqlite:///{course}/gradebook.db"
        _, _, rows = grade(course, LESSON, "--sandbox", NBGRADER_DB_URL=database, SECRET_TOKEN="mine")
        assert {name: row["score"] for name, row in rows.items()} == {"spy": "5", "other": "5"}, rows
        assert before == contents(course)
        # The same answer outside finds a good deal. Without this, the test could pass for nothing.
        answer = {"Path": Path}
        exec(spy, answer)
        with pytest.raises(AssertionError, match=r"BEGIN SOLUTION.*helpers/exercises\.py.*reached"):
            answer["double"](2)


def wait_until(is_so, seconds=120):
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.1)


def those_with(word):
    """The processes in whose command line it is."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            found += [process] if process.pid != os.getpid() and word in " ".join(process.cmdline()) else []
    return found


def test_a_run_that_is_killed_leaves_nothing_running_and_the_next_one_tidies_up(fresh):
    """Killed while a learner's code runs. The kernel ends with it; its folders go when somebody grades again."""
    sleeps = submission(fresh, LESSON, {"exercise-1": "import time\ntime.sleep(60)"})
    hand_in(fresh, "sleeper", LESSON, sleeps)
    with tempfile.TemporaryDirectory(prefix="t") as scratch:  # a short path: there is a socket in it
        environment = {**os.environ, "TMPDIR": scratch}
        command = [sys.executable, "-m", "helpers.grading", LESSON]
        run = subprocess.Popen(command, cwd=fresh, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
        wait_until(lambda: list(Path(scratch).glob("course-grading-*/kernel-*/*/kernel-ipc-5")) or NO_SANDBOX)
        wait_until(lambda: those_with(f"{scratch}/course-grading-"))
        run.kill()
        run.wait()
        if NO_SANDBOX is None:
            wait_until(lambda: not those_with(f"{scratch}/course-grading-"), 30)
        assert list(Path(scratch).glob("course-grading-*"))
        # A kernel that was killed while it started may live on.
        (folder,) = Path(scratch).glob("course-grading-*")
        stray = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", f"{folder}/kernel.json"])
        shutil.rmtree(fresh / "submitted" / "sleeper")
        grade(fresh, LESSON, TMPDIR=scratch)
        assert stray.wait(10) != 0
        assert not list(Path(scratch).glob("course-grading-*"))


@pytest.fixture
def postgresql():
    """The address of a throw-away PostgreSQL server, reached through a socket in its folder."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = shutil.which("initdb") or (str(programs[-1]) if programs else None)
    if initdb is None:
        pytest.skip("needs PostgreSQL's initdb and pg_ctl")
    as_nobody = []
    if hasattr(os, "getuid") and os.getuid() == 0:  # the server refuses to run as root
        if not shutil.which("runuser"):
            pytest.skip("PostgreSQL does not run as root, and runuser is missing")
        as_nobody = ["runuser", "-u", "nobody", "--"]
    with tempfile.TemporaryDirectory(prefix="pg") as folder:  # a short path: it holds a socket
        Path(folder).chmod(0o777)
        data, pg_ctl = f"{folder}/data", str(Path(initdb).with_name("pg_ctl"))
        run = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder}
        subprocess.run([*as_nobody, initdb, "-D", data, "-U", "course", "--auth=trust", "--no-sync"], **run)
        options = f"-c fsync=off -c listen_addresses= -c unix_socket_directories={folder}"
        subprocess.run([*as_nobody, pg_ctl, "-D", data, "-l", f"{folder}/log", "-w", "-o", options, "start"], **run)
        try:
            yield f"postgresql://course@/postgres?host={folder}"
        finally:
            subprocess.run([*as_nobody, pg_ctl, "-D", data, "-w", "-m", "immediate", "stop"], **run)


GUIDE = (ROOT / "notebooks" / "INSTRUCTORS.md").read_text(encoding="utf-8")
COMMANDS = [
    line.strip() for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.S) for line in block.strip().splitlines()
]


def test_the_guide_has_no_command_that_is_not_tested_here():
    for command in COMMANDS:
        ours = [f"uv run python -m helpers.{name} " for name in ("grading", "grading.collect", "grading.export")]
        assert command.startswith(("uv run nbgrader ", *ours, "export NBGRADER_DB_URL="))
    for script in re.findall(r"`uv run (?:python|pytest) (tests/\S+?)`", GUIDE):
        assert (ROOT / script).is_file()


def test_the_guide_s_commands_run_in_its_order(fresh, grading, monkeypatch):
    """From handing out to the exported grades. With a class of one and the small assignment."""
    commands = [command.replace("01_unscaled_inputs", LESSON) for command in COMMANDS]
    (fresh / "class.csv").write_text("id,first_name,last_name,email\nmiller,Ada,Miller,a@example.org\n")
    downloaded = fresh / "downloaded" / LESSON
    downloaded.mkdir(parents=True)
    nbformat.write(submission(fresh, LESSON, RIGHT), downloaded / f"miller_LATE_12345_Copy of {LESSON} (1).ipynb")
    (downloaded / "notes.ipynb").write_text("{}")
    (fresh / "exchange").mkdir()
    (fresh / "exchange").chmod(0o777)
    with (fresh / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write(f"c.Exchange.root = {str(fresh / 'exchange')!r}\n")

    own = [command.removeprefix("uv run nbgrader ") for command in commands if command.startswith("uv run nbgrader ")]
    collect = own.index(f"collect {LESSON} --update")
    feedback = own.index(f"generate_feedback {LESSON} --force")
    nbgrader(fresh, *own[:collect])
    printed = course_command(fresh, next(command for command in commands if "grading.collect" in command))
    assert "miller: new" in printed
    assert "SKIPPED notes.ipynb" in printed
    assert (fresh / "submitted" / "miller" / LESSON / f"{LESSON}.ipynb").is_file()
    shutil.rmtree(fresh / "submitted" / "miller" / LESSON)
    # Now as on a hub; the learner who submits is whoever runs this test.
    home, options = fresh.parent / "home", f"{LESSON} --course=why-wont-it-learn --Exchange.root={fresh}/exchange"
    home.mkdir()
    nbgrader(home, f"fetch_assignment {options}")
    nbformat.write(submission(fresh, LESSON, RIGHT), home / LESSON / f"{LESSON}.ipynb")
    nbgrader(home, f"submit {options}")
    nbgrader(fresh, own[collect])
    monkeypatch.setattr(grading, "why_no_sandbox", lambda: None)
    for command in commands:
        if "helpers.grading " in command:
            grading.parse(shlex.split(command.split("helpers.grading ")[1]))
    _, status, rows = grade(fresh, LESSON)
    assert status == 0
    (learner,) = (name for name, row in rows.items() if row["state"] == "graded")
    assert rows[learner]["score"] == "5"
    assert rows["miller"]["state"] == "nothing handed in"
    nbgrader(fresh, *own[feedback:])
    assert (fresh / "feedback" / learner / LESSON / f"{LESSON}.html").is_file()
    assert f",{learner}," in (fresh / "grades.csv").read_text()
    with Gradebook(f"sqlite:///{fresh}/gradebook.db", "why-wont-it-learn") as gradebook:
        gradebook.find_grade("reflection", LESSON, LESSON, learner).manual_score = 1
        gradebook.find_grade("reflection", LESSON, LESSON, learner).needs_manual_grade = False
        gradebook.db.commit()
    worksheet = fresh / "downloaded" / "worksheet.csv"
    worksheet.write_text(f"Identifier,Full name,Grade\nParticipant 7,Ada,\n{learner},Me,\n")
    printed = course_command(fresh, next(command for command in commands if "grading.export" in command))
    assert "miller: nothing handed in" in printed
    assert (worksheet.with_name("worksheet-filled.csv")).read_text().splitlines()[2] == f"{learner},Me,6"


def test_postgresql_by_one_setting(fresh, postgresql):
    course = fresh
    (course / "gradebook.db").unlink()
    for student, given in {"right": RIGHT, "wrong": {**RIGHT, "exercise-1": "double = abs"}}.items():
        hand_in(course, student, LESSON, submission(course, LESSON, given))
    printed, status, rows = grade(course, LESSON, "--workers=2", NBGRADER_DB_URL=postgresql)
    assert status == 0, printed
    assert {name: row["score"] for name, row in rows.items()} == {"right": "5", "wrong": "3"}
    nbgrader(course, "export --to=grades.csv", NBGRADER_DB_URL=postgresql)
    with (course / "grades.csv").open(encoding="utf-8") as file:
        exported = {row["student_id"]: (row["score"], row["state"]) for row in csv.DictReader(file)}
    assert exported == dict.fromkeys(["right", "wrong"], ("", "to grade by hand"))
    assert not (course / "gradebook.db").exists(), "nothing went to SQLite"


def test_lesson_01_itself(tmp_path):
    """The real thing, TensorFlow and all: a model solution, and one with two wrong answers."""
    course, lesson = copy_course(tmp_path.resolve()), "01_unscaled_inputs"
    right, wrong = {}, {}
    for exercise, verdict, _, _, code in answers(lesson):
        (right if verdict == "right" else wrong).setdefault(exercise, code)
    hand_in(course, "right", lesson, submission(course, lesson, right))
    hand_in(course, "wrong", lesson, submission(course, lesson, {**wrong, "exercise-1": right["exercise-1"]}))
    printed, status, rows = grade(course, lesson, "--workers=2")
    assert status == 0, printed
    assert "The gradebook does not know 01_unscaled_inputs" in printed
    assert [float(rows["right"][f"check-{n}"]) for n in (1, 2, 3)] == [3, 3, 4], printed
    assert [float(rows["wrong"][f"check-{n}"]) for n in (1, 2, 3)] == [3, 0, 0], printed
    assert [row["needs a look"] for row in rows.values()] == ["", ""]
