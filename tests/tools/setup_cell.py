# Setup, the same in every notebook: finds the course or, on Colab, fetches it. Nothing is installed.
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY, BRANCH = "https://github.com/OWNER/why-wont-it-learn", "main"
quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "GIT_TERMINAL_PROMPT": "0"}
for name, value in {"KERAS_BACKEND": "tensorflow", **quiet}.items():
    os.environ.setdefault(name, value)
here, problem = Path.cwd(), None
clone = here / "why-wont-it-learn"
course = next((p for p in (here, *here.parents, clone) if (p / "helpers" / "experiment.py").is_file()), None)
if course is None and clone.exists():
    problem = f"The folder {clone} does not hold all of the course. Delete that folder"
elif course is None and not shutil.which("git"):
    problem = "The course is not beside this notebook, and git, which would fetch it, is missing. Install git"
elif course is None:
    try:
        with tempfile.TemporaryDirectory(dir=here) as folder:  # an interrupted clone goes with it
            command = ["git", "clone", "--quiet", "--depth=1", f"--branch={BRANCH}", REPOSITORY, f"{folder}/course"]
            subprocess.run(command, check=True, capture_output=True, errors="replace", timeout=600)
            course = Path(folder, "course").rename(clone)
    except (OSError, subprocess.SubprocessError) as error:
        reason = (getattr(error, "stderr", None) or str(error)).strip()
        problem = f"git could not fetch the course ({reason}). Check that {REPOSITORY} opens in a browser"
if problem:
    raise RuntimeError(f"{problem}, then run this cell again.")
if str(course) not in sys.path:
    sys.path.insert(0, str(course))
import helpers  # noqa: F401 (says so if a package is missing, or too old for the course)
