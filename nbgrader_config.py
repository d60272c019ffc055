"""nbgrader for this course; nbgrader looks for this file at the root. notebooks/INSTRUCTORS.md tells how it is used."""

import os
from pathlib import Path

c = get_config()  # noqa: F821 – nbgrader defines it

c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.course_id = "why-wont-it-learn"
c.CourseDirectory.source_directory = "notebooks/solutions"
c.CourseDirectory.release_directory = "notebooks/exercises"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "answers.py"]
# SQLite, in gradebook.db, unless this names another database: postgresql://user:password@host/gradebook
if "NBGRADER_DB_URL" in os.environ:
    c.CourseDirectory.db_url = os.environ["NBGRADER_DB_URL"]

c.GenerateAssignment.permissions = 644
# A check trains a small network for some seconds. A cell that takes longer than this never ends, and is interrupted.
c.Execute.timeout = 90
# A deleted check comes back, with a remark, and is graded.
c.OverwriteCells.add_missing_cells = True
