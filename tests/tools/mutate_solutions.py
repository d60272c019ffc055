"""Puts mutants of the model solutions before the exercises' checks, and prints those that are accepted.

    uv run python tests/tools/mutate_solutions.py 02_data_leakage
    uv run python tests/tools/mutate_solutions.py 11_shallow_network --most 20   # drawn by lot, of each exercise

A mutant is the model solution with one change: a comparison turned, a number or an axis changed, + for -, a line or an
argument dropped, mean for median, one argument of the function for another. One that is accepted is either right by the
exercise's text, or shows a hole in its check. CONTRIBUTING.md says what came of it.
"""

import argparse
import ast
import copy
import os
import random
import sys

from judge_answers import SECONDS, cell_of, given, judge_quietly, quiet
from shipped_answers import SOLUTIONS

COMPARED = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
}
COMPARED |= {ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,)}
COMPUTED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult}
PAIRS = [("mean", "median"), ("std", "var"), ("max", "min"), ("argmax", "argmin"), ("idxmax", "idxmin"), ("add", "pop")]
NAMES = {a: b for pair in PAIRS for a, b in (pair, pair[::-1])}


def changes(node, arguments):
    """What may become of one node of the syntax tree: functions that change a copy of it in place."""
    match node:
        case ast.Compare():
            for other in COMPARED.get(type(node.ops[0]), ()):
                yield lambda n, other=other: n.ops.__setitem__(0, other())
        case ast.BinOp() if type(node.op) in COMPUTED:
            yield lambda n: setattr(n, "op", COMPUTED[type(n.op)]())
        case ast.Constant(value=bool()):
            yield lambda n: setattr(n, "value", not n.value)
        case ast.Constant(value=int() | float()):
            for value in {node.value + 1, node.value - 1, 2 * node.value, 0.5 * node.value} - {node.value}:
                yield lambda n, value=value: setattr(n, "value", value)
        case ast.Constant(value=str()):
            yield lambda n: setattr(n, "value", n.value + "x")
        case ast.Call():
            for i in range(len(node.args)):
                yield lambda n, i=i: n.args.pop(i)
            for i in range(len(node.keywords)):
                yield lambda n, i=i: n.keywords.pop(i)
        case ast.Attribute() if node.attr in NAMES:
            yield lambda n: setattr(n, "attr", NAMES[n.attr])
        case ast.Name(ctx=ast.Load()) if node.id in arguments:
            for other in arguments:
                if other != node.id:
                    yield lambda n, other=other: setattr(n, "id", other)
        case ast.UnaryOp():
            yield lambda n: setattr(n, "op", ast.UAdd())
    for field in ("body", "orelse"):
        lines = getattr(node, field, None)
        for i in range(len(lines) if isinstance(lines, list) else 0):
            if not isinstance(node, ast.Module):
                yield lambda n, i=i, field=field: getattr(n, field).__setitem__(i, ast.Pass())


def mutants(code):
    """Each other program that is one change away, as (what was changed, its code)."""
    tree = ast.parse(code)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    for function in functions:
        function.body = function.body[ast.get_docstring(function) is not None :]
    arguments = [argument.arg for function in functions for argument in function.args.args]
    seen = {ast.unparse(tree)}
    for place, node in enumerate(ast.walk(tree)):
        for change in changes(node, arguments):
            other = copy.deepcopy(tree)
            change(list(ast.walk(other))[place])
            program = ast.unparse(ast.fix_missing_locations(other))
            if program not in seen:
                seen.add(program)
                yield difference(ast.unparse(tree), program), program


def difference(before, after):
    """The place where two programs differ, with some words around it."""
    start = next(i for i, (a, b) in enumerate(zip(before + " ", after + "\n", strict=False)) if a != b)
    ends = zip(before[start:][::-1] + " ", after[start:][::-1] + "\n", strict=False)
    end = next(i for i, (a, b) in enumerate(ends) if a != b)
    around = slice(max(start - 30, 0), start), slice(len(before) - end, len(before) - end + 20)
    left, right = before[around[0]].split("\n")[-1], before[around[1]].split("\n")[0]
    changed = [program[start : len(program) - end] for program in (before, after)]
    return f"{left}[{changed[0]} -> {changed[1]}]{right}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lesson")
    parser.add_argument("--only", nargs="+", default=["exercise-1", "exercise-2", "exercise-3"])
    parser.add_argument("--most", type=int, default=10**6, help="mutants of each exercise")
    told = parser.parse_args()
    os.environ["MPLBACKEND"] = "agg"
    sys.path.insert(0, str(SOLUTIONS.parents[1]))
    os.chdir(SOLUTIONS / told.lesson)
    with quiet():
        names = given(told.lesson)
    for exercise in told.only:
        made = list(mutants(cell_of(told.lesson, exercise)))
        made = random.Random(0).sample(made, min(told.most, len(made)))
        survivors = [what for what, code in made if not judge_quietly(names, told.lesson, exercise, code, SECONDS)[0]]
        for what in survivors:
            print(f"  accepted: {what}")
        print(f"{told.lesson}, {exercise}: {len(made) - len(survivors)} of {len(made)} mutants rejected.", flush=True)


if __name__ == "__main__":
    main()
