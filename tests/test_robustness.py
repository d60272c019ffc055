"""The study counts claims rightly, goes on where it stopped, and loses no run without saying so."""

import json
import shutil
import sys
from pathlib import Path

import nbformat
import pytest
import robustness

from helpers import claims

HEAD = """import os
from helpers.claims import Claim, check_claims
offset = int(os.environ["COURSE_SEED_OFFSET"])"""


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """The folder of a course without lessons, whose helpers are the claims and a constant."""
    for name in ("notebooks", "helpers", "data"):
        (tmp_path / name).mkdir()
    (tmp_path / "helpers" / "__init__.py").write_text("ANSWER = 42\n")
    shutil.copy(claims.__file__, tmp_path / "helpers")
    return tmp_path


def write_lesson(course: Path, *sources: str, name: str = "01_lesson.ipynb") -> None:
    """A cell of each source; those that check claims are tagged so."""
    cells = []
    for source in (HEAD, *sources):
        tags = {"tags": ["claims"]} if "check_claims" in source and source != HEAD else {}
        cells.append(nbformat.v4.new_code_cell(source, metadata=tags))
    nbformat.write(nbformat.v4.new_notebook(cells=cells), course / "notebooks" / name)


def records(course: Path) -> list[dict]:
    lines = (course / ".robustness" / "results.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line]


def test_the_records_are_found_under_the_name_that_claims_give_them():
    assert robustness.MIME == claims.MIME


def test_claims_are_counted_also_after_failed_ones_and_the_study_is_resumed(course, capsys):
    write_lesson(
        course,
        'check_claims(Claim("Fails at 2000.", offset, "<", 2000), Claim("Beside it.", [1, 2], ">", 0))',
        "from helpers import ANSWER\nassert ANSWER == 42",
        "if offset == 3000:\n    raise ValueError('broken')",
        'check_claims(Claim("Last.", offset, "<", 10_000))',
    )
    study = ["--offsets", "3", "--workers", "2", "--timeout", "60"]
    assert robustness.main(study, root=course) == 1
    runs = {record["offset"]: record for record in records(course)}
    assert [claim["held"] for claim in runs[1000]["claims"]] == [True, True, True]
    assert [claim["held"] for claim in runs[2000]["claims"]] == [False, True, True], "it goes on after a failed claim"
    assert runs[2000]["error"] is None
    assert [claim["held"] for claim in runs[3000]["claims"]] == [False, True]
    assert runs[3000]["error"] == "ValueError: broken"
    printed = capsys.readouterr().out
    assert "| 01_lesson | Fails at 2000. | 1 of 3 | -1e+03 | -1.0 **weak** |" in printed
    assert "| 01_lesson | Beside it. | 3 of 3 | 1 | inf |" in printed
    assert "| 01_lesson | Last. | 2 of 3 |" in printed
    assert "“Fails at 2000.”: failed at offset 2000, 3000" in printed
    assert "“Last.”: not reached at offset 3000" in printed
    assert "3 runs, 1 stopped" in printed
    assert "01_lesson.ipynb at offset 3000 stopped: ValueError: broken" in printed

    # Killed while it wrote: only the run that failed, and the one whose line is cut short, are executed again.
    results = course / ".robustness" / "results.jsonl"
    whole = results.read_text(encoding="utf-8")
    results.write_text(whole + whole[:40], encoding="utf-8")
    assert robustness.main(study, root=course) == 1
    lines = list(filter(None, results.read_text(encoding="utf-8").splitlines()))
    assert len(lines) == 5
    assert json.loads(lines[4])["offset"] == 3000


def test_finished_runs_are_repeated_only_if_the_code_changes(course, monkeypatch, capsys):
    executed = []

    def execute(run, course, timeout, kernels):
        executed.append(run.offset)
        claim = {"sentence": "One.", "held": True, "margin": 0.5}
        return {**run._asdict(), "error": None, "claims": [claim]}

    monkeypatch.setattr(robustness, "execute", execute)
    write_lesson(course, 'check_claims(Claim("One.", 1, ">", 0))')
    one = ["--workers", "1", "--offsets"]
    assert robustness.main([*one, "2"], root=course) == 0
    assert robustness.main([*one, "3"], root=course) == 0
    assert executed == [1000, 2000, 3000]
    assert robustness.main([*one, "1", "--first", "7"], root=course) == 0
    assert executed[3:] == [7000]
    write_lesson(course, 'check_claims(Claim("One.", 2, ">", 0))')
    assert robustness.main([*one, "1"], root=course) == 0
    (course / "helpers" / "grading").mkdir()
    (course / "helpers" / "grading" / "pages.py").write_text("ANSWER = 43\n")
    assert robustness.main([*one, "1"], root=course) == 0
    assert executed[4:] == [1000], "the grading has nothing to do with a lesson's results"
    (course / "helpers" / "__init__.py").write_text("ANSWER = 43\n")
    assert robustness.main([*one, "1"], root=course) == 0
    assert executed[4:] == [1000, 1000]
    assert "| 01_lesson | One. | 1 of 1 | 0.5 | – |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("margins", "expected"),
    [
        ([3, 4, 5], 3.0),
        ([0.5, 1.5, 2.5], 0.5),  # weak
        ([-1, 0, 1], -1.0),  # failed
        ([2, 2, 2], float("inf")),
        ([-0.0, -0.0, -0.0], float("inf")),  # 0 was demanded, and came
        ([-2, -2, -2], float("-inf")),
        ([1, 2], None),
        ([1, None, 2], None),  # NaN was measured
    ],
)
def test_room_is_the_smallest_margin_in_units_of_the_spread(margins, expected):
    assert robustness.room(margins) == expected


def test_a_claims_cell_that_breaks_and_a_lesson_without_claims_are_reported(course, capsys):
    write_lesson(course, 'check_claims(Claim("Never seen.", nobody, ">", 0))')
    write_lesson(course, "1", name="02_lesson.ipynb")
    assert robustness.main(["--offsets", "1"], root=course) == 1
    printed = capsys.readouterr().out
    assert "01_lesson.ipynb at offset 1000 stopped: NameError: name 'nobody' is not defined" in printed
    assert "02_lesson.ipynb has left no claims" in printed


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_kernel_that_dies_costs_its_run_only(course, capsys):
    write_lesson(
        course,
        "import signal\nif offset == 1000:\n    os.kill(os.getpid(), signal.SIGKILL)",
        'check_claims(Claim("Reached.", offset, ">", 0))',
    )
    assert robustness.main(["--offsets", "2"], root=course) == 1
    assert {record["offset"]: record["error"] is None for record in records(course)} == {1000: False, 2000: True}
    assert "01_lesson.ipynb at offset 1000 stopped: DeadKernelError" in capsys.readouterr().out


def test_a_run_that_takes_too_long_is_stopped(course, tmp_path):
    write_lesson(course, 'check_claims(Claim("Before.", 1, ">", 0))', "import time\ntime.sleep(60)")
    record = robustness.execute(robustness.Run("01_lesson.ipynb", "", 1000), course, 3, {})
    assert record["error"].startswith("TimeoutError")
    assert record["seconds"] < 30


def test_interrupting_ends_the_kernels_and_keeps_what_is_done(course, monkeypatch, capsys):
    write_lesson(
        course, "import time\ntime.sleep(120 if offset > 1000 else 0)", 'check_claims(Claim("It.", 1, ">", 0))'
    )
    append = robustness.append_result

    def append_and_interrupt(path, record):
        append(path, record)
        raise KeyboardInterrupt

    monkeypatch.setattr(robustness, "append_result", append_and_interrupt)
    assert robustness.main(["--offsets", "2", "--workers", "1"], root=course) == 130
    assert [record["offset"] for record in records(course)] == [1000]
    assert "the same command goes on from there" in capsys.readouterr().err


def test_usage_errors_say_what_to_do(course, capsys):
    write_lesson(course, "1")
    for arguments, message in (
        (["99_absent.ipynb"], "There are: 01_lesson.ipynb"),
        (["--offsets", "0"], "1 or more"),
    ):
        with pytest.raises(SystemExit) as stopped:
            robustness.main(arguments, root=course)
        assert stopped.value.code == 2
        assert message in capsys.readouterr().err
