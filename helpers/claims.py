"""The conclusions of a lesson, each beside its measurement. Introduced in lesson 00.

    check_claims(
        Claim("Raw data: all predictions are the same.", spread["raw"], "<", 0.05),
        Claim("Persistence is better.", persistence, "<", rmse["fixed"]),
        Claim("Dropout lowers the loss for most seeds.", drop, "<", none, share=0.8),
    )

shows a table, and raises ClaimsFailed below it if a claim did not hold.
"""

import math
import operator
import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import display

# In a notebook's outputs, under this key, stand the records that tests/tools/robustness.py reads.
MIME = "application/vnd.why-wont-it-learn.claims+json"
RELATIONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq}


class ClaimsFailed(AssertionError):
    """Some claims did not hold; the message names them with their figures."""


@dataclass(frozen=True, eq=False)
class Claim:
    """A sentence that holds if `measured` stands in `relation` to `bound`, for a `share` of the runs.

    measured: a number, or one per run (list, array, Series).
    relation: one of < <= > >= ==.
    bound: a number, or one per run; a Series is paired with a Series by its index, such as the seed.
    share: of the runs for which it has to hold. 1: all; 0.8: "for most seeds", four of five.

    NaN never holds. Raises ValueError for a sentence that is none, another relation, a share outside (0, 1], numbers
    that cannot be paired, or no number at all.
    """

    sentence: str
    measured: Any
    relation: str
    bound: Any
    share: float = 1.0

    def __post_init__(self):
        if not self.sentence.strip().endswith("."):
            raise ValueError(f"a claim is a sentence and ends with a full stop, got {self.sentence!r}")
        if self.relation not in RELATIONS:
            raise ValueError(f"the relation must be one of {' '.join(RELATIONS)}, got {self.relation!r}")
        if not 0 < self.share <= 1:
            raise ValueError(f"share must lie above 0 and be at most 1, got {self.share}")
        self.runs()

    def runs(self) -> pd.DataFrame:
        """A row per run: `measured`, `bound`, `held`, and `margin`, the room to the bound (below 0: not held)."""
        paired = isinstance(self.measured, pd.Series) and isinstance(self.bound, pd.Series)
        if paired and not self.measured.sort_index().index.equals(self.bound.sort_index().index):
            raise ValueError(f"measured and bound have different indices in {self.sentence!r}")
        bound = self.bound.reindex(self.measured.index) if paired else self.bound
        measured, bound = (np.asarray(values, "float64").reshape(-1) for values in (self.measured, bound))
        count = max(len(measured), len(bound))
        if min(len(measured), len(bound)) == 0 or {len(measured), len(bound)} - {1, count}:
            raise ValueError(f"{len(measured)} measured and {len(bound)} bounds do not pair in {self.sentence!r}")
        table = pd.DataFrame({"measured": np.resize(measured, count), "bound": np.resize(bound, count)})
        table["held"] = RELATIONS[self.relation](table["measured"], table["bound"])
        room = table["measured"] - table["bound"]
        if self.relation == "==":
            room = -room.abs()
        table["margin"] = -room if self.relation.startswith("<") else room
        return table

    def record(self) -> dict[str, Any]:
        """The claim as plain numbers. `margin` is that of the run on which the verdict hangs."""
        runs = self.runs()
        needed = math.ceil(self.share * len(runs) - 1e-9)
        margin = runs["margin"].fillna(-math.inf).nlargest(needed).iloc[-1]
        return {
            "sentence": self.sentence,
            "relation": self.relation,
            "measured": _span(runs["measured"]),
            "bound": _span(runs["bound"]),
            "share": self.share,
            "runs": len(runs),
            "runs_held": int(runs["held"].sum()),
            "held": bool(runs["held"].sum() >= needed),
            "margin": float(margin) if math.isfinite(margin) else None,
        }


def check_claims(*claims: Claim) -> None:
    """Show the claims as a table: claim, measured (lowest to highest run), bound, and whether it held.

    Raises ClaimsFailed, below the table, if any did not hold; ValueError if there is none.
    """
    if not claims:
        raise ValueError("there is no claim: give check_claims at least one Claim")
    records = [claim.record() for claim in claims]
    rows = [
        {
            "claim": record["sentence"],
            "measured": _range(record["measured"]),
            "bound": f"{record['relation']} {_range(record['bound'])}",
            "held": _verdict(record),
        }
        for record in records
    ]
    display({"text/plain": _plain(rows), "text/html": _html(rows), MIME: records}, raw=True)
    failed = [row for row, record in zip(rows, records, strict=True) if not record["held"]]
    if failed:
        lines = [f"{row['claim']} Measured {row['measured']}, bound {row['bound']}: {row['held']}." for row in failed]
        raise ClaimsFailed(f"{len(failed)} of {len(rows)} claims did not hold here:\n" + "\n".join(lines))


def _span(values: pd.Series) -> list[float | None]:
    """Lowest and highest; None stands for NaN and infinity, which JSON does not know."""
    bounds = [values.min(), values.max()] if values.notna().all() else [math.nan, math.nan]
    return [float(value) if math.isfinite(value) else None for value in bounds]


def _range(span: list[float | None]) -> str:
    if None in span:
        return "NaN or infinite"
    low, high = (f"{value:.3g}" for value in span)
    return low if low == high else f"{low} to {high}"


def _verdict(record: dict[str, Any]) -> str:
    """In words: colour alone must not carry it."""
    counts = f"{record['runs_held']} of {record['runs']} values" if record["runs"] > 1 else "1 value"
    if not record["held"]:
        return f"NOT HELD ({counts})"
    return f"yes ({counts})"


def _plain(rows: list[dict[str, str]]) -> str:
    lines = []
    for row in rows:
        lines += textwrap.wrap(row["claim"], 78)
        lines.append(f"    measured {row['measured']}; bound {row['bound']}; held: {row['held']}")
    return "\n".join(lines)


def _html(rows: list[dict[str, str]]) -> str:
    with pd.option_context("display.max_colwidth", None):
        table = pd.DataFrame(rows).to_html(index=False, border=0, justify="left")
    for cell in ("td", "th"):
        table = table.replace(f"<{cell}>", f'<{cell} style="text-align: left; white-space: normal">')
    return table
