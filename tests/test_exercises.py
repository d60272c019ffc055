"""The exercises: their checks accept right answers and reject wrong ones with the reason, and the copies are current.

The answers lie beside each solution, in answers.py. Each takes the place of the model solution, and the check's cell of
the source (its hidden tests included) judges it, for five seed offsets. The cells run in this process: TensorFlow is
imported once.
"""

import json
import os
import re
import sys
from pathlib import Path

import keras
import nbformat
import pytest
from shipped_answers import SOLUTIONS, answers

from helpers.exercises import NotAttempted, WrongAnswer, array, check, number

ROOT = Path(__file__).resolve().parents[1]
EXERCISES = ROOT / "notebooks" / "exercises"
LESSONS = sorted(path.name for path in SOLUTIONS.iterdir() if path.is_dir())
OFFSETS = [0, 21000, 22000, 23000, 24000]
every_lesson = pytest.mark.parametrize("lesson", LESSONS)


def read(folder, lesson):
    return nbformat.read(folder / lesson / f"{lesson}.ipynb", as_version=4)


def grade_id(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def cell_of(lesson, wanted, folder=SOLUTIONS):
    return next(cell.source for cell in read(folder, lesson).cells if grade_id(cell) == wanted)


def run(source, namespace, name):
    exec(compile(source, name, "exec"), namespace)


class Answers:
    """One class for each lesson, so that xdist may run them side by side."""

    @pytest.fixture(scope="class", params=OFFSETS)
    @classmethod
    def given(cls, request):
        """The names that the exercise's notebook defines outside of answers and checks."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("COURSE_SEED_OFFSET", str(request.param))
            patch.chdir(SOLUTIONS / cls.lesson)
            namespace = {"__name__": "__main__"}
            for cell in read(SOLUTIONS, cls.lesson).cells:
                if cell.cell_type == "code" and not grade_id(cell).startswith(("exercise", "check")):
                    run(cell.source, namespace, cell.id)
            yield namespace
        keras.utils.clear_session()

    def judge(self, given, exercise, code):
        """Runs an answer and its check. Returns what the check raised, or None."""
        namespace = dict(given)
        try:
            run(code, namespace, exercise)
            run(cell_of(self.lesson, exercise.replace("exercise", "check")), namespace, "check")
        except (NotAttempted, WrongAnswer) as verdict:
            return verdict
        return None

    def test_right_answers_are_accepted(self, given, subtests):
        for exercise, verdict, thought, _, code in answers(self.lesson):
            if verdict == "right":
                with subtests.test(f"{exercise}: {thought}"):
                    found = self.judge(given, exercise, code)
                    assert found is None, found

    def test_wrong_answers_are_rejected_with_the_reason(self, given, subtests):
        for exercise, verdict, thought, reason, code in answers(self.lesson):
            if verdict == "wrong":
                with subtests.test(f"{exercise}: {thought}"):
                    found = self.judge(given, exercise, code)
                    assert isinstance(found, WrongAnswer), f"accepted: {thought}"
                    assert reason in str(found)


class TestUnscaledInputs(Answers):
    lesson = "01_unscaled_inputs"


class TestDataLeakage(Answers):
    lesson = "02_data_leakage"


class TestClassImbalance(Answers):
    lesson = "05_class_imbalance"


class TestShallowNetwork(Answers):
    lesson = "11_shallow_network"


class TestNoRegularization(Answers):
    lesson = "21_no_regularization"


def test_every_lesson_with_exercises_has_a_class_here():
    assert sorted(each.lesson for each in Answers.__subclasses__()) == LESSONS


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
def test_copy_for_learners_is_current(lesson, tmp_path, monkeypatch):
    """What `uv run nbgrader generate_assignment` would write is what is committed."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)  # nbgrader calls `alembic`
    nbgrader = pytest.importorskip("nbgrader.apps.api", reason="needs nbgrader: the dependency group `grading`")
    from traitlets.config import Config

    config = Config()
    text = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    run(text, {"get_config": lambda: config, "__file__": str(ROOT / "nbgrader_config.py")}, "nbgrader_config.py")
    config.CourseDirectory.release_directory = str(tmp_path / "exercises")
    config.CourseDirectory.db_url = f"sqlite:///{tmp_path}/gradebook.db"
    done = nbgrader.NbGraderAPI(config=config).generate_assignment(lesson)
    assert done["success"], done["log"]
    made, committed = read(tmp_path / "exercises", lesson), read(EXERCISES, lesson)
    assert json.dumps(made) == json.dumps(committed), (
        f"notebooks/exercises/{lesson} is not what its solution makes. "
        f"Run: uv run nbgrader generate_assignment {lesson} --force"
    )
    assert [path.name for path in (EXERCISES / lesson).iterdir()] == [f"{lesson}.ipynb"], "nothing else is handed out"


@every_lesson
def test_untouched_copy_is_not_attempted_and_nothing_else_fails(lesson, monkeypatch):
    monkeypatch.chdir(EXERCISES / lesson)
    namespace, states = {"__name__": "__main__"}, {}
    for cell in read(EXERCISES, lesson).cells:
        assert "BEGIN HIDDEN" not in cell.source
        assert "BEGIN SOLUTION" not in cell.source
        if cell.cell_type == "code":
            try:
                run(cell.source, namespace, cell.id)
            except NotAttempted as state:
                states[grade_id(cell)] = str(state)
    assert {name: text.split(".")[0] for name, text in states.items()} == {
        f"check-{i}": f"Exercise {i}: not attempted" for i in (1, 2, 3)
    }


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
