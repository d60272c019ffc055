# Setup, the same in every notebook: finds the course, or fetches it.
import sys
from pathlib import Path
from subprocess import getstatusoutput
from tempfile import TemporaryDirectory

URL = "https://github.com/OWNER/why-wont-it-learn"
BRANCH = "main"
clone = Path("why-wont-it-learn").resolve()
found = [p for p in (clone, *clone.parents) if (p / "helpers/data.py").exists()]
if not found:
    with TemporaryDirectory(dir=".") as part:  # goes, too, if git breaks off
        path = f"{Path(part).name}/course"
        git = f"git clone -q --depth=1 -b {BRANCH} {URL} {path}"
        failed, reason = getstatusoutput(git)
        if failed or clone.exists():
            raise RuntimeError(
                f"The course is not here. {reason}\nFetching it needs "
                f"git, access to {URL}, and no old folder {clone}."
            )
        found = [Path(path).rename(clone)]
sys.path.insert(0, str(found[0]))
import helpers  # noqa: F401 (checks the versions)
