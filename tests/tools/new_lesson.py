"""Starts a lesson from the template, a small lesson that runs and keeps to the form.

    uv run python tests/tools/new_lesson.py 16 "Vanishing gradients"

writes notebooks/16_vanishing_gradients.ipynb. Replace its words and cells one after the other: as long as
`uv run pytest tests/test_notebooks.py -k 16` passes, the form is kept.
"""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

import nbformat
import stamp_address

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = Path(__file__).with_name("template.ipynb")
TITLE, NAME = "99 · Labels out of order", "99_labels_out_of_order"


def make(number: str, title: str, folder: Path) -> Path:
    """Writes the lesson into `folder` and returns its path. Raises ValueError for a number or title that will not do,
    FileExistsError if there is a lesson of that number."""
    if not re.fullmatch(r"\d\d", number):
        raise ValueError(f"the number has two digits, such as 06, got {number!r}")
    slug = "_".join(re.findall(r"[a-z0-9]+", title.lower()))
    if not slug or not title[0].isupper():
        raise ValueError(f"the title begins with a capital letter and holds words, got {title!r}")
    if taken := sorted(folder.glob(f"{number}_*.ipynb")):
        raise FileExistsError(f"there is a lesson {number} already: {taken[0].name}")
    notebook = nbformat.read(TEMPLATE, as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace(TITLE, f"{number} · {title}").replace(NAME, f"{number}_{slug}")
        if "setup" in cell.metadata.get("tags", []):
            cell.source = stamp_address.setup_cell(ROOT, stamp_address.read_address(ROOT))
    path = folder / f"{number}_{slug}.ipynb"
    nbformat.write(notebook, path)
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("number", help="two digits, as in the plan of lessons")
    parser.add_argument("title", help="the failure, in a few words")
    options = parser.parse_args(arguments)
    try:
        path = make(options.number, options.title, ROOT / "notebooks")
    except (ValueError, FileExistsError) as error:
        parser.error(str(error))
    print(f"{path.relative_to(ROOT)}: now open it in JupyterLab, and replace its words.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
