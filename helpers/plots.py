"""The course's one look. Introduced in lesson 00.

Colours (Okabe and Ito) and line styles go by the role of an arm, so that a colour-blind reader and a grey printer keep
them apart. Every figure shows all seeds, and a short text below it, computed from the data, says what is in it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

if TYPE_CHECKING:
    from helpers.experiment import Runs

STYLES = {
    "broken": {"color": "#D55E00", "linestyle": "--", "marker": "X"},
    "decoy": {"color": "#6E6E6E", "linestyle": ":", "marker": "s"},
    "partial": {"color": "#750A5A", "linestyle": "-.", "marker": "D"},
    "fixed": {"color": "#0072B2", "linestyle": "-", "marker": "o"},
}
# One line style for each baseline of a figure: all black and thin.
BASELINES = ("-", (0, (8, 3)), (0, (2, 2)), (0, (8, 3, 2, 3)))
PARTS = ("training", "validation", "test part", "live")  # of the data; they are no arms and have no role in a legend
WIDTH = 80  # characters of the text below a figure


def use_course_style() -> None:
    """Set matplotlib's defaults for the whole notebook."""
    plt.style.use(Path(__file__).with_name("course.mplstyle"))


def line_style(role: str) -> dict[str, str]:
    """Colour and line style of a role (broken, decoy, partial, fixed), for `axis.plot(x, y, **line_style("broken"))`.

    For figures that only one lesson draws. Lesson 01.
    """
    _check_roles({role: role}, [role])
    return {**STYLES[role], "marker": ""}


def describe(caption: str, rows: Mapping[str, Any] | None = None) -> None:
    """Print the text below a figure, for those who cannot see it: one sentence, or a caption and a line for each row.

    rows: for each name a text or a number. Lesson 01.
    """
    rows = {
        str(name): f"{value:.3g}" if isinstance(value, float) else str(value) for name, value in (rows or {}).items()
    }
    sentence = f"{caption}: {'; '.join(' '.join(row) for row in rows.items())}." if rows else caption
    if len(lines := textwrap.wrap(sentence, WIDTH)) > 2 and rows:
        width = max(map(len, rows))
        lines = [*textwrap.wrap(f"{caption}:", WIDTH), *(f"  {name:<{width}}  {text}" for name, text in rows.items())]
    print("\n".join(lines))


def curves(
    values: Mapping[str, Sequence[float]],
    roles: Mapping[str, str],
    ylabel: str,
    baselines: Mapping[str, float] | None = None,
    log: bool = False,
) -> None:
    """Single runs in one figure: a line each, such as `{"validation": history.history["val_loss"]}`.

    values: for each name its values by epoch, the first is epoch 1; a Series is drawn over its index. Lesson 00.
    """
    lines = {
        name: line if isinstance(line, pd.Series) else pd.Series(list(line), index=range(1, len(line) + 1))
        for name, line in values.items()
    }
    figure, axis = _draw(lines, roles)
    axis.set(xlabel="epoch", ylabel=ylabel)
    axis.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    _finish(figure, [axis], baselines, log, ncols=2)
    rows = {}
    for name in roles:
        line = lines[name]
        best, at = ("highest", line.idxmax) if "accuracy" in ylabel else ("lowest", line.idxmin)
        best = f"{best} {line[at()]:.3g} at {at():g}, " if line.notna().any() else ""
        rows[name] = f"first {line.iloc[0]:.3g}, {best}last {line.iloc[-1]:.3g}"
    describe(f"{ylabel}, by epoch", rows | _say(baselines))


def series(
    x: Sequence, target: np.ndarray, predictions: Mapping[str, np.ndarray], roles: Mapping[str, str], ylabel: str
) -> None:
    """Predictions over the target they are meant to follow: x (samples,), all others (samples,) or (samples, 1).

    Lesson 01.
    """
    lines = {name: pd.Series(np.ravel(values), x) for name, values in {**predictions, "target": target}.items()}
    figure, axis = _draw(lines, roles)
    axis.plot(lines["target"], color="black", linewidth=1, label="target", zorder=1)
    axis.set_ylabel(ylabel)
    axis.tick_params(axis="x", rotation=20)
    _finish(figure, [axis], ncols=2)
    ranges = {name: f"{lines[name].min():.3g} to {lines[name].max():.3g}" for name in ["target", *roles]}
    describe(f"{ylabel}, lowest to highest", ranges)


def learning_curves(
    runs: Runs,
    metric: str,
    roles: Mapping[str, str],
    ylabel: str,
    baselines: Mapping[str, float] | None = None,
    log: bool = False,
) -> None:
    """A metric by epoch: a panel per arm, a line per seed, the baselines in every panel. Epoch 0 is before training.

    roles: the arms to draw, in order, each with its role (broken, decoy, partial, fixed). Lesson 00.
    """
    table = runs.history[runs.history["metric"] == metric]
    _check_roles(roles, table["arm"].unique())
    columns = min(3, len(roles))
    rows = -(-len(roles) // columns)
    figure, axes = plt.subplots(rows, columns, sharex=True, sharey=True, squeeze=False, figsize=(8, 0.8 + 2.8 * rows))
    last = {}
    for axis, (arm, role) in zip(axes.flat, roles.items(), strict=False):
        one = table[table["arm"] == arm]
        lines = one.pivot(index="epoch", columns="seed", values="value")
        axis.plot(lines.index, lines, **line_style(role))
        axis.set_title(_title(arm, role, width=66 // columns))
        last[arm] = _range(one.groupby("seed")["value"].agg(lambda run: run.iloc[-1]))
    for axis in axes.flat[len(roles) :]:
        axis.remove()
    axes[0, 0].xaxis.set_major_locator(MaxNLocator("auto", integer=True))  # for all panels
    figure.supxlabel("epoch", fontsize=12)
    figure.supylabel(ylabel, fontsize=12)
    _finish(figure, axes.flat[: len(roles)], baselines, log)
    count = table["seed"].nunique()
    describe(f"{ylabel} at the last epoch, median (range of {count} seeds)", last | _say(baselines))


def paired(
    table: pd.DataFrame,
    roles: Mapping[str, str],
    ylabel: str,
    baselines: Mapping[str, float] | None = None,
    log: bool = False,
    rows: str = "seeds",
) -> None:
    """One number per run: a column of points per arm, and a thin line through the runs of the same seed.

    table: a row per seed, a column per arm, such as `runs.final("val_loss")`. The text compares each arm with the
    first, seed by seed; `rows` says what else the rows may be. Lesson 01.
    """
    _check_roles(roles, table.columns)
    table = table[list(roles)]
    figure, axis = plt.subplots(figsize=(8, 4))
    axis.plot(range(len(roles)), table.to_numpy().T, color="#BBBBBB", linewidth=0.8, zorder=1)
    text = {}
    for x, (arm, role) in enumerate(roles.items()):
        style = STYLES[role]
        axis.scatter(np.full(len(table), x), table[arm], color=style["color"], marker=style["marker"], s=55, zorder=2)
        lower = int((table[arm] < table.iloc[:, 0]).sum())
        text[arm] = _range(table[arm])
        if x:
            text[arm] += f", below {table.columns[0]} for {lower} of {len(table)} {rows}"
    axis.set_xticks(range(len(roles)), [_title(arm, role, width=74 // len(roles)) for arm, role in roles.items()])
    axis.set_xlim(-0.5, len(roles) - 0.5)
    axis.margins(y=0.1)
    axis.set_ylabel(ylabel)
    _finish(figure, [axis], baselines, log)
    describe(f"{ylabel}, median (range of {len(table)} {rows})", text | _say(baselines))


def promises(
    promised: pd.DataFrame,
    true: pd.DataFrame,
    roles: Mapping[str, str],
    xlabel: str,
    baselines: Mapping[str, float] | None = None,
    log: bool = False,
) -> None:
    """What an evaluation promised (hollow) above what new data gave (filled): a line per run, and the means.

    promised and true: a row per run, a column per arm. Lesson 02.
    """
    for table in (promised, true):
        _check_roles(roles, table.columns)
    figure, axis = plt.subplots(figsize=(8, 1 + 0.9 * len(roles)))
    rows = {}
    for y, (arm, role) in enumerate(roles.items()):
        color, marker = STYLES[role]["color"], STYLES[role]["marker"]
        axis.plot([promised[arm], true[arm]], [y - 0.2, y + 0.2], color="#BBBBBB", linewidth=0.8, zorder=1)
        for values, height, face in ((promised[arm], y - 0.2, "white"), (true[arm], y + 0.2, color)):
            at = np.full(len(values), height)
            axis.scatter(values, at, s=45, marker=marker, facecolor=face, edgecolor=color, zorder=2)
            axis.plot([values.mean()] * 2, [height - 0.15, height + 0.15], color=color, linewidth=2.5, zorder=3)
        difference = promised[arm].mean() - true[arm].mean()
        rows[arm] = f"{promised[arm].mean():.3g} promised, {true[arm].mean():.3g} true, difference {difference:+.2g}"
    axis.set_yticks(range(len(roles)), [_title(arm, role, width=24) for arm, role in roles.items()])
    axis.set_ylim(len(roles) - 0.5, -0.5)
    axis.set_xlabel(f"{xlabel}: promised hollow, above; true filled, below")
    _finish(figure, [axis], baselines, log, upright=True)
    describe(f"{xlabel}, mean of {len(promised)} runs", rows | _say(baselines))


def _check_roles(roles: Mapping[str, str], present: Iterable[str]) -> None:
    if unknown := [arm for arm in roles if arm not in set(present)]:
        raise ValueError(f"no such arm: {unknown}; there are {list(present)}")
    if unknown := [role for role in roles.values() if role not in STYLES]:
        raise ValueError(f"no such role: {unknown}; there are {list(STYLES)}")


def _title(arm: str, role: str, width: int) -> str:
    """The role in words: colour alone must not carry it."""
    return textwrap.fill(arm if arm in (role, *PARTS) else f"{arm} ({role})", width)


def _draw(lines: Mapping[str, pd.Series], roles: Mapping[str, str]) -> tuple[plt.Figure, plt.Axes]:
    _check_roles(roles, lines)
    figure, axis = plt.subplots()
    for name, role in roles.items():
        axis.plot(lines[name].index, lines[name], label=_title(name, role, 40), **line_style(role))
    return figure, axis


def _finish(
    figure: plt.Figure,
    axes: Sequence[plt.Axes],
    baselines: Mapping[str, float] | None = None,
    log: bool = False,
    ncols: int = 4,
    upright: bool = False,
) -> None:
    """Baselines, scale and legend; then the figure is shown. Ticks are plain numbers: 0.5, not 5 x 10^-1."""
    if len(baselines or {}) > len(BASELINES):
        raise ValueError(f"a figure has room for {len(BASELINES)} baselines, got {list(baselines)}")
    for axis in axes:
        for style, (name, value) in zip(BASELINES, (baselines or {}).items(), strict=False):
            draw = axis.axvline if upright else axis.axhline
            draw(value, color="black", linewidth=1, linestyle=style, label=name if axis is axes[0] else None)
        if log:
            axis.set(**{"xscale" if upright else "yscale": "log"})
            ticks = axis.xaxis if upright else axis.yaxis
            ticks.set_major_locator(LogLocator(subs=(1, 2, 5)))
            ticks.set_major_formatter("{x:g}")
            ticks.set_minor_formatter(NullFormatter())
    if axes[0].get_legend_handles_labels()[0]:
        figure.legend(loc="outside upper right", ncols=ncols)
    plt.show()


def _range(values: pd.Series) -> str:
    gone = int((~np.isfinite(values)).sum())
    if gone == len(values):
        return "NaN or infinite in every run"
    finite = values[np.isfinite(values)]
    note = f", NaN or infinite in {gone} runs" if gone else ""
    return f"{finite.median():.3g} ({finite.min():.3g} to {finite.max():.3g}{note})"


def _say(baselines: Mapping[str, float] | None) -> dict[str, str]:
    return {f"baseline {name}": f"{value:.3g}" for name, value in (baselines or {}).items()}
