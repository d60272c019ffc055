"""A look at the code of an answer: what no exercise asks for, and what cheats are made of.

It reads, runs nothing, and proves nothing: its findings are for the column "needs a look". What it cannot see stands in
notebooks/INSTRUCTORS.md.
"""

import ast
import builtins
from collections.abc import Iterable, Iterator

from IPython.core.inputtransformer2 import TransformerManager


def words(text: str) -> frozenset[str]:
    """The words of `text`."""
    return frozenset(text.split())


MODULES = words(
    """
    _ctypes _thread builtins code codecs ctypes dis gc importlib inspect ipykernel IPython marshal mmap
    multiprocessing nbformat nbgrader os pdb pickle pkgutil psutil resource runpy shutil signal site socket
    subprocess sys tempfile threading traceback types unittest urllib weakref
    """
)
NAMES = words(
    """
    __builtins__ __import__ breakpoint compile delattr eval exec get_ipython globals input locals open os setattr
    sys vars
    """
)
ATTRIBUTES = words(
    """
    __array__ __bases__ __builtins__ __class__ __closure__ __code__ __defaults__ __dict__ __func__ __globals__
    __init_subclass__ __kwdefaults__ __mro__ __self__ __subclasses__ __wrapped__ _getframe _render_traceback_
    ag_frame cr_frame currentframe displayhook f_back f_builtins f_code f_globals f_locals gi_frame modules setattr
    setprofile settrace tb_frame tb_next user_ns
    """
)
# An object of such a class decides itself how it compares and what it is worth.
METHODS = words(
    """
    __array__ __array_function__ __array_ufunc__ __bool__ __del__ __eq__ __float__ __format__ __ge__ __getattr__
    __getattribute__ __gt__ __hash__ __index__ __instancecheck__ __int__ __le__ __lt__ __ne__ __repr__ __rsub__
    __str__ __sub__
    """
)


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
        self.given, self.functions, self.modules, self.imports = set(dir(builtins)), set(), set(), {}
        for source in given:
            tree = parsed(source) or ast.Module([], [])
            self.given |= bound_by(tree)
            self.imports |= imported_by(tree)
            self.modules |= set(imported_by(tree))
            self.functions |= {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
        for source in stubs:
            tree = parsed(source) or ast.Module([], [])
            self.given -= bound_by(tree)

    def at(self, source: str) -> list[str]:
        """What an instructor should look at in this cell of a learner, in a few words each."""
        if len(source) > 100_000:
            return [f"is {len(source):,} characters long"]
        tree = parsed(source)
        if tree is None:
            return []  # it did not run either
        imported = imported_by(tree)
        same = {name for name, what in imported.items() if self.imports.get(name) == what}
        found = [f"rebinds {name}" for name in sorted((bound_by(tree) & self.given) - same)]
        outside = self.modules | self.functions | set(imported) | {"__builtins__"}
        for node in ast.walk(tree):  # m = np
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in outside:
                outside |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        for node in ast.walk(tree):
            found += self._words(node, outside)
        return list(dict.fromkeys(found))

    def _words(self, node: ast.AST, outside: set[str]) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (f"imports {a.name}" for a in node.names if a.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom):
            if (node.module or "").split(".")[0] in MODULES or node.level:
                yield f"imports {node.module}"
            if any(alias.name == "*" for alias in node.names):
                yield f"imports * from {node.module}"
        elif isinstance(node, ast.Name) and node.id in NAMES:
            yield f"uses {node.id}"
        elif isinstance(node, ast.Attribute) and node.attr in ATTRIBUTES:
            yield f"uses .{node.attr}"
        elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            root = node.value
            while isinstance(root, ast.Attribute):
                root = root.value
            if isinstance(root, ast.Name) and root.id in outside:
                yield f"changes {ast.unparse(node)}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in ATTRIBUTES | METHODS:
            yield f"names {node.value}"
        elif isinstance(node, ast.ClassDef):
            for each in node.body:
                names = [each.name] if isinstance(each, ast.FunctionDef) else []
                if isinstance(each, ast.Assign):
                    names = [target.id for target in each.targets if isinstance(target, ast.Name)]
                yield from (f"defines {name}" for name in names if name in METHODS)
