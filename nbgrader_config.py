"""nbgrader for this course; nbgrader looks for this file at the root. notebooks/INSTRUCTORS.md tells how it is used."""

import os
import sys
from pathlib import Path

c = get_config()  # noqa: F821 – nbgrader defines it

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))
c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.course_id = "why-wont-it-learn"
c.CourseDirectory.source_directory = "notebooks/solutions"
c.CourseDirectory.release_directory = "notebooks/exercises"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "answers.py"]
# SQLite, in gradebook.db, unless this names another database: postgresql://user:password@host/gradebook
if "NBGRADER_DB_URL" in os.environ:
    c.CourseDirectory.db_url = os.environ["NBGRADER_DB_URL"].replace("postgresql://", "postgresql+psycopg2://", 1)

# From a hub's exchange, regular files only: a learner may put a link there, which leads to somebody else's file.
c.ExchangeFactory.collect = "helpers.grading.hub.Collect"
c.GenerateAssignment.permissions = 644
# A check trains a small network for some seconds. A cell that takes longer than this never ends, and is set aside.
c.Execute.timeout = 90
# A deleted check comes back, with a remark, and is graded.
c.OverwriteCells.add_missing_cells = True
# nbgrader's own steps, but for the first: a kernel with limits, and a cell that kills it costs no other cell's points.
c.Autograde.autograde_preprocessors = [
    "helpers.grading.sandbox.Execute",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
# What a learner wrote and what a learner's kernel sent runs nothing in a browser, in Formgrader and in feedback.
c.HTMLExporter.preprocessors = ["helpers.grading.pages.SafeOutputs"]
c.HTMLExporter.filters = {"markdown2html": "helpers.grading.pages.markdown"}
# The absent and the unread have no score, rather than 0.
c.ExportApp.plugin_class = "helpers.grading.export.Grades"
