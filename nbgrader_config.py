"""nbgrader for this course; nbgrader looks for this file at the root. notebooks/INSTRUCTORS.md tells how it is used."""

import os
import sys
from pathlib import Path

c = get_config()  # noqa: F821 – nbgrader defines it

ROOT = Path(__file__).resolve().parent
c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.course_id = "why-wont-it-learn"
c.CourseDirectory.source_directory = "notebooks/solutions"
c.CourseDirectory.release_directory = "notebooks/exercises"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "answers.py"]
# SQLite, in gradebook.db, unless this names another database: postgresql://user:password@host/gradebook
if "NBGRADER_DB_URL" in os.environ:
    c.CourseDirectory.db_url = os.environ["NBGRADER_DB_URL"].replace("postgresql://", "postgresql+psycopg2://", 1)

c.GenerateAssignment.permissions = 644
# A check trains a small network for some seconds. A cell that takes longer than this never ends, and is set aside.
c.Execute.timeout = 90
# A deleted check comes back, with a remark, and is graded.
c.OverwriteCells.add_missing_cells = True
# nbgrader's own steps, but for the first: a kernel with limits, and a cell that kills it costs no other cell's points.
sys.path.insert(0, str(ROOT))
c.Autograde.autograde_preprocessors = [
    "helpers.grading.sandbox.Execute",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
# Downloaded files such as miller_01_unscaled_inputs.ipynb, or "miller_12345_Copy of 01_unscaled_inputs (1).ipynb"
NAME = r"(?P<student_id>[^/\\_]+)_[^/\\]*?(?P<file_id>\d\d_[a-z]+(?:_[a-z]+)*)[^/\\]*$"
c.FileNameCollectorPlugin.named_regexp = r".*[/\\]" + NAME
c.ZipCollectApp.strict = True  # a file of another lesson is skipped, with a warning
