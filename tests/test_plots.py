"""Every figure is followed by a sentence computed from its data."""

import subprocess
import sys
from pathlib import Path

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
    plots.learning_curves(runs(), "val_loss", roles, "loss", {"the mean": 1.0}, log=True)
    axes = plt.gcf().axes
    assert [axis.get_title() for axis in axes] == ["raw (broken)", "gone (decoy)", "scaled (fixed)"]
    assert [len(axis.lines) for axis in axes] == [4, 4, 4]  # three seeds and the baseline
    assert said(capsys) == (
        "loss at the last epoch, median (range of 3 seeds): raw 101 (100 to 102); "
        "gone NaN or infinite in every run; scaled 0.3 (0.3 to 0.3); baseline the mean 1."
    )


def test_learning_curves_say_that_a_run_became_nan_and_not_its_last_number(capsys):
    table = runs()
    late = (table.history["arm"] == "raw") & (table.history["epoch"] == 2) & (table.history["seed"] == 1)
    table.history.loc[late, "value"] = np.nan
    plots.learning_curves(table, "val_loss", {"raw": "broken"}, "loss")
    assert "raw 101 (100 to 102, NaN or infinite in 1 runs)" in said(capsys)


def test_learning_curves_take_the_last_epoch_of_a_run_that_stopped_early(capsys):
    table = runs()
    history = table.history[(table.history["epoch"] < 2) | (table.history["seed"] != 2)]
    plots.learning_curves(Runs([0, 1, 2], history, {}, pd.DataFrame()), "val_loss", {"scaled": "fixed"}, "loss")
    assert "scaled 0.3 (0.3 to 0.4)" in said(capsys)


def test_paired_counts_the_seeds(capsys):
    table = pd.DataFrame({"raw": [1.0, 2, 3], "scaled": [0.5, 2.5, 1]})
    plots.paired(table, {"raw": "broken", "scaled": "fixed"}, "RMSE", {"persistence": 0.8})
    assert "scaled 1 (0.5 to 2.5), below raw for 2 of 3 seeds; baseline persistence 0.8." in said(capsys)
    assert plt.gcf().axes[0].get_ylabel() == "RMSE"


def test_a_fifth_baseline_is_refused_and_not_left_out():
    table = pd.DataFrame({"raw": [1.0, 2, 3]})
    with pytest.raises(ValueError, match="room for 4 baselines"):
        plots.paired(table, {"raw": "broken"}, "RMSE", dict.fromkeys("abcde", 1.0))


def test_series_names_the_ranges(capsys):
    plots.series(range(3), np.array([[1], [2], [30]]), {"raw": np.full((3, 1), 7)}, {"raw": "broken"}, "dust")
    assert said(capsys) == "dust, lowest to highest: target 1 to 30; raw 7 to 7."


def test_curves_draw_single_runs_and_say_their_ends(capsys):
    lines = {"training": [3.0, 1.0], "broken run": pd.Series([2.0, 4.0, np.nan], index=[0, 5, 10])}
    plots.curves(lines, {"training": "decoy", "broken run": "broken"}, "loss", {"guessing": 2.3})
    assert said(capsys) == (
        "loss, by epoch: training first 3, lowest 1 at 2, last 1; "
        "broken run first 2, lowest 2 at 0, last nan; baseline guessing 2.3."
    )
    labels = plt.gcf().axes[0].get_legend_handles_labels()[1]
    assert labels == ["training", "broken run (broken)", "guessing"]


def test_curves_of_an_accuracy_say_the_highest_and_count_epochs_in_whole_numbers(capsys):
    plots.curves({"fit": [0.2, 0.9, 0.7]}, {"fit": "fixed"}, "validation accuracy")
    assert said(capsys) == "validation accuracy, by epoch: fit first 0.2, highest 0.9 at 2, last 0.7."
    assert all(tick == round(tick) for tick in plt.gcf().axes[0].get_xticks())


def test_describe_is_a_sentence_or_a_table_of_short_lines(capsys):
    plots.describe("Six images.")
    plots.describe("loss", {"a": 0.12345, "b": "low"})
    plots.describe("loss", {f"arm {i}": "a text that takes some room in a line" for i in range(6)})
    out = capsys.readouterr().out.splitlines()
    assert out[:2] == ["Six images.", "loss: a 0.123; b low."]
    assert len(out) == 9
    assert max(map(len, out)) <= plots.WIDTH


def test_plots_need_no_tensorflow():
    code = "import sys, helpers.plots; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).resolve().parents[1]).returncode == 0


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
    plots.promises(promised, true, {"people": "fixed"}, "score", {"all": 0.1})
    assert said(capsys) == "score, mean of 2 runs: people 0.85 promised, 0.75 true, difference +0.1; baseline all 0.1."
    with pytest.raises(ValueError, match="no such arm"):
        plots.promises(promised, true, {"windows": "broken"}, "accuracy")
