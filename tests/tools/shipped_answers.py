"""The right and wrong answers that lie beside each solution, in notebooks/solutions/<lesson>/answers.py."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SOLUTIONS = Path(__file__).resolve().parents[2] / "notebooks" / "solutions"


class Answer(NamedTuple):
    """`verdict` is "right" or "wrong"; `reason`, of a wrong one, are words that its check has to say."""

    exercise: str
    verdict: str
    thought: str
    reason: str | None
    code: str


def answers(lesson: str, file: Path | None = None) -> Iterator[Answer]:
    """Each answer of a lesson, or of another file, in the file's order."""
    text = (file or SOLUTIONS / lesson / "answers.py").read_text(encoding="utf-8")
    found = re.split(r"(?m)^# %% (.+)$", text)[1:]
    for header, code in zip(found[::2], found[1::2], strict=True):
        exercise, verdict, thought, *reason = [part.strip() for part in header.split(" | ")]
        yield Answer(exercise, verdict, thought, reason[0] if reason else None, code.strip())
