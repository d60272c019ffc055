"""How legible lessons are, in numbers, and whether they keep to the budget. tests/test_notebooks.py demands it.

    uv run python tests/tools/legibility.py notebooks/[0-9]*.ipynb

A code line is neither blank nor a comment. The setup cell is not counted; the cells tagged `claims` and all below
"Going deeper" count for the width, the dense places, the asserts and the figures only.
"""

import ast
import re
import statistics
import sys
from collections import Counter
from pathlib import Path

import nbformat

AT_MOST = {
    "median": 6,  # code lines of a cell
    "longest": 15,
    "above 10": 2,  # cells of more than ten lines
    "lines": 130,
    "width": 80,  # characters of the longest line
    "names": 50,  # variables, functions and classes
    "dense": 0,
    "arms": 5,
    "asserts": 0,  # claims go through check_claims
    "deeper": 50,  # code lines below "Going deeper"
}
AT_LEAST = {"predicts": 3, "figures": 4, "in diagnose": 1}  # not in 00, which is no lesson
FIGURE = re.compile(
    r"\bplots\.\w+\(|plt\.(?:show|subplots|figure|plot|hist)\(|\.plot[.(]|Display\.from_|ConfusionMatrixDisplay"
)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def code_lines(source: str) -> int:
    return len(re.findall(r"(?m)^\s*[^\s#]", source))


def names(tree: ast.Module) -> set[str]:
    """What the cell binds outside of functions and classes, imports not counted."""
    found = set()
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            found.add(statement.name)
        else:
            nodes = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
            found.update(node.id for node in nodes if isinstance(node.ctx, ast.Store))
    return found


def dense_places(tree: ast.AST) -> int:
    """Comprehensions that hold another or have two `for`, lambdas as defaults, starred elements of a display."""
    count = 0
    for node in ast.walk(tree):
        if isinstance(node, COMPREHENSIONS):
            count += sum(isinstance(inner, COMPREHENSIONS) for inner in ast.walk(node)) > 1
            count += len(node.generators) > 1
        elif isinstance(node, ast.arguments):
            defaults = node.defaults + node.kw_defaults
            count += sum(isinstance(default, ast.Lambda) for default in defaults)
        elif isinstance(node, ast.List | ast.Tuple | ast.Set) and not isinstance(getattr(node, "ctx", 0), ast.Store):
            count += sum(isinstance(element, ast.Starred) for element in node.elts)
    return count


def arms(tree: ast.AST) -> int:
    """The keys of the longest dictionary that is assigned to `arms`."""
    assigned = [node for node in ast.walk(tree) if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)]
    counts = [len(node.value.keys) for node in assigned if "arms" in map(ast.unparse, node.targets)]
    return max(counts, default=0)


def measure(path: Path) -> dict[str, float]:
    """The numbers of one notebook, by the names of the budget."""
    section, cells, bound, found = "", [], set(), Counter()
    for cell in nbformat.read(path, as_version=4).cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown":
            section = [section, *re.findall(r"(?m)^## (.+)$", cell.source)][-1]
            found["predicts"] += cell.source.count("<details><summary>Answer")
        if cell.cell_type != "code" or "setup" in tags:
            continue
        tree, drawn = ast.parse(cell.source), len(FIGURE.findall(cell.source))
        found["width"] = max([found["width"], *map(len, cell.source.splitlines())])
        found["dense"] += dense_places(tree)
        found["asserts"] += sum(isinstance(node, ast.Assert) for node in ast.walk(tree))
        found["figures"] += drawn
        found["in diagnose"] += drawn * section.startswith("Diagnose")
        if section.startswith("Going deeper"):
            found["deeper"] += code_lines(cell.source)
            continue
        found["arms"] = max(found["arms"], arms(tree))
        if "claims" not in tags:
            cells.append(code_lines(cell.source))
            bound |= names(tree)
    found["median"] = statistics.median(cells or [0])
    found["longest"], found["lines"], found["names"] = max(cells, default=0), sum(cells), len(bound)
    found["above 10"] = sum(count > 10 for count in cells)
    return {name: found[name] for name in [*AT_MOST, *AT_LEAST]}


def faults(path: Path) -> list[str]:
    """What goes beyond the budget, in words."""
    found = measure(path)
    over = [f"{name} {found[name]:g}, at most {limit}" for name, limit in AT_MOST.items() if found[name] > limit]
    if path.name.startswith("00"):
        return over
    return over + [f"{name} {found[name]:g}, at least {n}" for name, n in AT_LEAST.items() if found[name] < n]


def main() -> int:
    """The command line. Returns 0, or 1 if a notebook is over its budget."""
    paths = [Path(name) for name in sys.argv[1:]]
    print("| notebook |", " | ".join([*AT_MOST, *AT_LEAST]), "|\n|---" + "|---" * len([*AT_MOST, *AT_LEAST]) + "|")
    for path in paths:
        print(f"| {path.stem} |", " | ".join(f"{value:g}" for value in measure(path).values()), "|")
    over = {path.stem: "; ".join(faults(path)) for path in paths if faults(path)}
    print("", *(f"{name}: {fault}" for name, fault in over.items()), sep="\n")
    print(f"{len(paths) - len(over)} of {len(paths)} within the budget")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
