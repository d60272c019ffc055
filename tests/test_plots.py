"""Every figure is followed by a sentence computed from its data."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from helpers import plots
from helpers.experiment import Runs


def said(capsys) -> str:
    """What was printed, without its line breaks."""
    return " ".join(capsys.readouterr().out.split())


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def runs():
    rows = [
        ("raw", seed, epoch, "val_loss", 100.0 + seed if epoch else 200.0) for seed in range(3) for epoch in range(3)
    ] + [("scaled", seed, epoch, "val_loss", 0.5 - 0.1 * epoch) for seed in range(3) for epoch in range(3)]
    rows += [("gone", seed, epoch, "val_loss", np.nan) for seed in range(3) for epoch in range(3)]
    return Runs([0, 1, 2], pd.DataFrame(rows, columns=["arm", "seed", "epoch", "metric", "value"]), {}, pd.DataFrame())


def test_learning_curves_draw_every_seed_and_say_what_is_seen(capsys):
    roles = {"raw": "broken", "gone": "decoy", "scaled": "fixed"}
    plots.learning_curves(runs(), "val_loss", roles, "loss", {"the mean": 1.0}, divisor={"raw": 100}, log=True)
    axes = plt.gcf().axes
    assert [axis.get_title() for axis in axes] == ["raw (broken)", "gone (decoy)", "scaled (fixed)"]
    assert [len(axis.lines) for axis in axes] == [4, 4, 4]  # three seeds and the baseline
    assert said(capsys) == (
        "loss at the last epoch, median (lowest to highest of 3 seeds): raw 1.01 (1 to 1.02); "
        "gone NaN in every run; scaled 0.3 (0.3 to 0.3). Baselines: the mean 1."
    )


def test_paired_counts_the_seeds(capsys):
    table = pd.DataFrame({"raw": [1.0, 2, 3], "scaled": [0.5, 2.5, 1]})
    plots.paired(table, {"raw": "broken", "scaled": "fixed"}, "RMSE", {"persistence": 0.8})
    assert "scaled 1 (0.5 to 2.5), lower than raw for 2 of 3 seeds. Baselines: persistence 0.8." in said(capsys)
    assert plt.gcf().axes[0].get_ylabel() == "RMSE"


def test_series_names_the_ranges(capsys):
    plots.series(range(3), np.array([[1], [2], [30]]), {"raw": np.full((3, 1), 7)}, {"raw": "broken"}, "dust")
    assert said(capsys) == "dust: the target lies between 1 and 30; raw between 7 and 7."


def test_roles_differ_in_line_style_and_marker_too():
    for key in ("linestyle", "marker", "color"):
        assert len({style[key] for style in plots.STYLES.values()}) == len(plots.STYLES)


def test_unknown_arms_and_roles_are_named():
    with pytest.raises(ValueError, match=r"no such arm: .*'absent'"):
        plots.learning_curves(runs(), "val_loss", {"absent": "fixed"}, "loss")
    with pytest.raises(ValueError, match=r"no such role: .*'cured'"):
        plots.learning_curves(runs(), "val_loss", {"raw": "cured"}, "loss")


def test_promises_compare_the_means(capsys):
    promised, true = pd.DataFrame({"people": [0.8, 0.9]}), pd.DataFrame({"people": [0.8, 0.7]})
    plots.promises(promised, true, {"people": "fixed"}, "accuracy", {"guess": 0.1})
    assert said(capsys) == ("accuracy, mean of 2 runs: people 0.85 promised, 0.75 true, +0.1. Baselines: guess 0.1.")
    with pytest.raises(ValueError, match="no such arm"):
        plots.promises(promised, true, {"windows": "broken"}, "accuracy")


def test_capacity_curve_draws_every_run_and_says_the_medians(capsys):
    table = pd.DataFrame(
        {"size": [2, 2, 2, 16, 16, 2], "group": ["short"] * 5 + ["long"], "value": [0.1, 0.2, 0.6, 0.8, 0.9, 0.7]}
    )
    plots.capacity_curve(table, {"short": "partial", "long": "fixed"}, "units", "accuracy", {"guess": 0.5})
    axis = plt.gcf().axes[0]
    assert [len(points.get_offsets()) for points in axis.collections] == [5, 1]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["2", "16"]
    assert said(capsys) == (
        "accuracy, median by units: short: 0.2 at 2, 0.85 at 16; long: 0.7 at 2. Baselines: guess 0.5."
    )
    with pytest.raises(ValueError, match="no such arm"):
        plots.capacity_curve(table, {"shorter": "fixed"}, "units", "accuracy")
