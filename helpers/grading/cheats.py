"""A look at the code of an answer: what no exercise asks for, and what cheats are made of.

It reads, runs nothing, and proves nothing: its findings are for the column "needs a look". What it cannot see stands in
notebooks/INSTRUCTORS.md; witness.py sees some of that while the notebook runs.
"""

import ast
import builtins
import re
from collections.abc import Iterable, Iterator

from IPython.core.inputtransformer2 import TransformerManager


def words(text: str) -> frozenset[str]:
    """The words of `text`."""
    return frozenset(text.split())


# What an answer may import without a word.
USUAL = words(
    """
    __future__ abc bisect cmath collections copy dataclasses datetime decimal enum fractions functools heapq helpers
    itertools json keras math matplotlib numbers numpy operator pandas pprint random re scipy seaborn sklearn
    statistics string tensorflow textwrap time tqdm typing warnings
    """
)
# Through a usual module others can be reached, as in plt.sys.
MODULES = words(
    """
    _ctypes _thread builtins codecs contextlib ctypeslib ctypes dis f2py gc importlib inspect ipykernel IPython
    linecache marshal mmap multiprocessing nbformat nbgrader os pdb pickle pkgutil psutil runpy shutil socket
    subprocess sys tempfile threading traceback unittest weakref
    """
)
NAMES = words(
    """
    In Out Path breakpoint compile delattr eval exec get_ipython globals input locals open os setattr sys vars
    """
)
HISTORY = re.compile(r"_i\d*|_ii+|_[iod]h|_\d+|__+")  # IPython's: the texts and values of cells
ATTRIBUTES = words(
    """
    Formatter ag_frame attrgetter cr_frame currentframe displayhook f_back f_builtins f_code f_globals f_locals fromfile
    genfromtxt get_field gfile gi_frame import_module iterdir loadtxt memmap methodcaller modules open_memmap read_bytes
    read_csv read_file read_html read_json read_pickle read_table read_text setattr setprofile settrace tb_frame tb_next
    tofile update_wrapper user_ns wraps write_bytes write_text
    """
)
# The others lead to what Python is made of; in a class, they decide how an object compares and what it is worth.
HARMLESS = words(
    """
    __call__ __contains__ __doc__ __enter__ __exit__ __file__ __getitem__ __init__ __iter__ __len__ __main__ __name__
    __next__ __post_init__ __setitem__ __version__
    """
)
DUNDER = re.compile(r"__[A-Za-z]\w*?__")
PLAIN_CLASSES = words("bool bytes complex dict float frozenset int list set str tuple DataFrame Series ndarray type")
# Of a model or a table. What ends in _ is a fitted value of scikit-learn.
MAY_BE_SET = words("columns index learning_rate name shape stop_training trainable")


def parsed(source: str) -> ast.Module | None:
    """The syntax tree of a cell, its magics turned into calls; None if it has none."""
    try:
        return ast.parse(TransformerManager().transform_cell(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def bound_by(tree: ast.Module) -> set[str]:
    """The names that a cell binds: by a definition, an import or an assignment at its top level, or by `global`."""
    names, todo = set(), list(tree.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
            inner = [each for each in ast.walk(node) if isinstance(each, ast.Global)]
            names.update(name for each in inner for name in each.names)
            continue
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            # Its loop variables are its own; only `:=` binds outside.
            names.update(each.target.id for each in ast.walk(node) if isinstance(each, ast.NamedExpr))
            continue
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        if isinstance(node, ast.Import | ast.ImportFrom):
            names.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        todo += ast.iter_child_nodes(node)
    return names


def imported_by(tree: ast.Module) -> dict[str, str]:
    """The names that a cell's imports bind anywhere, and what they stand for."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {
                a.asname or a.name.split(".")[0]: a.name if a.asname else a.name.split(".")[0] for a in node.names
            }
        elif isinstance(node, ast.ImportFrom):
            found |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return found


class Look:
    """What the cells of a notebook as handed out give to a learner, and a look at what came back."""

    def __init__(self, given: Iterable[str], stubs: Iterable[str]):
        """`given`: the texts of the cells that are not the learner's, with checks; `stubs`: of the answers' cells."""
        self.given, self.imports = set(dir(builtins)), {}
        for source in given:
            tree = parsed(source) or ast.Module([], [])
            self.given |= bound_by(tree)
            self.imports |= imported_by(tree)
        for source in stubs:
            tree = parsed(source) or ast.Module([], [])
            self.given -= bound_by(tree)

    def at(self, source: str) -> list[str]:
        """What an instructor should look at in this cell of a learner, in a few words each."""
        if len(source) > 100_000:
            return [f"is {len(source):,} characters long"]
        tree = parsed(source)
        if tree is None:
            return ["cannot be parsed"]
        try:
            return self._at(tree)
        except RecursionError:
            return ["is nested too deeply to be looked at"]

    def _at(self, tree: ast.Module) -> list[str]:
        imported = imported_by(tree)
        same = {name for name, what in imported.items() if self.imports.get(name) == what}
        found = [f"rebinds {name}" for name in sorted((bound_by(tree) & self.given) - same)]
        direct = set()  # getattr(x, "name"): the look at words sees the name
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
                direct.add(node.func)
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id == "getattr" and node not in direct:
                found.append("uses getattr with a name made at run time")
            found += _words(node)
        return list(dict.fromkeys(found))


def _words(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from _imports(node)
    elif isinstance(node, ast.Name):
        if node.id in NAMES or _is_inside(node.id) or (HISTORY.fullmatch(node.id) and _is_read(node)):
            yield f"uses {node.id}"
    elif isinstance(node, ast.Attribute):
        if _leads_inside(node.attr) or (_is_private(node.attr) and not _is_own(node.value)):
            yield f"uses .{node.attr}"
        if not _is_read(node) and node.attr not in MAY_BE_SET and node.attr[-1] != "_" and not _is_own(node.value):
            yield f"changes {ast.unparse(node)[:60]}"
    elif isinstance(node, ast.MatchClass):
        yield from (f"uses .{name}" for name in node.kwd_attrs if _leads_inside(name))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        inside = [word for word in DUNDER.findall(node.value) if word not in HARMLESS]
        yield from (f"names {word}" for word in inside)
        if node.value in ATTRIBUTES | MODULES and node.value not in inside:
            yield f"names {node.value}"
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id == "type" and len(node.args) != 1:
            yield "makes a class by type()"
    elif isinstance(node, ast.ClassDef):
        bases = {each.id if isinstance(each, ast.Name) else getattr(each, "attr", "") for each in node.bases}
        yield from (f"defines a kind of {name}" for name in sorted(bases & PLAIN_CLASSES))
        for each in node.body:
            names = [each.name] if isinstance(each, ast.FunctionDef) else []
            if isinstance(each, ast.Assign):
                names = [target.id for target in each.targets if isinstance(target, ast.Name)]
            yield from (f"defines {name}" for name in names if _is_inside(name))


def _imports(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    for module in modules:
        if module == "IPython.display":  # usual, too
            continue
        parts = module.split(".")
        if parts[0] not in USUAL or "grading" in parts or MODULES & set(parts) or any(map(_is_private, parts[1:])):
            yield f"imports {module or 'from .'}"
    if isinstance(node, ast.ImportFrom):
        for alias in node.names:
            if alias.name == "*":
                yield f"imports * from {node.module}"
            elif _leads_inside(alias.name) or _is_private(alias.name) or alias.name == "grading":
                yield f"imports {alias.name}"


def _is_inside(name: str) -> bool:
    return bool(DUNDER.fullmatch(name)) and name not in HARMLESS


def _leads_inside(name: str) -> bool:
    return name in ATTRIBUTES or name in MODULES or _is_inside(name)


def _is_private(name: str) -> bool:
    return name[:1] == "_" and not DUNDER.fullmatch(name) and name not in ("_asdict", "_fields", "_replace")


def _is_own(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def _is_read(node: ast.Name | ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Load)
