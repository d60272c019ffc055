"""`helpers/` stays small: within its limit, and without a name that only one notebook uses."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
# Lines of code, the instructors' grading apart, and also at 25 lessons. Docstrings are not counted: they have to give
# shapes, units, errors and sources, and a limit that counts them would punish that.
LIMIT = 1000
MODULES = sorted((ROOT / "helpers").glob("[!_]*.py"))
# Lessons and solutions; the exercises are copies of these.
NOTEBOOKS = sorted([*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("notebooks/solutions/*/*.ipynb")])

# One notebook is enough for these: a reader can apply them to a model or to data of their own.
FOR_A_READERS_OWN_MODEL = {
    "instruments.fill_report",
    "instruments.gate_saturation",
    "instruments.layer_ranges",
    "instruments.layer_sizes",
    "instruments.looks_ahead",
    "instruments.one_batch_test",
    "instruments.shared_content",
}
# No notebook need name these.
RETURNED_OR_RAISED = {
    "claims.ClaimsFailed",
    "data.DataError",
    "data.Parts",
    "data.Windows",
    "exercises.NotAttempted",
    "exercises.WrongAnswer",
    "experiment.Runs",
}
FOR_TOOLS = {"data.data_file"}


def public_names(path: Path) -> set[str]:
    """Functions and classes of a module, such as "data.windows"."""
    nodes = ast.parse(path.read_text(encoding="utf-8")).body
    found = [node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    return {f"{path.stem}.{name}" for name in found if not name.startswith("_")}


def used_names(path: Path) -> set[str]:
    """What a notebook uses of the helpers' modules: as `data.windows`, or imported by its name."""
    cells = nbformat.read(path, as_version=4).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    found = {f"{module}.{name}" for module, name in re.findall(r"\b([a-z]+)\.([A-Za-z]\w*)", code)}
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("helpers."):
            found.update(f"{node.module.removeprefix('helpers.')}.{alias.name}" for alias in node.names)
    return found


def code_lines(path: Path) -> int:
    """Lines that are neither blank nor a comment nor part of a docstring."""
    source = path.read_text(encoding="utf-8")
    nodes = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
    ]
    texts = [node.body[0] for node in nodes if ast.get_docstring(node) is not None]
    documentation = {line for text in texts for line in range(text.lineno, text.end_lineno + 1)}
    lines = enumerate(source.splitlines(), start=1)
    return sum(i not in documentation and bool(line.strip()) and not line.lstrip().startswith("#") for i, line in lines)


def test_the_helpers_are_within_their_limit():
    lengths = {path.name: code_lines(path) for path in sorted((ROOT / "helpers").glob("*.py"))}
    assert sum(lengths.values()) <= LIMIT, lengths


PUBLIC = set().union(*map(public_names, MODULES))
USED = [used_names(path) for path in NOTEBOOKS]


@pytest.mark.parametrize("name", sorted(PUBLIC - RETURNED_OR_RAISED - FOR_TOOLS))
def test_each_public_name_is_used_by_two_notebooks_or_is_for_a_readers_own_model(name):
    count = sum(name in used for used in USED)
    needed = 1 if name in FOR_A_READERS_OWN_MODEL or name.startswith("data.load_") else 2
    assert count >= needed, f"{name} is used by {count} notebooks: move it there, or drop it"


def test_the_lists_hold_nothing_that_is_gone():
    assert PUBLIC >= FOR_A_READERS_OWN_MODEL | RETURNED_OR_RAISED | FOR_TOOLS
