"""The study counts claims rightly, goes on where it stopped, and outlives its workers."""

import importlib.util
import json
import sys
from pathlib import Path

import nbformat
import pytest
import robustness
from distributed import Client, LocalCluster

OFFSET = "import os\noffset = int(os.environ['COURSE_SEED_OFFSET'])"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """The folder of a course without lessons, whose helpers have one constant."""
    for name in ("notebooks", "helpers", "data"):
        (tmp_path / name).mkdir()
    (tmp_path / "helpers" / "__init__.py").write_text("ANSWER = 42\n")
    return tmp_path


def write_lesson(course: Path, *sources: str, name: str = "01_lesson.ipynb") -> None:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), course / "notebooks" / name)


def records(course: Path) -> list[dict]:
    lines = (course / ".robustness" / "results.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def outcomes(source: str) -> tuple[list[str], dict[int, bool]]:
    """The sentences of a cell's claims, and which held, by running it here."""
    changed, claims = robustness.record_asserts(source)
    held: dict[int, bool] = {}

    def claim(number: int, value: object, error: Exception | None = None) -> None:
        held[number] = bool(value) and held.get(number, True)

    exec(changed, {"__claim__": claim})
    return claims, held


def test_asserts_are_counted_also_after_a_failed_one_and_in_blocks():
    claims, held = outcomes(
        "assert False, 'Fails.'\n"
        "assert (n := 3) == 3, f'n is {n}'\n"
        "for i in range(n):\n    assert i < 2, 'In ' 'a loop.'\n"
        "if n == 3:\n    assert n\n"
        "assert 1 / 0, 'Raises.'\n"
        "assert n == 3\n"
    )
    assert claims == ["Fails.", "f'n is {n}'", "In a loop.", "n", "Raises.", "n == 3"]
    assert held == {0: False, 1: True, 2: False, 3: True, 4: False, 5: True}


@pytest.mark.parametrize(
    "source",
    [
        "x = 1;  # no claim",
        "%%bash\nassert",
        "def f(:",
        "def f():\n    assert 0",
        "try:\n    assert 0\nexcept AssertionError: 0",
    ],
)
def test_cells_without_claims_stay_as_they_are(source):
    assert robustness.record_asserts(source) == (source, [])


def test_claims_beside_magics_are_counted():
    changed, claims = robustness.record_asserts("%matplotlib inline\nassert x, 'Drawn.'")
    assert claims == ["Drawn."]
    assert "run_line_magic('matplotlib', 'inline')" in changed


def test_study_is_counted_and_resumed(course, capsys):
    write_lesson(
        course,
        OFFSET,
        "assert offset != 2000, 'Fails at 2000.'\nassert offset == 2000 or offset == 1000, 'After it.'",
        "from helpers import ANSWER\nfor i in range(3):\n    assert ANSWER == 42 and i + offset < 2002, 'Loop.'",
        "if offset == 2000:\n    raise ValueError('broken')",
        "assert True, 'Last.'",
    )
    study = ["--offsets", "2", "--workers", "1", "--timeout", "60"]
    assert robustness.main(study, root=course) == 1
    first, second = records(course)
    assert first["status"] == "finished"
    assert [claim["outcome"] for claim in first["claims"]] == ["held"] * 4
    assert (second["status"], second["error"]) == ("errored", "ValueError: broken")
    assert [claim["outcome"] for claim in second["claims"]] == ["failed", "held", "failed", "not reached"]
    printed = capsys.readouterr().out
    assert "| 01_lesson.ipynb | Fails at 2000. | 1 of 2 |" in printed
    assert "| 01_lesson.ipynb | After it. | 2 of 2 |" in printed
    assert "“Loop.”: failed at offset 2000" in printed
    assert "2 runs: 1 finished, 1 errored, 0 lost" in printed

    # Killed while it wrote: only the run that failed, and the one whose line is cut short, are executed again.
    results = course / ".robustness" / "results.jsonl"
    whole = results.read_text(encoding="utf-8")
    results.write_text(whole + whole[:40], encoding="utf-8")
    assert robustness.main(study, root=course) == 1
    lines = results.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 4
    assert json.loads(lines[3])["offset"] == 2000


def test_finished_runs_are_repeated_only_if_the_code_changes(course, monkeypatch, capsys):
    executed = []

    def execute_runs(client, plan, runs):
        for run in runs:
            executed.append(run.offset)
            yield robustness.make_record(run, "finished", outcomes=['[0, "held", null]'])

    monkeypatch.setattr(robustness, "execute_runs", execute_runs)
    monkeypatch.setattr(robustness, "connect", lambda scheduler, workers: robustness.suppress())

    write_lesson(course, "assert 1, 'One.'")
    assert robustness.main(["--offsets", "2"], root=course) == 0
    assert robustness.main(["--offsets", "3"], root=course) == 0
    assert executed == [1000, 2000, 3000]
    write_lesson(course, "assert 2, 'One.'")
    assert robustness.main(["--offsets", "1"], root=course) == 0
    (course / "helpers" / "__init__.py").write_text("ANSWER = 43\n")
    assert robustness.main(["--offsets", "1"], root=course) == 0
    assert executed == [1000, 2000, 3000, 1000, 1000]
    assert "| 01_lesson.ipynb | One. | 1 of 1 |" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform == "win32", reason="the kernel's parent is a launcher, and there is no SIGKILL")
def test_worker_that_dies_costs_its_run_only(course, capsys):
    write_lesson(
        course,
        OFFSET,
        "import signal, time\nif offset == 1000:\n    os.kill(os.getppid(), signal.SIGKILL)\n    time.sleep(60)",
        "assert offset, 'Reached.'",
    )
    assert robustness.main(["--offsets", "3", "--workers", "1"], root=course) == 1
    assert {record["offset"]: record["status"] for record in records(course)} == {
        1000: "lost",
        2000: "finished",
        3000: "finished",
    }
    assert "3 runs: 2 finished, 0 errored, 1 lost" in capsys.readouterr().out


def test_workers_of_a_cluster_need_no_repository(course, monkeypatch, capsys):
    write_lesson(course, "from helpers import ANSWER\nassert ANSWER == 42, 'Helpers came along.'")
    ours = {robustness.ROOT, robustness.ROOT / "tests"}
    with monkeypatch.context() as patch:  # the workers inherit the path of this process
        patch.setattr(sys, "path", [entry for entry in sys.path if Path(entry).resolve() not in ours])
        cluster = LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, local_directory=course)
    with cluster, Client(cluster, set_as_default=False) as client:
        for name in ("robustness", "notebook_runner"):
            assert set(client.run(lambda name: importlib.util.find_spec(name) is not None, name).values()) == {False}
        arguments = ["--offsets", "1", "--scheduler", cluster.scheduler_address]
        assert robustness.main(arguments, root=course) == 0
        assert "| 01_lesson.ipynb | Helpers came along. | 1 of 1 |" in capsys.readouterr().out


def test_run_that_takes_too_long_is_errored(course):
    write_lesson(course, "assert True, 'Before.'", "import time\ntime.sleep(60)")
    lesson = robustness.read_lesson(course / "notebooks" / "01_lesson.ipynb", course)
    values = robustness.Course(robustness.pack_course([lesson], course), timeout=3).execute(
        lesson.name, 1000, str(course)
    )
    assert values["error"].startswith("TimeoutError")
    assert values["seconds"] < 30
    assert len(values["outcomes"]) in (0, 1)  # none if the kernel alone took so long to start


def test_usage_errors_say_what_to_do(course, monkeypatch, capsys):
    monkeypatch.setattr(robustness, "CONNECT_SECONDS", 1)
    write_lesson(course, "1")
    for arguments, message in (
        (["99_absent.ipynb"], "The lessons in"),
        (["--offsets", "0"], "1 or more"),
        (["--offsets", "1", "--scheduler", "tcp://127.0.0.1:1"], "Start one with `dask scheduler`"),
    ):
        with pytest.raises(SystemExit) as stopped:
            robustness.main(arguments, root=course)
        assert stopped.value.code == 2
        assert message in capsys.readouterr().err
