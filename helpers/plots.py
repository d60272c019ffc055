"""The course's one look. Introduced in lesson 00.

Colours (Okabe and Ito) and line styles go by the role of an arm, so that a colour-blind reader and a grey printer keep
them apart. Every figure shows all seeds, and is followed by a sentence, computed from the data, on what is in it.
"""

import textwrap
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from helpers.experiment import Runs

STYLES = {
    "broken": {"color": "#D55E00", "linestyle": "--", "marker": "X"},
    "decoy": {"color": "#6E6E6E", "linestyle": ":", "marker": "s"},
    "partial": {"color": "#750A5A", "linestyle": "-.", "marker": "D"},
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
    columns = min(4 if len(roles) > 6 else 3, len(roles))
    rows = -(-len(roles) // columns)
    size = (9, 0.8 + 3 * rows)
    figure, axes = plt.subplots(rows, columns, sharex=True, sharey=True, squeeze=False, figsize=size)
    parts = []
    for axis, (arm, role) in zip(axes.flat, roles.items(), strict=False):
        values = table[table["arm"] == arm].pivot(index="epoch", columns="seed", values="value")
        values = values / (divisor or {}).get(arm, 1)
        axis.plot(values.index, values, **{**STYLES[role], "marker": None})
        axis.set_title(_title(arm, role, width=72 // columns))
        last = values.apply(lambda run: run.dropna().iloc[-1] if run.notna().any() else np.nan)
        parts.append(f"{arm} {_range(last)}")
        _draw_baselines(axis, baselines, label=axis is axes.flat[0])
    for axis in axes.flat[len(roles) :]:
        axis.remove()
    if log:
        _log_scale(axes.flat[0])
    figure.supxlabel("epoch", fontsize=12)
    figure.supylabel(ylabel, fontsize=12)
    if baselines:
        figure.legend(loc="outside lower right", ncols=len(baselines))
    plt.show()
    count = table["seed"].nunique()
    _write(
        f"{ylabel} at the last epoch, median (lowest to highest of {count} seeds): {'; '.join(parts)}.{_say(baselines)}"
    )


def paired(
    table: pd.DataFrame,
    roles: Mapping[str, str],
    ylabel: str,
    baselines: Mapping[str, float] | None = None,
    log: bool = False,
    rows: str = "seeds",
) -> None:
    """One number per run: a column of points per arm, and a thin line through the runs of the same seed.

    table: a row per seed, a column per arm, such as `runs.final("val_loss")`. The sentence compares each arm with the
    first, seed by seed; `rows` says what else the rows may be.
    """
    _check_arms(roles, table.columns)
    table = table[list(roles)]
    figure, axis = plt.subplots(figsize=(9, 4.2))
    axis.plot(range(len(roles)), table.to_numpy().T, color="#BBBBBB", linewidth=0.8, zorder=1)
    for x, (arm, role) in enumerate(roles.items()):
        style = STYLES[role]
        axis.scatter(np.full(len(table), x), table[arm], color=style["color"], marker=style["marker"], s=55, zorder=2)
    _draw_baselines(axis, baselines, label=True)
    axis.set_xticks(range(len(roles)), [_title(arm, role, width=84 // len(roles)) for arm, role in roles.items()])
    axis.set_xlim(-0.5, len(roles) - 0.5)
    axis.margins(y=0.1)
    axis.set_ylabel(ylabel)
    if log:
        _log_scale(axis)
    if baselines:
        figure.legend(loc="outside upper right", ncols=len(baselines))
    plt.show()
    _write(f"{ylabel}, median (lowest to highest of {len(table)} {rows}): {_say_pairs(table, rows)}.{_say(baselines)}")


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
    _write(f"{ylabel}: the target lies between {target.min():.3g} and {target.max():.3g}; {'; '.join(parts)}.")


def train_and_validation(
    history: Mapping[str, Sequence[float]], metric: str, ylabel: str, baselines: Mapping[str, float] | None = None
) -> None:
    """One run: a metric on the training part (grey, dotted) and on the validation part (vermillion), by epoch from 1.

    history: what `model.fit(...).history` holds, with the metric and its `val_` twin. Introduced in lesson 21.
    """
    training, validation = np.asarray(history[metric]), np.asarray(history[f"val_{metric}"])
    epochs = np.arange(1, len(training) + 1)
    figure, axis = plt.subplots(figsize=(9, 3.6))
    axis.plot(epochs, training, label="training", **{**STYLES["decoy"], "marker": None})
    axis.plot(epochs, validation, label="validation", **{**STYLES["broken"], "marker": None})
    _draw_baselines(axis, baselines, label=True)
    axis.set_xlabel("epoch")
    axis.set_ylabel(ylabel)
    figure.legend(loc="outside upper right", ncols=2 + len(baselines or {}))
    plt.show()
    _write(
        f"{ylabel}, training: {training[0]:.3g} at the first epoch, {training[-1]:.3g} at the last; validation: "
        f"{validation[0]:.3g} at the first, {validation.min():.3g} at its lowest in epoch {validation.argmin() + 1}, "
        f"{validation[-1]:.3g} at the last.{_say(baselines)}"
    )


def signal_bands(
    x: Sequence, groups: Mapping[str, np.ndarray], roles: Mapping[str, str], xlabel: str, ylabel: str
) -> None:
    """Signals of several groups: the mean of each, and the band that holds 80 % of its samples at each x.

    groups: for each name (samples, len(x)). Introduced in lesson 05.
    """
    _check_arms(roles, groups)
    figure, axis = plt.subplots(figsize=(9, 3.6))
    parts = []
    for name, role in roles.items():
        values, style = np.asarray(groups[name]), {**STYLES[role], "marker": None}
        axis.fill_between(x, *np.quantile(values, (0.1, 0.9), axis=0), color=style["color"], alpha=0.15, linewidth=0)
        mean = values.mean(axis=0)
        axis.plot(x, mean, label=f"{name}, mean and 80 % band", **style)
        low, high = mean.argmin(), mean.argmax()
        parts.append(f"{name} {mean[low]:.2g} at {x[low]:.0f} and {mean[high]:.2g} at {x[high]:.0f}")
    axis.set_xlabel(xlabel)
    axis.set_ylabel(ylabel)
    figure.legend(loc="outside upper right", ncols=len(roles))
    plt.show()
    _write(f"Mean {ylabel} over {xlabel}, lowest and highest point: {'; '.join(parts)}.")


def reliability(tables: Mapping[str, Sequence[pd.DataFrame]], roles: Mapping[str, str]) -> None:
    """Observed share against predicted probability: a panel per arm, a line per seed; on the diagonal, a probability
    means what it says.

    tables: for each arm one table per seed, as `instruments.reliability` returns them. Introduced in lesson 05.
    """
    _check_arms(roles, tables)
    figure, axes = plt.subplots(1, len(roles), sharex=True, sharey=True, squeeze=False, figsize=(9, 3.8))
    parts = []
    for axis, (arm, role) in zip(axes.flat, roles.items(), strict=True):
        axis.plot((0, 1), (0, 1), color="black", linewidth=1)
        for table in tables[arm]:
            axis.plot(table["predicted"], table["observed"], **{**STYLES[role], "markersize": 5, "linewidth": 1})
        axis.set_title(_title(arm, role))
        top = pd.DataFrame([table.iloc[-1] for table in tables[arm]])
        parts.append(f"{arm}: predicted {_range(top['predicted'])}, observed {_range(top['observed'])}")
    figure.supxlabel("predicted probability", fontsize=12)
    figure.supylabel("observed share", fontsize=12)
    plt.show()
    _write(f"In the group of highest probabilities, median (lowest to highest of the seeds): {'; '.join(parts)}.")


def capacity_curve(
    table: pd.DataFrame,
    roles: Mapping[str, str],
    xlabel: str,
    ylabel: str,
    baselines: Mapping[str, float] | None = None,
) -> None:
    """A number against the size of the network: a point per run, and a line through the medians of each group.

    table: a row per run; columns `size`, `group` and `value`. roles: the groups to draw, each with its role.
    Introduced in lesson 11.
    """
    _check_arms(roles, table["group"].unique())
    sizes = sorted(table["size"].unique())
    figure, axis = plt.subplots(figsize=(9, 4))
    parts = []
    for i, (group, role) in enumerate(roles.items()):
        runs = table[table["group"] == group]
        x = runs["size"].map(sizes.index) + 0.16 * (i - (len(roles) - 1) / 2)
        style = STYLES[role]
        axis.scatter(x, runs["value"], color=style["color"], marker=style["marker"], s=25, alpha=0.6)
        medians = runs.groupby("size")["value"].median()
        axis.plot(sorted(x.unique()), medians, label=group, color=style["color"], linestyle=style["linestyle"])
        parts.append(f"{group}: {', '.join(f'{value:.3g} at {size}' for size, value in medians.items())}")
    _draw_baselines(axis, baselines, label=True)
    axis.set_xticks(range(len(sizes)), sizes)
    axis.set_xlabel(xlabel)
    axis.set_ylabel(ylabel)
    figure.legend(loc="outside upper right", ncols=len(roles) + len(baselines or {}))
    plt.show()
    _write(f"{ylabel}, median by {xlabel}: {'; '.join(parts)}.{_say(baselines)}")


def promises(
    promised: pd.DataFrame,
    true: pd.DataFrame,
    roles: Mapping[str, str],
    xlabel: str,
    baselines: Mapping[str, float] | None = None,
    log: bool = False,
) -> None:
    """What an evaluation promised (hollow) above what new data gave (filled): a line per run, and the means.

    promised and true: a row per run, a column per arm. Introduced in lesson 02.
    """
    _check_arms(roles, promised.columns)
    _check_arms(roles, true.columns)
    figure, axis = plt.subplots(figsize=(9, 1 + 0.9 * len(roles)))
    parts = []
    for y, (arm, role) in enumerate(roles.items()):
        color, marker = STYLES[role]["color"], STYLES[role]["marker"]
        axis.plot([promised[arm], true[arm]], [y - 0.2, y + 0.2], color="#BBBBBB", linewidth=0.8, zorder=1)
        for values, height, face in ((promised[arm], y - 0.2, "white"), (true[arm], y + 0.2, color)):
            axis.scatter(
                values, np.full(len(values), height), s=45, marker=marker, facecolor=face, edgecolor=color, zorder=2
            )
            axis.plot([values.mean()] * 2, [height - 0.15, height + 0.15], color=color, linewidth=2.5, zorder=3)
        difference = promised[arm].mean() - true[arm].mean()
        parts.append(f"{arm} {promised[arm].mean():.3g} promised, {true[arm].mean():.3g} true, {difference:+.2g}")
    for style, (name, value) in zip(BASELINES, (baselines or {}).items(), strict=False):
        axis.axvline(value, color="black", linewidth=1, linestyle=style, label=name)
    axis.set_yticks(range(len(roles)), [_title(arm, role, width=24) for arm, role in roles.items()])
    axis.set_ylim(len(roles) - 0.5, -0.5)
    if log:
        axis.set_xscale("log")
        axis.xaxis.set_major_formatter("{x:g}")
    axis.set_xlabel(f"{xlabel}: promised hollow, above; true filled, below")
    if baselines:
        figure.legend(loc="outside upper right", ncols=len(baselines))
    plt.show()
    _write(f"{xlabel}, mean of {len(promised)} runs: {'; '.join(parts)}.{_say(baselines)}")


def _write(sentence: str) -> None:
    """Print a sentence in lines that fit below a figure; notebooks break long lines anywhere."""
    print(textwrap.fill(sentence, 100))


def _check_arms(roles: Mapping[str, str], present: Sequence[str]) -> None:
    if unknown := [arm for arm in roles if arm not in set(present)]:
        raise ValueError(f"no such arm: {unknown}; there are {list(present)}")
    if unknown := [role for role in roles.values() if role not in STYLES]:
        raise ValueError(f"no such role: {unknown}; there are {list(STYLES)}")


def _title(arm: str, role: str, width: int = 26) -> str:
    """The role in words: colour alone must not carry it."""
    return textwrap.fill(arm if arm == role else f"{arm} ({role})", width)


def _log_scale(axis: plt.Axes) -> None:
    """Logarithmic, with ticks in plain numbers: 0.5 and not 5 x 10^-1."""
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.yaxis.set_minor_formatter(NullFormatter())


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


def _say_pairs(table: pd.DataFrame, rows: str = "seeds") -> str:
    first, *others = table.columns
    parts = [f"{first} {_range(table[first])}"]
    for arm in others:
        lower = int((table[arm] < table[first]).sum())
        parts.append(f"{arm} {_range(table[arm])}, lower than {first} for {lower} of {len(table)} {rows}")
    return "; ".join(parts)
