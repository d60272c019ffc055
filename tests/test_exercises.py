"""The exercises: their checks accept right answers and reject wrong ones with the reason, and the copies are current.

The answers lie beside each solution, in answers.py. Each takes the place of the model solution, and the check's cell of
the source (its hidden tests included) judges it: for one set of seeds, and for four more with

    uv run pytest -m weekly

The cells run in this process, so that TensorFlow is imported once; no other test runs solutions or exercises here.
"""

import json
import os
import re
import sys
from pathlib import Path

import keras
import legibility
import matplotlib.pyplot as plt
import pytest
from judge_answers import cell_of, given, grade_id, judge, judge_quietly, read, run
from mutate_solutions import mutants
from shipped_answers import SOLUTIONS, answers

from helpers.exercises import NotAttempted, WrongAnswer, array, check, number, word, words

ROOT = Path(__file__).resolve().parents[1]
EXERCISES = ROOT / "notebooks" / "exercises"
LESSONS = sorted(path.name for path in SOLUTIONS.iterdir() if path.is_dir())
OFFSETS = [0, *(pytest.param(offset, marks=pytest.mark.weekly) for offset in (21000, 22000, 23000, 24000))]
every_lesson = pytest.mark.parametrize("lesson", LESSONS)


class Answers:
    """One class for each lesson, made below, so that xdist may run them side by side."""

    lesson: str

    @pytest.fixture(scope="class", params=OFFSETS)
    @classmethod
    def names(cls, request):
        """The names that the exercise's notebook defines outside of answers and checks."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("COURSE_SEED_OFFSET", str(request.param))
            patch.chdir(SOLUTIONS / cls.lesson)
            yield given(cls.lesson)
        plt.close("all")
        keras.utils.clear_session()

    def test_an_untouched_copy_is_not_attempted(self, names):
        for n in (1, 2, 3):
            untouched = cell_of(self.lesson, f"exercise-{n}", EXERCISES)
            found = judge(names, self.lesson, f"exercise-{n}", untouched, EXERCISES)
            assert isinstance(found, NotAttempted)
            assert str(found).startswith(f"Exercise {n}: not attempted")

    def test_right_answers_are_accepted(self, names, subtests):
        model = [(f"exercise-{n}", "the solution", cell_of(self.lesson, f"exercise-{n}")) for n in (1, 2, 3)]
        others = [(a.exercise, a.thought, a.code) for a in answers(self.lesson) if a.verdict == "right"]
        for exercise, thought, code in model + others:
            with subtests.test(f"{exercise}: {thought}"):
                found = judge(names, self.lesson, exercise, code)
                assert found is None, found

    def test_wrong_answers_are_rejected_with_the_reason(self, names, subtests):
        for exercise, verdict, thought, reason, code in answers(self.lesson):
            if verdict == "wrong":
                with subtests.test(f"{exercise}: {thought}"):
                    found = judge(names, self.lesson, exercise, code)
                    assert isinstance(found, WrongAnswer), f"accepted: {thought}"
                    assert reason in str(found)


for _lesson in LESSONS:
    globals()[f"Test{_lesson}"] = type(f"Test{_lesson}", (Answers,), {"lesson": _lesson})


@every_lesson
def test_each_exercise_has_four_wrong_answers_and_two_right_ones(lesson):
    for exercise in ("exercise-1", "exercise-2", "exercise-3"):
        verdicts = [verdict for name, verdict, *_ in answers(lesson) if name == exercise]
        assert verdicts.count("right") >= 2
        assert verdicts.count("wrong") >= 4
    assert all(reason for _, verdict, _, reason, _ in answers(lesson) if verdict == "wrong")


@every_lesson
def test_solution_has_three_exercises_and_a_question_with_points_and_folded_hints(lesson):
    cells = read(SOLUTIONS, lesson).cells
    kinds = {grade_id(cell): cell.metadata.nbgrader for cell in cells if grade_id(cell)}
    for number_ in (1, 2, 3):
        assert kinds[f"exercise-{number_}"].solution
        assert kinds[f"check-{number_}"].grade
        assert kinds[f"check-{number_}"].points > 0
        assert "### BEGIN HIDDEN TESTS" in cell_of(lesson, f"check-{number_}")
    assert kinds["reflection"].grade
    assert "*Rubric.*" in cell_of(lesson, "reflection")
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert re.findall(r"<summary>(\w+) hint</summary>", text) == ["First", "Second"] * 3
    assert "**Time:**" in cells[0].source
    assert f"](../../{lesson}.ipynb)" in cells[0].source


@every_lesson
def test_lesson_leads_to_its_exercises_and_back(lesson):
    there = (ROOT / "notebooks" / f"{lesson}.ipynb").read_text(encoding="utf-8")
    assert f"(exercises/{lesson}/{lesson}.ipynb)" in there
    back = read(EXERCISES, lesson).cells
    assert all(f"](../../{lesson}.ipynb)" in cell.source for cell in (back[0], back[-1]))


@every_lesson
def test_what_a_learner_need_not_read_is_folded(lesson):
    """The checks, and what makes the patients, in JupyterLab and on Colab."""
    for cell in read(SOLUTIONS, lesson).cells:
        name = grade_id(cell)
        if cell.cell_type != "code" or name.startswith(("exercise", "broken", "patient-3")):
            continue  # what has to be mended is read
        if name.startswith("check") or legibility.code_lines(cell.source) > legibility.AT_MOST["longest"]:
            assert cell.metadata.get("jupyter", {}).get("source_hidden"), cell.source.splitlines()[0]
            assert cell.metadata.get("cellView") == "form", cell.source.splitlines()[0]


@pytest.fixture(scope="module")
def nbgrader(tmp_path_factory):
    """What `uv run nbgrader` would do here; it writes elsewhere."""
    api = pytest.importorskip("nbgrader.apps.api", reason="needs nbgrader: the dependency group `grading`")
    from traitlets.config import Config

    config, folder = Config(), tmp_path_factory.mktemp("nbgrader")
    text = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    run(text, {"get_config": lambda: config, "__file__": str(ROOT / "nbgrader_config.py")}, "nbgrader_config.py")
    config.CourseDirectory.release_directory = str(folder / "exercises")
    config.CourseDirectory.db_url = f"sqlite:///{folder}/gradebook.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)  # nbgrader calls `alembic`
        yield api.NbGraderAPI(config=config)


@every_lesson
def test_copy_for_learners_is_current(lesson, nbgrader):
    """What `uv run nbgrader generate_assignment` would write is what is committed."""
    done = nbgrader.generate_assignment(lesson)
    assert done["success"], done["log"]
    made = read(Path(nbgrader.coursedir.release_directory), lesson)
    committed = read(EXERCISES, lesson)
    assert json.dumps(made) == json.dumps(committed), (
        f"notebooks/exercises/{lesson} is not what its solution makes. "
        f"Run: uv run nbgrader generate_assignment {lesson} --force"
    )
    assert [path.name for path in (EXERCISES / lesson).iterdir()] == [f"{lesson}.ipynb"], "nothing else is handed out"
    for cell in committed.cells:
        assert "BEGIN HIDDEN" not in cell.source
        assert "BEGIN SOLUTION" not in cell.source


def test_check_tells_three_states_apart(capsys):
    with check("Exercise 7"):
        pass
    assert capsys.readouterr().out == "Exercise 7: right.\n"
    with pytest.raises(NotAttempted, match=r"^Exercise 7: not attempted\."), check("Exercise 7"):
        raise NotImplementedError
    with pytest.raises(WrongAnswer, match=r"^Exercise 7: wrong, because it is 3\.$"), check("Exercise 7"):
        raise AssertionError("it is 3.")
    with pytest.raises(WrongAnswer, match=r"your code raised ZeroDivisionError: .* – in the line `1 / 0"), check("E"):
        1 / 0  # noqa: B018
    with pytest.raises(WrongAnswer, match="Have you run the cells above"), check("Exercise 7"):
        nobody_defined_this  # noqa: B018, F821


def test_an_assert_of_the_answer_is_not_taken_for_the_reason():
    names = {"check": check}
    run("def answer():\n    assert False, 'n is even'\n", names, "the answer's cell")
    with pytest.raises(WrongAnswer, match="because your code raised AssertionError: n is even"):
        run("with check('E'):\n    answer()\n", names, "the check's cell")
    run("def answer():\n    return look(3)\n", names, "the answer's cell")
    check_cell = "def look(n):\n    assert n == 4, 'n is 3.'\nwith check('E'):\n    answer()\n"
    with pytest.raises(WrongAnswer, match=r"because n is 3\.$"):
        run(check_cell, names, "the check's cell")


def test_check_keeps_stderr_clean_as_nbgrader_counts_it_as_a_failure(capsys):
    with check("Exercise 7"):
        print("progress", file=sys.stderr)
    assert capsys.readouterr() == ("progress\nExercise 7: right.\n", "")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "is None"),
        ("three", "numeric, and is of type str"),
        ([[1, 2], [3]], "numeric, and is of type list"),
        (float("nan"), "NaN"),
        ([1.0, 2.0], "shape"),
    ],
)
def test_a_value_of_a_wrong_kind_is_named(value, reason):
    with pytest.raises(AssertionError, match=reason):
        number(value, "the loss")
    with pytest.raises(AssertionError, match=reason):
        array(value, (3,), "the losses")


def test_values_of_the_right_kind_pass():
    assert number([[2]], "the loss") == 2.0
    assert array([1, 2], (2,), "the losses").tolist() == [1.0, 2.0]


class AlwaysEqual(str):
    """What somebody might hand in who does not know the answer."""

    __hash__ = str.__hash__

    def __eq__(self, other):
        return True

    def __str__(self):
        return self

    strip = lower = __str__


def test_a_word_is_a_plain_string():
    assert word("  Both ", "the answer") == "both"
    assert word(AlwaysEqual("inputs"), "the answer") != "both"
    assert type(word(AlwaysEqual("inputs"), "the answer")) is str
    assert words({AlwaysEqual("A"), "b"}, "the letters") == {"a", "b"}
    for value in (None, 3, ["both"]):
        with pytest.raises(AssertionError, match="should be a word in quotes"):
            word(value, "the answer")
    for value in ("AB", {"A": 1}, None):
        with pytest.raises(AssertionError, match="should be a set of words"):
            words(value, "the letters")


def test_a_mutant_is_one_change_away():
    code = 'def f(x, y):\n    """What it does."""\n    if x < 2:\n        return x.mean(axis=0)\n'
    made = [program.split("\n", 1)[1].strip() for _, program in mutants(code)]
    for line in (
        "if x >= 2",
        "if x <= 2",
        "if x < 3",
        "if y < 2",
        "x.median(axis=0)",
        "x.mean(axis=1)",
        "x.mean()",
        "pass",
    ):
        assert any(line in program for program in made), line
    assert len(set(made)) == len(made)


def test_an_answer_is_judged_within_its_time_and_its_stderr_is_kept(monkeypatch, capfd):
    monkeypatch.setattr(
        "judge_answers.cell_of", lambda *_: "with check('E'):\n    assert answer() == 4, 'it is not 4.'"
    )
    names = {"check": check}
    for code, verdict, errors in (
        ("answer = lambda: 4", "", ""),
        ("answer = lambda: 5", "E: wrong, because it is not 4.", ""),
        ("import sys\nprint('so', file=sys.stderr)\nanswer = lambda: 4", "", "so\n"),
        ("answer =", "SyntaxError: invalid syntax", ""),
    ):
        with capfd.disabled():
            found = judge_quietly(names, "toy", "exercise-1", code)
        assert found[0].startswith(verdict)
        assert bool(found[0]) == bool(verdict)
        assert found[1] == errors
    if sys.platform == "win32":
        return  # no signal there that ends it
    endless = "def answer():\n    while True:\n        pass\n"
    assert judge_quietly(names, "toy", "exercise-1", endless, seconds=0.2)[0].startswith("TooSlow")
