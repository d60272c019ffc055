"""What the checks of all exercises share: three states, each one line, and clear words about a value of a wrong kind.

A check is plain assertions in the exercise's notebook. `check` around them turns whatever happens into one of

* `Exercise 1: not attempted.` – the answer still raises NotImplementedError,
* `Exercise 1: wrong, because ...` – an assertion failed, or the answer itself raised,
* `Exercise 1: right.`

Both failures are raised, so that nbgrader and nbval see them; a notebook shows them as one line, not as a traceback.
"""

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr

import numpy as np

# TensorFlow warns on stderr of functions traced anew, which no learner can act on; nbgrader takes it for a failure.
logging.getLogger("tensorflow").setLevel(logging.ERROR)


class _OneLine(Exception):
    """An exception which IPython shows as its message alone."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


class NotAttempted(_OneLine):
    """The answer's cell is as it was handed out."""


class WrongAnswer(_OneLine):
    """The answer ran, or tried to, and is not right; the message says why."""


@contextmanager
def check(name: str) -> Iterator[None]:
    """Around the assertions of an exercise: `with check("Exercise 1"): ...`. Introduced by lesson 01's exercises.

    Raises NotAttempted or WrongAnswer, or prints that the answer is right. What an answer writes to stderr, such as a
    progress bar or a warning, goes to stdout: nbgrader takes any word on stderr for a failure.
    """
    try:
        with redirect_stderr(sys.stdout):
            yield
    except NotImplementedError:
        message = f"{name}: not attempted. Replace `raise NotImplementedError()`, run that cell, then this one again."
        raise NotAttempted(message) from None
    except Exception as error:
        reason = error if _says_the_check(error) else _what_happened(error)
        raise WrongAnswer(f"{name}: wrong, because {reason}") from None
    print(f"{name}: right.")


def number(value, what: str) -> float:
    """`value` as a float; an AssertionError that says what came instead if it is not one finite number."""
    value = _numeric(value, what)
    assert value.size == 1, f"{what} should be one number, and has the shape {value.shape}."
    return float(value.reshape(()))


def array(value, shape: tuple[int, ...], what: str) -> np.ndarray:
    """`value` as a float array of this shape, all finite; an AssertionError that says what came instead if not."""
    value = _numeric(value, what)
    assert value.shape == tuple(shape), f"{what} should have the shape {tuple(shape)}, and has {value.shape}."
    return value


def word(value, what: str) -> str:
    """`value` as a plain string in small letters, without spaces around it; an AssertionError if it is no string."""
    assert issubclass(type(value), str), f"{what} should be a word in quotes, and is of type {type(value).__name__}."
    return str.__str__(value).strip().lower()  # str(value) would let a class of the answer's own speak


def words(values, what: str) -> set[str]:
    """`values` as a set of such strings; an AssertionError if it is no set, list or tuple of strings."""
    several = isinstance(values, set | frozenset | list | tuple)
    assert several, f"{what} should be a set of words, and is of type {type(values).__name__}."
    return {word(value, f"each of {what}") for value in values}


def _numeric(value, what: str) -> np.ndarray:
    assert value is not None, f"{what} is None. Does your function end with `return`?"
    try:
        value = np.array(value, "float64")  # a plain array of its own, whatever kind of array or object came
    except (TypeError, ValueError):
        raise AssertionError(f"{what} should be numeric, and is of type {type(value).__name__}.") from None
    assert np.isfinite(value).all(), f"{what} holds NaN or infinite values."
    return value


def _says_the_check(error: Exception) -> bool:
    """Whether an assertion of the check failed, or of this module; the answer may have its own, in another cell."""
    if not isinstance(error, AssertionError):
        return False
    frames = traceback.extract_tb(error.__traceback__)[1:]  # the first is `check`, the second is its cell
    return frames[-1].filename in (frames[0].filename, __file__)


def _what_happened(error: Exception) -> str:
    """The error and the line of the notebook that caused it. A line of the check itself says nothing to its reader."""
    told = str(error).strip().splitlines()
    sentence = f"your code raised {type(error).__name__}: {told[0] if told else 'no message'}"
    if isinstance(error, NameError):
        return f"{sentence}. Have you run the cells above?"
    frames = traceback.extract_tb(error.__traceback__)[1:]  # the first is `check`
    own = [frame for frame in frames if "site-packages" not in frame.filename and frame.line]
    return f"{sentence} – in the line `{own[-1].line}`" if own else sentence
