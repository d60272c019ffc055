"""Which files make the course, and a copy of them to run things in."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def listed() -> list[Path]:
    """What git tracks or would add, relative to the root. Raises CalledProcessError where ROOT is no clone."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return [Path(name) for name in names if name and (ROOT / name).is_file()]


def copy_to(folder: Path) -> Path:
    """Copies the course as it is now, uncommitted changes included, into `folder`, and returns it."""
    for name in listed():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    return folder
