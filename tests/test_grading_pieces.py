"""Grading, piece by piece and without a kernel: what is collected, read, looked at, shown and exported."""

import copy
import csv
import io
import json
import os
import subprocess
import sys
import time
import zipfile
from functools import cache
from pathlib import Path, PurePosixPath

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

if sys.platform == "win32":
    pytest.skip("grading is tested on Linux and macOS", allow_module_level=True)
pytest.importorskip("nbgrader", reason="needs nbgrader: the dependency group `grading`")
from nbconvert.exporters import HTMLExporter
from nbgrader.api import Gradebook
from shipped_answers import SOLUTIONS, answers
from traitlets.config import PyFileConfigLoader

import helpers.grading.__main__ as grading
from helpers.grading import collect, export, hub, pages, sandbox
from helpers.grading.sandbox import look_for, with_closing_line

ROOT = SOLUTIONS.parents[1]
LESSONS = sorted(path.name for path in SOLUTIONS.iterdir() if path.is_dir())
LESSON = "01_unscaled_inputs"


@cache
def read_once(lesson):
    return nbformat.read(ROOT / "notebooks" / "exercises" / lesson / f"{lesson}.ipynb", as_version=4)


def handed_out(lesson=LESSON):
    return copy.deepcopy(read_once(lesson))


@cache
def look(lesson):
    return grading.look_for(read_once(lesson))


def answered(name, code, lesson=LESSON):
    notebook = handed_out(lesson)
    for cell in notebook.cells:
        if grading.grade_id(cell) == name:
            cell.source = code
    return notebook


# ---- reading ---------------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["check-1", "exercise-1", "reflection", "x"]) | JSON
TAGS = st.fixed_dictionaries({}, optional={"grade_id": NAMES, "solution": JSON, "points": JSON}) | JSON
CELLS = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw"]) | JSON,
        "source": st.text(st.characters(), max_size=20) | st.lists(st.text(max_size=5), max_size=2) | JSON,
        "metadata": st.fixed_dictionaries({"nbgrader": TAGS}) | JSON,
        "id": JSON,
        "outputs": JSON,
    },
)
NOTEBOOKS = st.fixed_dictionaries(
    {"cells": st.lists(CELLS | JSON, max_size=4) | JSON},
    optional={
        "nbformat": st.sampled_from([2, 3, 4]) | JSON,
        "nbformat_minor": st.integers(0, 5) | JSON,
        "metadata": JSON,
    },
)


SMALL = new_notebook(
    cells=[
        new_code_cell("given = 1"),
        new_code_cell("...", metadata={"nbgrader": {"grade_id": "exercise-1", "solution": True, "grade": False}}),
        new_code_cell("assert given", metadata={"nbgrader": {"grade_id": "check-1", "solution": False, "grade": True}}),
    ]
)


@settings(
    max_examples=int(os.environ.get("COURSE_EXAMPLES", "200")), deadline=None, suppress_health_check=list(HealthCheck)
)
@given(NOTEBOOKS | JSON, st.booleans())
def test_whatever_json_is_handed_in_becomes_a_notebook_that_can_be_graded_or_a_reason(made, plain):
    try:
        submitted = grading.read_submission(json.dumps(made, ensure_ascii=plain).encode("utf-8", "surrogatepass"))
    except grading.NotReadable:
        return
    original = SMALL
    notebook, remarks = grading.prepare(submitted, original)
    nbformat.validate(notebook)
    nbformat.writes(notebook).encode("utf-8")
    assert all(
        isinstance(remark, str)
        for remark in [*remarks, *grading.look_at(notebook, original, grading.look_for(original))]
    )
    checks = {grading.grade_id(cell): cell for cell in notebook.cells}
    for cell in original.cells:
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade"):
            assert checks[grading.grade_id(cell)].source == cell.source


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[" * 10**6, b"1" * 10**5, b'{"cells": [{}]}', b"\x00"])
def test_what_is_no_notebook_is_named(content):
    with pytest.raises(grading.NotReadable):
        grading.read_submission(content)


def test_another_lesson_s_notebook_is_named():
    _, remarks = grading.prepare(handed_out("05_class_imbalance"), handed_out())
    assert "most of the given cells are missing: is it the notebook of another lesson?" in remarks
    assert grading.prepare(handed_out(), handed_out())[1] == []


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Empty folders in the place of the course's."""
    for name in ("submitted", "autograded"):
        (tmp_path / name).mkdir()
    for module in (grading, collect):
        monkeypatch.setattr(module, "SUBMITTED", tmp_path / "submitted")
    monkeypatch.setattr(grading, "AUTOGRADED", tmp_path / "autograded")
    monkeypatch.setattr(grading, "ROOT", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "name", ["..", "a/b", "<img src=x>", "~root", "a*", "a[1]", "m\udcfcller", "", "-x", "a\nb", "a\x1b"]
)
def test_names_that_lead_elsewhere_are_refused(name):
    assert not collect.may_be_a_name(name)


@pytest.mark.parametrize("name", ["miller", "Ada Miller", "1234", "a.b@example.org", "Jose\u0301", "Łukasz", "王"])
def test_people_s_names_are_not(name):
    assert collect.may_be_a_name(name)


def test_the_table_obeys_no_escapes_and_keeps_the_others_rows(course, capsys):
    first = [
        grading.Row("a", look=["\x1b]0;title\x07\x1b[2Jred\nline\u202e"]),
        grading.Row("b", state="nothing handed in"),
    ]
    grading.report(first, LESSON)
    assert "\x1b" not in capsys.readouterr().out
    grading.report([grading.Row("b", state="not graded")], LESSON)
    assert "0 graded, 1 not graded, 0 handed in nothing" in capsys.readouterr().out
    with (course / "autograded" / f"{LESSON}.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["student"], row["state"], row["score"]) for row in rows] == [
        ("a", "graded", "0"),
        ("b", "not graded", ""),
    ]


FAMILY = """import os, time
block = b"x" * (200 * 2**20)
for _ in range({number}):
    if not os.fork():
        break
time.sleep(60)"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere shared memory counts for each process")
@pytest.mark.parametrize(
    ("number", "why"), [(30, "it ran longer than 3 s"), (110, "it started more than 100 processes")]
)
def test_what_forked_processes_share_counts_once(number, why):
    """Each of them shows 200 MB, and there is one block of 200 MB: the reason given is never the memory."""
    process = grading.CONTEXT.Process(target=exec, args=(FAMILY.format(number=number), {}))
    process.start()
    try:
        assert why in grading.watch(process, seconds=3 if number < 100 else 60, memory_gb=2)
    finally:
        process.kill()
    assert not process.is_alive()


# ---- collecting ------------------------------------------------------------------------------------------------------

NOTEBOOK = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}).encode()


@pytest.mark.parametrize(
    ("path", "student", "number", "late"),
    [
        ("Ada Miller_13_assignsubmission_file/homework.ipynb", "Ada Miller", "13", False),
        ("Ada Miller_13_assignsubmission_file_/01_unscaled_inputs (1).ipynb", "Ada Miller", "13", False),
        ("Ada Miller_13_assignsubmission_file_01_unscaled_inputs.ipynb", "Ada Miller", "13", False),
        ("millerada_67890_111_01_unscaled_inputs-1.ipynb", "millerada", "67890", False),
        ("millerada_LATE_67890_111_01_unscaled_inputs-1.ipynb", "millerada", "67890", True),
        ("miller_LATE_12345_Copy of 01_unscaled_inputs (1).ipynb", "miller", "12345", True),
        ("miller_01_unscaled_inputs.ipynb", "miller", None, False),
        ("miller/01_unscaled_inputs.ipynb", "miller", None, False),
    ],
)
def test_whose_a_download_is(path, student, number, late):
    assert collect.whose(PurePosixPath(path), LESSON, LESSONS) == (student, number, late)


@pytest.mark.parametrize(
    "name",
    ["notes.ipynb", "miller_02_data_leakage.ipynb", "01_unscaled_inputs.ipynb", "._miller_01_unscaled_inputs.ipynb"],
)
def test_what_is_nobody_s_is_skipped(name):
    with pytest.raises(ValueError, match=r"\w"):
        collect.whose(PurePosixPath(name), LESSON, LESSONS)


def zipped(members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def test_collecting_loses_nobody_and_writes_nowhere_else(course, monkeypatch):
    link = zipfile.ZipInfo("eve_01_unscaled_inputs.ipynb")
    link.external_attr = 0o120777 << 16
    archive = {
        "Ada Miller_13_assignsubmission_file_/a.ipynb": NOTEBOOK + b" ",
        "Bob_14_assignsubmission_file_/b.zip": zipped({"deep/01_unscaled_inputs.ipynb": NOTEBOOK}),
        "Bob_15_assignsubmission_file_/01_unscaled_inputs.ipynb": NOTEBOOK,
        "../../escape_01_unscaled_inputs.ipynb": NOTEBOOK,
        ".._01_unscaled_inputs.ipynb": NOTEBOOK,
        "wrong_02_data_leakage.ipynb": NOTEBOOK,
        "bomb_01_unscaled_inputs.ipynb": bytes(30 * 2**20),
        "two_01_unscaled_inputs (2).ipynb": NOTEBOOK,
        "two_01_unscaled_inputs (10).ipynb": NOTEBOOK + b"\n",
        link: b"/etc/passwd",
    }
    downloads = course / "downloads"
    downloads.mkdir()
    (downloads / "all.zip").write_bytes(zipped(archive))
    (downloads / "broken.zip").write_bytes(b"PK no zip")
    (downloads / "carl_01_unscaled_inputs.ipynb").symlink_to("/etc/passwd")
    os.mkfifo(downloads / "dora_01_unscaled_inputs.ipynb")
    outside = sorted(path for path in course.rglob("*") if not path.is_relative_to(course / "submitted"))
    found, skipped = collect.gather([downloads], LESSON, LESSONS)
    done = {student: collect.put(student, notebooks, LESSON) for student, notebooks in found.items()}
    assert sorted(found) == ["Ada Miller", "Bob_14", "Bob_15", "escape", "two"]
    assert "2 different files handed in; took two_01_unscaled_inputs (10).ipynb" in done["two"]
    assert len(skipped) == 7, skipped
    assert outside == sorted(path for path in course.rglob("*") if not path.is_relative_to(course / "submitted"))
    assert collect.put("two", found["two"], LESSON) == "as before"
    row = grading.Row("two")
    assert grading.hand_in(row, LESSON, handed_out(), look(LESSON), course / "autograded", force=False)
    assert "2 different files" in row.look[0]


def test_links_that_lead_out_of_what_was_downloaded_are_not_followed(course):
    outside = course / "outside" / "ada"
    outside.mkdir(parents=True)
    (outside / f"{LESSON}.ipynb").write_bytes(NOTEBOOK)
    downloads = course / "downloads"
    downloads.mkdir()
    (downloads / "eve").symlink_to(outside)
    (downloads / "finn").mkdir()
    (downloads / "finn" / f"{LESSON}.ipynb").symlink_to(outside / f"{LESSON}.ipynb")
    (downloads / "gil_01_unscaled_inputs.zip").symlink_to(outside)
    assert collect.gather([downloads], LESSON, LESSONS)[0] == {}
    (course / "submitted" / "eve").symlink_to(outside.parent / "ada")
    (course / "submitted" / "finn").mkdir()
    (course / "submitted" / "finn" / LESSON).symlink_to(outside)
    for student in ("eve", "finn"):
        with pytest.raises(ValueError, match="symbolic link"):
            collect.put(student, [collect.Found(student, NOTEBOOK, "x")], LESSON)
    assert [path.name for path in outside.iterdir()] == [f"{LESSON}.ipynb"]


def test_collecting_from_a_hub_takes_regular_files_and_outlives_odd_ones(course, caplog):
    inbound = course / "inbound" / f"eve+{LESSON}+2027-01-01 12:00:00 UTC+abc"
    inbound.mkdir(parents=True)
    (course / "secret").write_text("secret")
    (inbound / f"{LESSON}.ipynb").symlink_to(course / "secret")
    (inbound / "timestamp.txt").write_text("2027-01-01 12:00:00 UTC")
    (inbound / "more").symlink_to("/etc")
    os.mkfifo(inbound / "pipe.ipynb")
    hub_collect = hub.Collect.__new__(hub.Collect)
    hub_collect.do_copy(inbound, course / "submitted" / "eve" / LESSON)
    collected = {path.name: path.read_text() for path in (course / "submitted" / "eve" / LESSON).iterdir()}
    assert sorted(collected) == [f"{LESSON}.ipynb", "pipe.ipynb", "timestamp.txt"]
    assert "symbolic link" in collected[f"{LESSON}.ipynb"]
    assert "no regular file" in collected["pipe.ipynb"]
    row = grading.Row("eve")
    assert not grading.hand_in(row, LESSON, handed_out(), look(LESSON), course / "autograded", force=False)
    assert row.state == "not graded"
    link = course / "inbound" / f"finn+{LESSON}+2027-01-01 12:00:00 UTC"
    link.symlink_to(inbound)
    hub_collect.do_copy(link, course / "submitted" / "finn" / LESSON)
    assert list((course / "submitted" / "finn" / LESSON).iterdir()) == []
    assert hub_collect._path_to_record(f"/x/eve+{LESSON}+2027-01-01 12:00:00 UTC+abc")["username"] == "eve"
    for name in ("eve", f"eve+{LESSON}+tomorrow", f"..+{LESSON}+2027-01-01 12:00:00 UTC"):
        assert hub_collect._path_to_record(f"/x/{name}")["username"] == ""


def test_folders_of_runs_that_were_killed_are_removed(course, monkeypatch, tmp_path):
    monkeypatch.setattr(grading.tempfile, "gettempdir", lambda: str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    killed, alive = tmp_path / f"{grading.MEETING}{ended.pid}-x", tmp_path / f"{grading.MEETING}{os.getpid()}-x"
    old, new = course / "autograded" / ".prepared-1", course / "autograded" / ".prepared-2"
    for folder in (killed / "kernel-1", alive, old, new):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    (tmp_path / f"{grading.MEETING}{ended.pid}-link").symlink_to(new)
    grading.remove_left_over(course / "autograded")
    assert [folder.exists() for folder in (killed, alive, old, new)] == [False, True, False, True]


def test_what_the_sandbox_cannot_compile_is_compiled_before(tmp_path, monkeypatch):
    (tmp_path / "slow_package").mkdir()
    (tmp_path / "slow_package" / "__init__.py").write_text("from slow_package import inner")
    (tmp_path / "slow_package" / "inner.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    grading.compile_once("slow_package")
    assert len(list((tmp_path / "slow_package" / "__pycache__").glob("*.pyc"))) == 2
    grading.compile_once("no_such_package_at_all")


# ---- the sandbox -----------------------------------------------------------------------------------------------------

NO_SANDBOX = sandbox.why_no_sandbox()


@pytest.mark.skipif(NO_SANDBOX is not None, reason=f"needs a sandbox: {NO_SANDBOX}")
def test_the_exchange_is_not_visible_in_the_sandbox(tmp_path, monkeypatch):
    """Not even where it lies in a folder that the sandbox shows, as nbgrader's default does."""
    system, work, connection = (tmp_path / name for name in ("system", "work", "connection"))
    exchange = system / "nbgrader" / "exchange"
    for folder in (exchange / "course" / "inbound", system / "other", work, connection):
        folder.mkdir(parents=True)
    monkeypatch.setattr(sandbox, "SYSTEM", [*sandbox.SYSTEM, str(system)])

    def seen():
        look = f"import os; print([(folder, names) for folder, names, _ in os.walk({str(system)!r})])"
        command = [*sandbox.sandbox_command(work, connection), sys.executable, "-c", look]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert "inbound" in seen(), "the test sees what there is to see"
    monkeypatch.setattr(sandbox.Exchange.root, "default_value", str(exchange))
    assert "inbound" not in seen()
    assert "other" in seen()


# ---- looking ---------------------------------------------------------------------------------------------------------

CHEATS = {
    "a string that equals all": "class Yes(str):\n    def __eq__(self, other):\n        return True",
    "a class made at run time": "Yes = type('Yes', (str,), {'__eq__': lambda a, b: True, '__hash__': str.__hash__})",
    "the caller's frame": "import sys\ndef prepare(*_):\n    return sys._getframe(1).f_locals",
    "frames by inspect": "def prepare(*_):\n    import inspect\n    return inspect.currentframe().f_back.f_locals",
    "an exception's frame": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    f = e.__traceback__.tb_frame",
    "a generator's frame": "f = (i for i in [1]).gi_frame",
    "objects in memory": "from gc import get_objects",
    "check redefined": "from contextlib import nullcontext\ncheck = nullcontext",
    "check as a function": "def check(name): ...",
    "check by global": "def prepare(*_):\n    global check\n    check = None",
    "check deleted": "del check",
    "check in a loop": "for check in [1]:\n    pass",
    "check by walrus": "[check := 1 for _ in range(2)]",
    "check by import": "from contextlib import suppress as check",
    "a function of a module": "np.allclose = lambda *a, **k: True",
    "a module by another name": "m = np\nm.allclose = lambda *a, **k: True",
    "a module's inside": "np.testing.x.y = 1",
    "setattr": "setattr(np, 'allclose', lambda *a, **k: True)",
    "a module's dictionary": "np.__dict__['allclose'] = print",
    "globals": "globals()['check'] = None",
    "builtins": "import builtins\nbuiltins.abs = lambda x: 0",
    "the shell": "get_ipython().user_ns['check'] = None",
    "a magic": "%run other.py",
    "a command": "!cat /etc/passwd",
    "exec": "exec('x = 1')",
    "__globals__": "check.__wrapped__.__globals__['print'] = None",
    "getattr with a word": "getattr(check, '__globals__')",
    "mock": "from unittest import mock\nmock.patch('numpy.allclose').start()",
    "print": "print = lambda *a: None",
    "a file": "open('/proc/self/environ').read()",
    "everything of a module": "from numpy import *",
    "a given function": "is_in_scale = lambda x: True",
    "a given name": "SEED = 1",
    "a very long cell": "x = 1\n" * 50_000,
    "a name made at run time": "getattr(np, 'all' + 'close')",
    "getattr by another name": "g = getattr",
    "a module as an argument": "def swap(m):\n    m.allclose = print\nswap(np)",
    "a module in a list": "[np][0].allclose = print",
    "update_wrapper": "import functools\nfunctools.update_wrapper(np, own, ['allclose'], [])",
    "an attribute in a pattern": "match check:\n    case object(__globals__=g):\n        pass",
    "a module within a module": "import matplotlib.pyplot as plt\nplt.sys",
    "a module by six": "from six.moves import builtins",
    "another thread": "from concurrent.futures import ThreadPoolExecutor",
    "what was typed": "text = In[-1]",
    "what was typed, otherwise": "_ih[0], _i1",
    "the notebook's file": "text = next(Path('.').glob('*.ipynb'))",
    "a file by numpy": "np.fromfile('01_unscaled_inputs.ipynb', 'u1')",
    "a file by pandas": "import pandas as pd\npd.read_csv('/proc/self/maps')",
    "linecache": "import linecache",
    "the text of the last cell": "import inspect\ninspect.getsource(check)",
    "private parts": "np._core.numeric",
    "a kind of float": "class One(float):\n    pass",
    "a class from parts": "One = type('One', (float,), {'__e' + 'q__': lambda a, b: True})",
    "format": "'{0.__globals__}'.format(check)",
    "a decorated property": "class A:\n    @property\n    def __class__(self):\n        return float",
    "awaited": "import asyncio\nawait asyncio.sleep(0)",
    "an object's own setter": "object.__setattr__(np, 'allclose', print)",
    "sys.modules": "import sys\nsys.modules['numpy'] = None",
    "the grading's own code": "from helpers import grading",
    "at the end": "import atexit",
}


@pytest.mark.parametrize("what", CHEATS)
def test_cheats_need_a_look(what):
    assert look(LESSON).at(CHEATS[what]), "nothing was said"


@pytest.mark.parametrize("lesson", LESSONS)
def test_honest_answers_do_not(lesson):
    for answer in answers(lesson):
        assert look(lesson).at(answer.code) == [], answer.thought


@pytest.mark.parametrize("code", ["def f(:", "(" * 10_000, "-" * 10_000 + "1", "\x00"])
def test_a_look_at_what_is_no_code_ends(code):
    assert look(LESSON).at(code) == ["cannot be parsed"]


USUAL = {
    "modules": "import math, time\nfrom collections import Counter\nfrom sklearn.preprocessing import StandardScaler",
    "a model": "model = keras.Sequential()\nmodel.layers[0].trainable = False\nmodel.optimizer.learning_rate = 1",
    "a fitted value": "linear.coef_ *= 2",
    "a callback": "class S(Callback):\n    def on_epoch_end(self, *_):\n        self.model.stop_training = 1",
    "a table": "import pandas as pd\nt = pd.DataFrame({'a': [1]})\nt.columns = ['b']\nt['c'] = 2\nt.loc[0, 'b'] = 3",
    "a class": "class A(layers.Layer):\n    def __init__(self):\n        super().__init__()\n        self._kept = 1",
    "a name in a string": "getattr(keras.losses, 'mse')\nprint('the os, the modules and __init__')",
    "a form feed": "x = 1\x0c",
    "in place": "def f(x):\n    x[:, 0] -= x.mean()\n    return x",
}


@pytest.mark.parametrize("what", USUAL)
def test_usual_code_does_not_either(what):
    assert look(LESSON).at(USUAL[what]) == []


# What follows is not found by the look, and by the witness, which looks while the notebook runs.
BY_OTHER_WAYS = {
    "data emptied": ("PATIENTS.clear()", "PATIENTS"),
    "data overwritten": ("X[:] = 0", "X"),
    "data in a table": ("TABLE.loc[0, 'a'] = 7", "TABLE"),
    "a name by the parts of a word": ("eval('glo' + 'bals()')['given_number'] = lambda *a: 1", "given_number"),
    "a name by exec": ("exec('SEED = 3')", "SEED"),
    "a name gone": ("del given_number", "given_number"),
    "a module replaced": ("import math as np", "np"),
    "a function of a module": ("def swap(m):\n    m.allclose = lambda *a, **k: True\nswap(np)", "numpy.allclose"),
    "a function that another calls": ("np._core.numeric.isclose = lambda *a, **k: True", "numpy._core.numeric.isclose"),
    "a function of the course": ("from helpers import exercises as e\ne.number = abs", "helpers.exercises.number"),
    "a builtin": ("import builtins\nbuiltins.abs = lambda x: 0", "builtins.abs"),
    "a builtin's name": ("sorted = list", "sorted"),
    "a builtin's name in the course": ("check.__wrapped__.__globals__['print'] = id", "helpers.exercises.print"),
    "a function's code": ("given_number.__code__ = (lambda *a: 1).__code__", "given_number"),
    "the code inside check": ("def own(n):\n    yield\ncheck.__wrapped__.__code__ = own.__code__", "check"),
    "a method of a given class": ("Given.value = lambda self: 1", "Given"),
    "a method of a class of the course": ("type(check('x')).__exit__ = lambda *a: True", "contextlib"),
    "sys.modules": ("import sys\nsys.modules['numpy'].sqrt = abs", "numpy.sqrt"),
    "nothing, by an honest answer": (
        "def answer(x):\n    return np.sqrt(x)\nanswer(X)\nrng.normal()\nnotes.append(1)",
        "",
    ),
}
KERNEL = """import builtins, json, os, sys
text, course, given, names, cheats = json.load(sys.stdin)
for what, (cheat, _) in cheats.items():
    if not os.fork():
        made, notebook = {"__builtins__": dict(vars(builtins)), "__name__": "witness"}, {"__name__": "__main__"}
        exec(text, made)
        witness = made["Witness"](notebook, vars(builtins), course)
        sys.path.insert(0, course)
        exec(given, notebook)
        witness.remember(names)
        exec(cheat, notebook)
        witness.tell(what + " ::")
        os._exit(0)
    os.wait()
"""
GIVEN = """import numpy as np
import pandas as pd
from helpers.exercises import check
SEED, PATIENTS, notes = 1, {"A": np.arange(3)}, []
rng = np.random.default_rng(0)
X, TABLE = np.ones((2, 2)), pd.DataFrame({"a": [1, 2]})
def given_number(x):
    return float(x)
class Given:
    def value(self):
        return 0
"""


@cache
def witnessed():
    text = Path(sandbox.__file__).with_name("witness.py").read_text(encoding="utf-8")
    names = ["np", "pd", "check", "SEED", "PATIENTS", "notes", "rng", "X", "TABLE", "given_number", "Given"]
    given = json.dumps([text, str(ROOT), GIVEN, names, BY_OTHER_WAYS])
    done = subprocess.run([sys.executable, "-c", KERNEL], input=given, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = [line.partition(" ::") for line in done.stdout.splitlines() if " ::" in line]
    return {what: json.loads(found) for what, _, found in lines}


@pytest.mark.parametrize("what", BY_OTHER_WAYS)
def test_whatever_way_a_given_thing_was_changed_the_witness_says_so(what):
    expected = BY_OTHER_WAYS[what][1]
    found = witnessed()[what]
    assert any(expected in each for each in found) if expected else found == []


def test_what_cannot_be_seen():
    """As the guide says. If one of these is found one day, the guide can say less."""
    remembers = "def predict_new(train, X, y, X_new, seen=dict(zip(map(bytes, people), score))):\n    return seen"
    reads = "def predict_new(train, X, y, X_new):\n    return train(X, y).calls"
    assert [look(LESSON).at(code) for code in (remembers, reads)] == [[], []]


def test_only_the_learner_s_cells_are_looked_at():
    assert grading.look_at(handed_out(), handed_out(), look(LESSON)) == []
    notebook = answered("exercise-2", "import gc")
    notebook.cells.append(new_code_cell("check = None"))
    found = grading.look_at(notebook, handed_out(), look(LESSON))
    assert found == ["exercise-2 imports gc", "an added cell rebinds check"]


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_check_gets_a_closing_line_inside_its_block(lesson):
    solution = nbformat.read(SOLUTIONS / lesson / f"{lesson}.ipynb", as_version=4)
    checks = [
        cell for cell in solution.cells if cell.cell_type == "code" and (grading.grade_id(cell) or "")[:5] == "check"
    ]
    assert len(checks) == 3
    for cell in checks:
        line = next(line for line in with_closing_line(cell, "s3cret").split("\n") if "s3cret" in line)
        assert line == "    print('s3cret')"


def test_the_closing_line_is_seen_only_after_every_assertion():
    source = "with check('Exercise 1'):\n    assert double(2) == 4\n    assert double(3) == 6"
    cell = new_code_cell(source, metadata={"nbgrader": {"grade": True}})
    assert with_closing_line(cell, "abc").endswith("== 6\n    print('abc')")
    cell.outputs = [new_output("stream", text="abc\nExercise 1: right.\n")]
    look_for("abc", cell)
    assert [output.text for output in cell.outputs] == ["Exercise 1: right.\n"]
    look_for("abc", cell)
    assert cell.outputs[-1].ename == "CheckNotFinished"


def test_which_names_a_notebook_gives():
    code = "for cost in (1, 2):\n    best = cost\ndef f():\n    inner = 1"
    given, answer = ({"nbgrader": {"grade_id": "x", "solution": solution}} for solution in (False, True))
    assert sandbox.given_names(new_code_cell(code, metadata=given)) == ["best", "cost", "f"]
    assert sandbox.given_names(new_code_cell(code, metadata={**answer, sandbox.GIVEN: True})) == []
    assert sandbox.given_names(new_code_cell(code)) == [], "a cell that the learner added"
    prepared, _ = grading.prepare(handed_out(), handed_out())
    assert "plt" in sandbox.given_names(next(cell for cell in prepared.cells if "import matplotlib" in cell.source))
    forged = copy.deepcopy(SMALL)
    forged.cells.append(new_code_cell("check = None", metadata={sandbox.GIVEN: True}))
    prepared, _ = grading.prepare(grading.read_submission(nbformat.writes(forged).encode()), SMALL)
    assert sandbox.GIVEN not in prepared.cells[-1].metadata


def test_what_the_witness_found_reaches_the_report():
    cell = new_code_cell("", outputs=[new_output("stream", text="Exercise 1: right.\n")])
    sandbox.tell(cell, [])
    assert grading.told(cell) == []
    sandbox.tell(cell, list("abcdefg"))
    assert grading.told(cell) == ["changed when it was checked: a, b, c, d, e and 2 more"]
    assert grading.judge(cell, 1, 1) is None


def test_outputs_are_cut_and_an_error_stays():
    error = new_output("error", ename="E", evalue="x" * 10**6, traceback=["y" * 10**6] * 1000)
    cell = new_code_cell("", outputs=[*[new_output("stream", text="x" * 10**6)] * 9, error])
    sandbox.cut(cell)
    assert [output.output_type for output in cell.outputs] == ["stream"] * 5 + ["error", "stream"]
    assert "cut" in cell.outputs[-1].text
    assert len(nbformat.writes(new_notebook(cells=[cell]))) < 7 * 10**6


# ---- showing and exporting -------------------------------------------------------------------------------------------

PAYLOADS = [
    "<script>steal()</script>",
    "<img src=x onerror=steal()>",
    "[x](javascript:steal())",
    "<a href=' javascript:steal()'>x</a>",
    "<a href='data:text/html,<script>steal()</script>'>x</a>",
    "<svg onload=steal()><script>steal()</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=steal()>",
    "<div style='position:fixed;inset:0'>x</div><style>body{display:none}</style>",
    "<form action=/api><input name=x autofocus onfocus=steal()><button>x</button></form>",
    "<iframe srcdoc='<script>steal()</script>'></iframe><object data=x></object><embed src=x><base href=//x>",
    "<meta http-equiv=refresh content='0;url=javascript:steal()'><link rel=stylesheet href=//x>",
    "$\\href{javascript:steal()}{x}$ </div></div><div class='tex2jax_process'>$\\href{javascript:steal()}{x}$",
    "<noscript><p title='</noscript><img src=x onerror=steal()>'>",
    "<div><div>" * 3000,
]
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8BQDwAEgAF/pooBPQAAAABJRU5ErkJggg=="
TABLE = '<table border="1" class="dataframe"><tbody><tr><th>loss</th><td>0.25</td></tr></tbody></table>'


def page():
    """What a notebook with every payload, in every place that can hold it, becomes by the course's settings."""
    config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
    config.HTMLExporter.template_name = "classic"
    cells = [new_markdown_cell(f"> kept `a<b`\n\n{payload}") for payload in PAYLOADS]
    cells += [new_raw_cell(payload) for payload in PAYLOADS]
    kinds = (
        "text/html",
        "text/markdown",
        "text/latex",
        "image/svg+xml",
        "application/javascript",
        "text/plain",
        "image/png",
    )
    for payload in PAYLOADS:
        outputs = [
            new_output("display_data", data={kind: payload}, metadata={kind: {"width": payload}}) for kind in kinds
        ]
        outputs += [
            new_output("stream", text=payload),
            new_output("error", ename=payload, evalue=payload, traceback=[payload]),
        ]
        cells.append(new_code_cell(payload, outputs=outputs))
    shown = [{"image/png": PIXEL, "text/plain": "a figure"}, {"text/html": TABLE}]
    cells.append(new_code_cell("show()", outputs=[new_output("display_data", data=data) for data in shown]))
    notebook = new_notebook(cells=cells)
    notebook.metadata["widgets"] = {
        "application/vnd.jupyter.widget-state+json": {"state": {"x": "</script><script>steal()"}}
    }
    return HTMLExporter(config=config).from_notebook_node(notebook)[0]


def test_pages_hold_nothing_that_runs_and_keep_figures_and_tables():
    from bs4 import BeautifulSoup

    html = page()
    assert PIXEL in html
    soup = BeautifulSoup(html, "html.parser").body
    assert soup.find("td", string="0.25")
    assert soup.find("code", string="a<b").find_parent("blockquote")
    for tag in (
        "script",
        "style",
        "svg",
        "form",
        "input",
        "button",
        "iframe",
        "object",
        "embed",
        "base",
        "meta",
        "link",
        "math",
    ):
        assert not soup.find(tag), tag
    for element in soup.find_all(True):
        for name, value in element.attrs.items():
            assert not name.startswith("on"), element
            assert name != "style", element
            assert not (
                name in ("href", "src", "action") and str(value).strip().startswith(("javascript", "data:text"))
            ), element
            assert "tex2jax_process" not in value, element


@pytest.mark.parametrize(
    ("source", "typeset"),
    [
        ("$x^2$ and $$\\frac{a}{b} \\rightarrow \\hat y$$", True),
        ("$\\href{javascript:x}{x}$", False),
        ("<p>$\\&#104;ref{javascript:x}{x}$</p>", False),
        ("<p>$\\hr<b></b>ef{javascript:x}{x}$</p>", False),
        ("$\\newcommand{\\x}{y}$", False),
        ("$\\rule{90em}{90em}$", False),
    ],
)
def test_formulas_are_left_to_mathjax_unless_they_could_do_more(source, typeset):
    assert ("mathjax_ignore" not in pages.markdown(source)) == typeset


LONG = [
    "<b>" * 10**6,
    "<!--" * 10**5,
    "<a><p>" * 10**5,
    "[" * 10**6,
    "*a " * 10**5,
    "`a" * 10**5,
    "> " * 10**4,
    "&lt;" * 10**5,
]


@pytest.mark.parametrize("source", LONG, ids=lambda source: source[:4])
def test_no_text_keeps_a_page_from_being_made(source):
    """These would take from minutes to hours, and `generate_feedback` makes the pages of a whole class."""
    start = time.process_time()
    outputs = [new_output("display_data", data={"text/html": source}) for _ in range(20)]
    outputs += [new_output("display_data", data={"text/html": source[:4000]}) for _ in range(200)]
    cells = [new_markdown_cell(source), *(new_markdown_cell(source[:40_000]) for _ in range(200))]
    notebook, _ = pages.SafeOutputs().preprocess(new_notebook(cells=[*cells, new_code_cell("", outputs=outputs)]), {})
    for cell in notebook.cells[:8]:
        assert pages.markdown(cell.source)
    kept = [cell.source for cell in notebook.cells if cell.source != pages.TOO_LONG]
    assert sum(map(len, kept)) <= pages.TEXT_OF_A_PAGE
    assert time.process_time() - start < 30


def test_the_absent_and_the_unread_have_no_score(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)  # nbgrader calls alembic
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        gradebook.add_assignment(LESSON, duedate="2027-01-01")
        gradebook.add_notebook(LESSON, LESSON)
        gradebook.add_grade_cell("check-1", LESSON, LESSON, max_score=3, cell_type="code")
        for student in ("graded", "unread", "absent"):
            gradebook.add_student(student, last_name='=1+1,"x"')
        for student in ("graded", "unread"):
            gradebook.add_submission(LESSON, student, timestamp="2027-01-02 12:00")
        gradebook.find_grade("check-1", LESSON, LESSON, "graded").auto_score = 2
        gradebook.find_grade("check-1", LESSON, LESSON, "graded").needs_manual_grade = False
        gradebook.db.commit()
        export.Grades(to=str(tmp_path / "grades.csv")).export(gradebook)
    with (tmp_path / "grades.csv").open(newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {name: row["score"] for name, row in rows.items()} == {"graded": "2.0", "unread": "", "absent": ""}
    assert {row["state"] for row in rows.values()} == {"graded", "not graded", "nothing handed in"}
    assert rows["graded"]["days_late"] == "2", "a day begun counts"
    assert rows["graded"]["last_name"] == '\'=1+1,"x"'


def test_a_platform_s_file_is_filled_in_the_right_rows_only():
    table = [
        ["Identifier", "Email address", "Grade"],
        ["Participant 7", "A@x.org", ""],
        ["Participant 17", "b@x.org", "9"],
    ]
    place = export.column_of(table[0], LESSON, None)
    assert export.fill(table, place, {"7", "nobody@x.org"}, "5")
    assert not export.fill(table, place, {"9"}, "1"), "a grade is no name"
    assert export.fill([["ID", "L"], ["7"]], 1, {"7"}, "5")
    assert [row[2] for row in table[1:]] == ["5", "9"]
    with pytest.raises(ValueError, match="0 columns begin with"):
        export.column_of(["Student", "ID"], LESSON, None)
