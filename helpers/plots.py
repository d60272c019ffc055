"""The course's one look. Introduced in lesson 00.

Colours (Okabe and Ito) and line styles go by the role of an arm, so that a colour-blind reader and a grey printer keep
them apart. Every figure shows all seeds, and is followed by a sentence, computed from the data, on what is in it.
"""

import textwrap
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from helpers.experiment import Runs

STYLES = {
    "broken": {"color": "#D55E00", "linestyle": "--", "marker": "X"},
    "decoy": {"color": "#6E6E6E", "linestyle": ":", "marker": "s"},
    "partial": {"color": "#AA4A86", "linestyle": "-.", "marker": "D"},
    "fixed": {"color": "#0072B2", "linestyle": "-", "marker": "o"},
}
# One line style for each baseline of a figure: all black and thin.
BASELINES = ("-", (0, (8, 3)), (0, (2, 2)), (0, (8, 3, 2, 3)))


def use_course_style() -> None:
    """Set matplotlib's defaults for the whole notebook."""
    plt.rcParams.update(
        {
            "figure.dpi": 90,
            "figure.figsize": (9, 4),
            "figure.constrained_layout.use": True,
            "font.size": 12,
            "axes.titlesize": 12,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.color": "#DDDDDD",
            "lines.linewidth": 1.8,
            "legend.frameon": False,
        }
    )


def learning_curves(
    runs: Runs,
    metric: str,
    roles: Mapping[str, str],
    ylabel: str,
    baselines: Mapping[str, float] | None = None,
    divisor: Mapping[str, float] | None = None,
    log: bool = False,
) -> None:
    """A metric by epoch: a panel per arm, a line per seed, the baselines in every panel.

    roles: the arms to draw, in order, each with its role (broken, decoy, partial, fixed).
    divisor: for each arm, what its values are divided by, where arms measure in different units.
    Epoch 0 is before training.
    """
    table = runs.history[runs.history["metric"] == metric]
    _check_arms(roles, table["arm"].unique())
    columns = min(3, len(roles))
    rows = -(-len(roles) // columns)
    size = (9, 0.8 + 3 * rows)
    figure, axes = plt.subplots(rows, columns, sharex=True, sharey=True, squeeze=False, figsize=size)
    parts = []
    for axis, (arm, role) in zip(axes.flat, roles.items(), strict=False):
        values = table[table["arm"] == arm].pivot(index="epoch", columns="seed", values="value")
        values = values / (divisor or {}).get(arm, 1)
        axis.plot(values.index, values, **{**STYLES[role], "marker": None})
        axis.set_title(_title(arm, role))
        last = values.apply(lambda run: run.dropna().iloc[-1] if run.notna().any() else np.nan)
        parts.append(f"{arm} {_range(last)}")
        _draw_baselines(axis, baselines, label=axis is axes.flat[0])
    for axis in axes.flat[len(roles) :]:
        axis.remove()
    if log:
        axes.flat[0].set_yscale("log")
    figure.supxlabel("epoch", fontsize=12)
    figure.supylabel(ylabel, fontsize=12)
    if baselines:
        figure.legend(loc="outside lower right", ncols=len(baselines))
    plt.show()
    count = table["seed"].nunique()
    print(
        f"{ylabel} at the last epoch, median (lowest to highest of {count} seeds): {'; '.join(parts)}.{_say(baselines)}"
    )


def paired(
    table: pd.DataFrame,
    roles: Mapping[str, str],
    ylabel: str,
    baselines: Mapping[str, float] | None = None,
    log: bool = False,
) -> None:
    """One number per run: a column of points per arm, and a thin line through the runs of the same seed.

    table: a row per seed, a column per arm, such as `runs.final("val_loss")`. The sentence compares each arm with the
    first, seed by seed.
    """
    _check_arms(roles, table.columns)
    table = table[list(roles)]
    figure, axis = plt.subplots(figsize=(9, 4.2))
    axis.plot(range(len(roles)), table.to_numpy().T, color="#BBBBBB", linewidth=0.8, zorder=1)
    for x, (arm, role) in enumerate(roles.items()):
        style = STYLES[role]
        axis.scatter(np.full(len(table), x), table[arm], color=style["color"], marker=style["marker"], s=55, zorder=2)
    _draw_baselines(axis, baselines, label=True)
    axis.set_xticks(range(len(roles)), [_title(arm, role, width=18) for arm, role in roles.items()])
    axis.set_xlim(-0.5, len(roles) - 0.5)
    axis.set_ylabel(ylabel)
    if log:
        axis.set_yscale("log")
    if baselines:
        figure.legend(loc="outside upper right", ncols=len(baselines))
    plt.show()
    print(f"{ylabel}, median (lowest to highest of {len(table)} seeds): {_say_pairs(table)}.{_say(baselines)}")


def series(
    x: Sequence, target: np.ndarray, predictions: Mapping[str, np.ndarray], roles: Mapping[str, str], ylabel: str
) -> None:
    """Predictions over the target they are meant to follow: x (samples,), all others (samples,) or (samples, 1)."""
    _check_arms(roles, predictions)
    figure, axis = plt.subplots(figsize=(9, 3.6))
    target = np.asarray(target).ravel()
    axis.plot(x, target, color="black", linewidth=1, label="target")
    parts = []
    for name, role in roles.items():
        values = np.asarray(predictions[name]).ravel()
        axis.plot(x, values, label=_title(name, role, width=40), **{**STYLES[role], "marker": None})
        parts.append(f"{name} between {values.min():.3g} and {values.max():.3g}")
    axis.set_ylabel(ylabel)
    axis.tick_params(axis="x", rotation=20)
    figure.legend(loc="outside upper right", ncols=2)
    plt.show()
    print(f"{ylabel}: the target lies between {target.min():.3g} and {target.max():.3g}; {'; '.join(parts)}.")


def _check_arms(roles: Mapping[str, str], present: Sequence[str]) -> None:
    if unknown := [arm for arm in roles if arm not in set(present)]:
        raise ValueError(f"no such arm: {unknown}; there are {list(present)}")
    if unknown := [role for role in roles.values() if role not in STYLES]:
        raise ValueError(f"no such role: {unknown}; there are {list(STYLES)}")


def _title(arm: str, role: str, width: int = 26) -> str:
    """The role in words: colour alone must not carry it."""
    return textwrap.fill(arm if arm == role else f"{arm} ({role})", width)


def _draw_baselines(axis: plt.Axes, baselines: Mapping[str, float] | None, label: bool) -> None:
    for style, (name, value) in zip(BASELINES, (baselines or {}).items(), strict=False):
        axis.axhline(value, color="black", linewidth=1, linestyle=style, label=name if label else None)


def _range(values: pd.Series) -> str:
    diverged = int((~np.isfinite(values)).sum())
    if diverged == len(values):
        return "NaN in every run"
    finite = values[np.isfinite(values)]
    note = f", NaN in {diverged} runs" if diverged else ""
    return f"{finite.median():.3g} ({finite.min():.3g} to {finite.max():.3g}{note})"


def _say(baselines: Mapping[str, float] | None) -> str:
    return f" Baselines: {', '.join(f'{name} {value:.3g}' for name, value in baselines.items())}." if baselines else ""


def _say_pairs(table: pd.DataFrame) -> str:
    first, *others = table.columns
    parts = [f"{first} {_range(table[first])}"]
    for arm in others:
        lower = int((table[arm] < table[first]).sum())
        parts.append(f"{arm} {_range(table[arm])}, lower than {first} for {lower} of {len(table)} seeds")
    return "; ".join(parts)
