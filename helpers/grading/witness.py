"""Runs in the kernel that grades: remembers what the notebook gives, and says what is no longer so.

`Execute` of sandbox.py sends this text to the kernel before any code of a learner, and asks before and after each
check. It changes nothing, so that an answer is judged as in the learner's own notebook. Code in the same kernel can
outwit it; but whatever way a name or a function was replaced, it need not have been written down to be found.
"""

import contextlib
import hashlib
import json
import math
import random
import sys
import types

import numpy as np

PLAIN = (type(None), bool, int, float, complex, str, bytes)
BUILTIN = (types.BuiltinFunctionType, type, np.ufunc, type(np.sum))
OFTEN = ["numpy", "numpy.linalg", "numpy.random", "numpy._core.numeric", "numpy._core.fromnumeric", "helpers.exercises"]
LARGE = 64 * 2**20  # bytes; what is larger is known by its place in memory alone
MANY = 1000
CHANGE_THEMSELVES = ("matplotlib", "IPython", "tqdm")  # and judge nothing


class Witness:
    """`names`: where the notebook's names are."""

    def __init__(self, names: dict, builtin_names: dict, course: str):
        self.names, self.given, self.places, self.kept = names, {}, {}, []
        self.out, self.builtins = sys.stdout, set(builtin_names) - {"display"}  # people import that of IPython
        sys.path.insert(0, course)
        with contextlib.suppress(ImportError):
            __import__("helpers.exercises")
        sys.path.remove(course)
        for module in [*map(sys.modules.get, OFTEN), math, random, contextlib]:
            self.watch(module)
        # `input` and a few others are new for each cell.
        constant = {name: value for name, value in builtin_names.items() if type(value) in BUILTIN}
        self.places["builtins"] = (builtin_names, {name: self.print_of(value) for name, value in constant.items()})
        self.shadows = self.shadowing()

    def watch(self, module) -> None:
        """Remember the functions and classes of a module."""
        if type(module) is not types.ModuleType or module.__name__ in self.places or module.__name__ == "builtins":
            return
        if module.__name__.split(".")[0] in CHANGE_THEMSELVES:
            return
        values = dict(vars(module))
        prints = {n: self.print_of(v) for n, v in values.items() if isinstance(v, (*BUILTIN, types.FunctionType))}
        self.places[module.__name__] = (vars(module), prints)
        self.kept.append(values)  # so that no other object gets the place in memory of one of these
        for value in values.values():
            if isinstance(value, type):
                for base in type.mro(value)[:-1]:
                    self.watch_class(base)

    def watch_class(self, one: type) -> None:
        label = f"{one.__module__}.{one.__qualname__}"
        if label not in self.places and one.__flags__ & 1 << 9:  # the others cannot be changed
            methods = {name: value for name, value in vars(one).items() if type(value) is types.FunctionType}
            self.places[label] = (vars(one), {name: self.print_of(value) for name, value in methods.items()})
            self.kept.append(methods)

    def remember(self, names: list[str]) -> None:
        """Names that a given cell has just bound, and what they brought."""
        for name in names:
            if name in self.names:
                value = self.names[name]
                self.given[name] = self.print_of(value)
                self.kept.append(value)
                self.watch(value)
                if isinstance(value, types.FunctionType | type):
                    self.watch(sys.modules.get(value.__module__) if value.__module__ != "__main__" else None)
        for name, module in list(sys.modules.items()):
            if name.startswith("helpers.") and not name.startswith("helpers.grading"):
                self.watch(module)
        self.shadows |= self.shadowing() & {("", name) for name in names}

    def shadowing(self) -> set[tuple[str, str]]:
        """Names of builtins that the notebook, or a module of the course, has for something else."""
        where = {"": self.names} | {name: place[0] for name, place in self.places.items() if name[:8] == "helpers."}
        return {(label, name) for label, names in where.items() for name in self.builtins & set(names)}

    def changed(self) -> list[str]:
        """What is no longer as it was given."""
        found = [name for name, was in self.given.items() if not self.is_as(self.names, name, was)]
        for label, (names, prints) in self.places.items():
            found += [f"{label}.{name}" for name, was in prints.items() if not self.is_as(names, name, was)]
        shadows = self.shadowing() - self.shadows
        return found + [f"{label}.{name}".lstrip(".") for label, name in sorted(shadows) if name[:2] != "__"]

    def is_as(self, names: dict, name: str, was: tuple) -> bool:
        if name not in names:
            return False
        # A list or a dictionary that was given empty is there to be filled.
        return was == ("object", id(names[name])) or was == self.print_of(names[name])

    def tell(self, secret: str) -> None:
        self.out.write(f"{secret}{json.dumps(self.changed()[:MANY])}\n")
        self.out.flush()

    def print_of(self, value, depth: int = 3) -> tuple:
        """What tells `value` from another: of functions their code, of data their content, of the rest the place."""
        try:
            return self.content_of(value, depth)
        except Exception:  # a learner's object may do anything
            return ("object", id(value))

    def content_of(self, value, depth: int) -> tuple:
        kind = type(value)
        if kind in PLAIN:
            return (kind.__name__, repr(value) if kind is not str or len(value) < MANY else hash(value))
        if kind is types.FunctionType:
            cells = [cell.cell_contents for cell in value.__closure__ or ()]
            inner = [self.print_of(each, depth - 1) for each in cells if type(each) is types.FunctionType and depth]
            return ("function", id(value), value.__code__, tuple(map(id, value.__defaults__ or ())), *inner)
        if isinstance(value, type):
            own = [(n, self.print_of(v, 1)) for n, v in vars(value).items() if type(v) is types.FunctionType]
            return ("class", id(value), *own)
        if kind is np.ndarray and value.dtype != object and value.nbytes < LARGE:
            return ("array", value.dtype.str, value.shape, hashlib.blake2b(value.tobytes()).digest())
        if depth and kind.__module__.split(".")[0] == "pandas" and hasattr(value, "to_numpy"):
            content = self.content_of(value.to_numpy(), 0)
            return (kind.__name__, *(content if content[0] == "array" else ("table", id(value))))
        if depth and isinstance(value, list | tuple) and 0 < len(value) <= MANY:
            return (kind.__name__, *(self.print_of(each, depth - 1) for each in value))
        if depth and kind is dict and 0 < len(value) <= MANY:
            return ("dict", *((repr(key), self.print_of(each, depth - 1)) for key, each in value.items()))
        if depth and kind.__module__.split(".")[0] in ("__main__", "helpers"):
            return ("object", id(value), self.print_of(vars(value), depth - 1))
        return ("object", id(value))
