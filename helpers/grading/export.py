"""Grades for other programs: nbgrader's `export`, and the file that a learning platform gave, filled in.

    uv run nbgrader export --to grades.csv
    uv run python -m helpers.grading.export 01_unscaled_inputs --fill worksheet.csv

The second takes the file that Moodle calls "grading worksheet" and Canvas "gradebook", finds its people, and writes
worksheet-filled.csv with the grades. In both, whoever handed in nothing, or nothing that could be graded, has no score.
"""

import argparse
import csv
import re
import sys
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import ExportPlugin
from traitlets.config import PyFileConfigLoader

from helpers.grading.collect import ROOT, SUBMITTED, notes_of

KEYS = ["assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "state", "days_late"]
KEYS += ["raw_score", "late_submission_penalty", "score", "max_score"]


def open_gradebook(root: Path) -> Gradebook:
    """The gradebook that nbgrader_config.py in `root` names."""
    course = CourseDirectory(config=PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config())
    return Gradebook(course.db_url, course.course_id)


def result(gradebook: Gradebook, lesson: str, student: str) -> dict:
    """State, scores and lateness of one learner. No score: "nothing handed in", "not graded" or "to grade by hand"."""
    try:
        submission = gradebook.find_submission(lesson, student)
    except MissingEntry:
        return {"state": "nothing handed in"}
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    late = -(-submission.total_seconds_late // 86_400)
    found = {"timestamp": submission.timestamp or "", "days_late": f"{late:.0f}" if late else ""}
    if any(grade.auto_score is None and grade.manual_score is None for grade in grades if grade.cell_type == "code"):
        return {**found, "state": "not graded"}
    if any(grade.needs_manual_grade for grade in grades):
        return {**found, "state": "to grade by hand"}
    penalty = submission.late_submission_penalty or 0.0
    score = max(0.0, submission.score - penalty)
    return {
        **found,
        "state": "graded",
        "raw_score": submission.score,
        "late_submission_penalty": penalty,
        "score": score,
    }


class Grades(ExportPlugin):
    """What `nbgrader export` writes: a row for each learner and lesson, in nbgrader's columns and two more."""

    def export(self, gradebook: Gradebook) -> None:
        with open(self.to or "grades.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, KEYS, restval="")
            writer.writeheader()
            for assignment in gradebook.assignments:
                if self.assignment and assignment.name not in map(str, self.assignment):
                    continue
                for student in gradebook.students:
                    if self.student and student.id not in map(str, self.student):
                        continue
                    row = {
                        "assignment": assignment.name,
                        "duedate": assignment.duedate or "",
                        "student_id": student.id,
                        "last_name": student.last_name or "",
                        "first_name": student.first_name or "",
                        "email": student.email or "",
                        "max_score": assignment.max_score,
                    }
                    row |= result(gradebook, assignment.name, student.id)
                    writer.writerow({name: plain(value) for name, value in row.items()})


def plain(value):
    """A spreadsheet takes text that begins with = + - or @ for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value


def column_of(header: list[str], lesson: str, wanted: str | None) -> int:
    """Where the grades go. Raises ValueError if that is not one column."""
    wanted = wanted or ("Grade" if "Grade" in header else lesson)
    places = [i for i, name in enumerate(header) if name == wanted] or [
        i for i, name in enumerate(header) if name.startswith(wanted)
    ]
    if len(places) != 1:
        raise ValueError(f"{len(places)} columns begin with {wanted!r}; name one with --column: {', '.join(header)}")
    return places[0]


def fill(table: list[list[str]], place: int, names: set[str], score: str) -> bool:
    """Put the score of a learner, known by one of `names`, into the one row that has it. Says whether there is one."""
    rows = []
    for row in table[1:]:
        cells = {re.sub(r"^Participant ", "", cell.strip()).casefold() for i, cell in enumerate(row) if i != place}
        if cells & names:
            rows.append(row)
    if len(rows) != 1:
        return False
    rows[0] += [""] * (place + 1 - len(rows[0]))
    rows[0][place] = score
    return True


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m helpers.grading.export", description=__doc__.split("\n")[0])
    parser.add_argument("lesson")
    parser.add_argument("--fill", type=Path, required=True, metavar="CSV", help="the platform's file")
    parser.add_argument(
        "--column", help="where the grades go; the default is Grade, or what begins with the lesson's name"
    )
    options = parser.parse_args(arguments)
    with options.fill.open(newline="", encoding="utf-8-sig") as file:
        table = list(csv.reader(file))
    with open_gradebook(ROOT) as gradebook:
        names, scores, open_ = {}, {}, []
        for student in gradebook.students:
            got = result(gradebook, options.lesson, student.id)
            if got["state"] != "graded":
                open_.append(f"{student.id}: {got['state']}")
                continue
            number = notes_of(SUBMITTED / student.id / options.lesson).get("number")
            names[student.id] = {str(each).casefold() for each in (number or student.id, student.email) if each}
            scores[student.id] = f"{got['score']:g}"
    try:
        place = column_of(table[0], options.lesson, options.column)
    except (ValueError, IndexError) as error:
        sys.exit(f"{options.fill}: {error}")
    missing = [student for student in names if not fill(table, place, names[student], scores[student])]
    target = options.fill.with_name(f"{options.fill.stem}-filled.csv")
    with target.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(table)
    print(f"{len(names) - len(missing)} grades in {target}")
    for line in [*open_, *(f"{student}: in no row, or in several, of {options.fill.name}" for student in missing)]:
        print(f"  without: {line}")
    return int(bool(missing))


if __name__ == "__main__":
    sys.exit(main())
