"""Grading a class, end to end with nbgrader: every kind of submission, the sandbox, PostgreSQL, the guide's commands.

A small assignment without TensorFlow stands in for a lesson where a whole class of odd submissions is graded. Lesson 01
itself is graded for one right and one wrong submission.
"""

import csv
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

pytest.importorskip("nbgrader", reason="needs nbgrader: the dependency group `grading`")
from benchmark_grading import answers, copy_course, grade, hand_in, submission

from helpers.sandbox import why_no_sandbox

NO_SANDBOX = why_no_sandbox()
needs_sandbox = pytest.mark.skipif(NO_SANDBOX is not None, reason=f"needs a sandbox: {NO_SANDBOX}")

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
    """A copy of the course in which the assignment `tiny` has been handed out. A cell may take 4 s."""
    course = copy_course(folder)
    with (course / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write("c.Execute.timeout = 4\n")
    (course / "notebooks" / "solutions" / "tiny").mkdir()
    nbformat.write(tiny_assignment(), course / "notebooks" / "solutions" / "tiny" / "tiny.ipynb")
    nbgrader(course, "generate_assignment", "tiny")
    return course


def nbgrader(course, *arguments, **environment):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(
        command, cwd=course, env={**os.environ, "PATH": path, **environment}, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


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
        notebook = submission(course, "tiny", {**RIGHT, **given})
        text = change(notebook) if change else None
        path = hand_in(course, student, "tiny", notebook)
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
        notebook.cells.insert(3, named(notebook, "check-1").copy())

    def untagged(notebook):
        for cell in notebook.cells:
            cell.metadata.clear()

    def no_imports(notebook):
        del notebook.cells[0]

    expected = {}
    by("right", {}, 2, 3)
    by("otherwise", {"exercise-1": "double = lambda x: x + x", "exercise-2": "square = np.square"}, 2, 3)
    by("1234", {}, 2, 3)
    by("wrong", {"exercise-2": "def square(x):\n    return 4"}, 2, 0)
    untouched = {name: named(submission(course, "tiny", {}), name).source for name in RIGHT}
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
    (course / "submitted" / "nobody").mkdir()
    return expected


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return make_course(tmp_path_factory.mktemp("course").resolve())


@pytest.fixture(scope="module")
def graded(course):
    expected = odd_class(course)
    before = {path: path.read_bytes() for path in (course / "submitted").rglob("*.ipynb")}
    printed, status, rows = grade(course, "tiny", "--memory=2", "--workers=2")
    assert before == {path: path.read_bytes() for path in (course / "submitted").rglob("*.ipynb")}, (
        "handed in: as it was"
    )
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
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{course}/gradebook.db", "why-wont-it-learn") as gradebook:
            gradebook.find_grade("reflection", "tiny", "tiny", "right").manual_score = 1
            gradebook.db.commit()
        _, _, rows = grade(course, "tiny", "--student", "right", "wrong")
        assert {name: row["seconds"] for name, row in rows.items()} == {"right": "0.0", "wrong": "0.0"}
        _, _, rows = grade(course, "tiny", "--student", "right", "--force")
        assert float(rows["right"]["seconds"]) > 0
        assert rows["right"]["score"] == "6"

    def test_export_and_feedback_follow(self, course, graded):
        nbgrader(course, "export")
        with (course / "grades.csv").open(encoding="utf-8") as file:
            exported = {row["student_id"]: row["score"] for row in csv.DictReader(file) if row["assignment"] == "tiny"}
        assert float(exported["otherwise"]) == 5
        assert float(exported["text"]) == 0
        nbgrader(course, "generate_feedback", "tiny", "--student=wrong")
        assert "of 10 it is 100" in (course / "feedback" / "wrong" / "tiny" / "tiny.html").read_text(encoding="utf-8")


def test_plain_nbgrader_grades_what_is_well_formed_too(course, graded):
    """As a click in Formgrader does: a kernel that dies costs one exercise there as well."""
    nbgrader(course, "autograde", "tiny", "--student=crash", "--force")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["none"], "there are no exercises 'none', only: 01_unscaled_inputs"),
        (["tiny", "--student", "nobody_at_all"], "no folder in"),
        (["../tiny"], "there are no exercises"),
    ],
)
def test_errors_are_clear(course, options, reason):
    printed, status, _ = grade(course, *options)
    assert status == 2
    assert reason in printed
    assert "Traceback" not in printed


@needs_sandbox
def test_in_the_sandbox_an_answer_reaches_nothing(tmp_path):
    """It tries to write into the course, to call out, and to read what is not its own; it finds all of it closed."""
    course = make_course(tmp_path.resolve())
    secrets = ["submitted/other/tiny/tiny.ipynb", "notebooks/solutions/tiny/tiny.ipynb", "gradebook.db"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        spy = f"""def double(x):
    import os, socket, subprocess
    course, found = Path({str(course)!r}), []
    for name in {[*secrets, "autograded/spy/tiny/tiny.ipynb"]!r}:
        try:
            found.append(course.joinpath(name).read_text(errors="replace"))
        except OSError:
            pass
    for name in ("helpers/exercises.py", "nbgrader_config.py", "submitted/note", "data/note"):
        try:
            course.joinpath(name).write_text("mine")
            found.append("wrote " + name)
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
        hand_in(course, "spy", "tiny", submission(course, "tiny", {**RIGHT, "exercise-1": spy}))
        hand_in(course, "other", "tiny", submission(course, "tiny", RIGHT))
        before = {path: path.read_bytes() for path in (course / "helpers").rglob("*.py")}
        database = f"sqlite:///{course}/gradebook.db"
        _, _, rows = grade(course, "tiny", "--sandbox", NBGRADER_DB_URL=database, SECRET_TOKEN="mine")
        assert {name: row["score"] for name, row in rows.items()} == {"spy": "5", "other": "5"}, rows
        assert before == {path: path.read_bytes() for path in (course / "helpers").rglob("*.py")}
        # The same answer without the sandbox finds a good deal. Without this, the test above could pass for nothing.
        _, _, rows = grade(course, "tiny", "--no-sandbox", "--force", "--student", "spy", SECRET_TOKEN="mine")
        assert rows["spy"]["check-1"] == "0"


def test_where_there_is_no_sandbox_the_command_says_so(course, tmp_path):
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2; exit 1\n")
    (tmp_path / "bwrap").chmod(0o755)
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    printed, status, _ = grade(course, "tiny", "--sandbox", PATH=path)
    assert status == 2
    assert "--sandbox is not possible: bubblewrap" in printed
    printed, _, _ = grade(course, "tiny", "--student", "nobody", PATH=path)
    assert "WARNING: submissions run WITHOUT a sandbox" in printed


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
        subprocess.run([*as_nobody, initdb, "-D", data, "-U", "course", "--auth=trust"], **run)
        options = f"-c listen_addresses= -c unix_socket_directories={folder}"
        subprocess.run([*as_nobody, pg_ctl, "-D", data, "-l", f"{folder}/log", "-w", "-o", options, "start"], **run)
        try:
            yield f"postgresql://course@/postgres?host={folder}"
        finally:
            subprocess.run([*as_nobody, pg_ctl, "-D", data, "-w", "-m", "immediate", "stop"], **run)


def test_postgresql_by_one_setting(tmp_path, postgresql):
    course = make_course(tmp_path.resolve())
    (course / "gradebook.db").unlink()
    for student, given in {"right": RIGHT, "wrong": {**RIGHT, "exercise-1": "double = abs"}}.items():
        hand_in(course, student, "tiny", submission(course, "tiny", given))
    printed, status, rows = grade(course, "tiny", "--workers=2", NBGRADER_DB_URL=postgresql)
    assert status == 0, printed
    assert {name: row["score"] for name, row in rows.items()} == {"right": "5", "wrong": "3"}
    nbgrader(course, "export", "--to=grades.csv", NBGRADER_DB_URL=postgresql)
    with (course / "grades.csv").open(encoding="utf-8") as file:
        assert {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)} == {"right": 5, "wrong": 3}
    assert not (course / "gradebook.db").exists(), "nothing went to SQLite"


def test_lesson_01_itself(tmp_path):
    """The real thing, TensorFlow and all: a model solution, and one with two wrong answers."""
    course, lesson = copy_course(tmp_path.resolve()), "01_unscaled_inputs"
    right, wrong = {}, {}
    for exercise, verdict, code in answers(lesson):
        (right if verdict == "right" else wrong).setdefault(exercise, code)
    hand_in(course, "right", lesson, submission(course, lesson, right))
    hand_in(course, "wrong", lesson, submission(course, lesson, {**wrong, "exercise-1": right["exercise-1"]}))
    printed, status, rows = grade(course, lesson, "--workers=2")
    assert status == 0, printed
    assert "The gradebook does not know 01_unscaled_inputs" in printed
    assert [float(rows["right"][f"check-{n}"]) for n in (1, 2, 3)] == [3, 3, 4], printed
    assert [float(rows["wrong"][f"check-{n}"]) for n in (1, 2, 3)] == [3, 0, 0], printed
    assert [row["needs a look"] for row in rows.values()] == ["", ""]
