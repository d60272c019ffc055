"""Writes the course's address into every place that has to know it: setup cells, badges, README, citation.

    uv run python tests/tools/stamp_address.py https://github.com/YOU/YOUR-FORK   # after publishing, or for a fork
    uv run python tests/tools/stamp_address.py --branch v1.0.0                    # for a release: its own tag
    uv run python tests/tools/stamp_address.py                                    # what stands in pyproject.toml again
    uv run python tests/tools/stamp_address.py --check                            # changes nothing, says what differs

Two lines of pyproject.toml hold the address, `Repository` and `branch`. The text of the setup cell is
tests/tools/setup_cell.py. Both change there, and this command carries them into the notebooks.
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
START = "notebooks/00_start_here.ipynb"


@dataclass(frozen=True)
class Address:
    """A public repository on GitHub, from where Colab and Binder open notebooks; `branch` may be a tag.

    Raises ValueError for what the two cannot open.
    """

    repository: str
    branch: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", self.repository):
            raise ValueError(f"expected https://github.com/OWNER/NAME, where Colab can open it; got {self.repository}")
        if not re.fullmatch(r"[\w.-]+", self.branch):
            raise ValueError(f"expected a branch or tag without slashes; got {self.branch}")

    def badges(self, notebook: str) -> str:
        """The two badges that open `notebook`, a path from the root, as one line of Markdown."""
        name = self.repository.removeprefix("https://github.com/")
        colab = f"https://colab.research.google.com/github/{name}/blob/{self.branch}/{notebook}"
        binder = f"https://mybinder.org/v2/gh/{name}/{self.branch}?urlpath=lab/tree/{notebook}"
        return (
            f"[![Open this notebook in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({colab}) "
            f"[![Open this notebook on Binder](https://mybinder.org/badge_logo.svg)]({binder})"
        )


def read_address(root: Path) -> Address:
    """The address in pyproject.toml."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return Address(project["project"]["urls"]["Repository"], project["tool"]["course"]["branch"])


def replace_line(text: str, pattern: str, line: str) -> str:
    """`text` with `line` in place of the one line that `pattern` matches from its start."""
    changed, count = re.subn(rf"^(?:{pattern}).*$", lambda _: line, text, flags=re.MULTILINE)
    if count != 1:
        raise ValueError(f"expected one line that begins like {pattern}, found {count}")
    return changed


def with_badges(text: str, badges: str) -> str:
    """Markdown with the badges below its title, whether it had some before or not."""
    badge = r"^\[!\[Open .*\bcolab\b.*$"
    if re.search(badge, text, re.MULTILINE):
        return re.sub(badge, lambda _: badges, text, count=1, flags=re.MULTILINE)
    return re.sub(r"^# .*$", lambda title: f"{title[0]}\n\n{badges}", text, count=1, flags=re.MULTILINE)


def setup_cell(root: Path, address: Address) -> str:
    """The text of tests/tools/setup_cell.py with `address`, without the newline at its end."""
    text = (root / "tests" / "tools" / "setup_cell.py").read_text(encoding="utf-8").rstrip("\n")
    text = replace_line(text, "URL =", f'URL = "{address.repository}"')
    return replace_line(text, "BRANCH =", f'BRANCH = "{address.branch}"')


def stamp_notebook(text: str, name: str, setup: str, address: Address) -> str:
    """The content of the notebook file `name`, a path from the root, with its setup cell and its badges."""
    notebook = nbformat.reads(text, as_version=4)
    before = [cell.source for cell in notebook.cells]
    # Exercises are made from the solutions, so that a solution already carries the exercise's badges.
    badges = address.badges(name.replace("notebooks/solutions/", "notebooks/exercises/"))
    first = next(cell for cell in notebook.cells if cell.cell_type == "markdown")
    first.source = with_badges(first.source, badges)
    for cell in notebook.cells:
        if "setup" in cell.metadata.get("tags", []):
            cell.source = setup
    if [cell.source for cell in notebook.cells] == before:
        return text
    return nbformat.writes(notebook) + ("\n" if text.endswith("\n") else "")


def stamped(root: Path, address: Address) -> Iterator[tuple[Path, str, str]]:
    """Every file that knows the address: its path, its text, and its text with `address`."""

    def read(name: str) -> tuple[Path, str]:
        return root / name, (root / name).read_text(encoding="utf-8")

    path, text = read("pyproject.toml")
    new = replace_line(text, "Repository =", f'Repository = "{address.repository}"')
    yield path, text, replace_line(new, "branch =", f'branch = "{address.branch}"')

    path, text = read("tests/tools/setup_cell.py")
    setup = setup_cell(root, address)
    yield path, text, setup + "\n"

    path, text = read("README.md")
    new = with_badges(text, address.badges(START).replace("this notebook", "the start notebook"))
    yield path, text, replace_line(new, "git clone ", f"git clone {address.repository} course")

    path, text = read("CITATION.cff")
    yield path, text, replace_line(text, "repository-code:", f'repository-code: "{address.repository}"')

    for notebook in sorted((root / "notebooks").rglob("*.ipynb")):
        name = notebook.relative_to(root).as_posix()
        if ".ipynb_checkpoints" not in name:
            text = notebook.read_text(encoding="utf-8")
            yield notebook, text, stamp_notebook(text, name, setup, address)


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """The command line. Returns 0, or 1 if --check finds a place that differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("url", nargs="?", help="the new address; without it, the one in pyproject.toml")
    parser.add_argument("--branch", help="a branch or tag; without it, the one in pyproject.toml")
    parser.add_argument("--check", action="store_true", help="change nothing, name the files that differ")
    options = parser.parse_args(arguments)
    try:
        old = read_address(root)
        url = (options.url or old.repository).rstrip("/").removesuffix(".git")
        address = Address(url, options.branch or old.branch)
    except ValueError as error:
        parser.error(str(error))

    differing = 0
    for path, text, new in stamped(root, address):
        if new != text:
            differing += 1
            print(path.relative_to(root).as_posix(), "differs" if options.check else "stamped")
            if not options.check:
                path.write_text(new, encoding="utf-8", newline="\n")
    print(
        f"{differing} files {'differ from' if options.check else 'changed to'} {address.repository}, {address.branch}"
    )
    return 1 if options.check and differing else 0


if __name__ == "__main__":
    sys.exit(main())
