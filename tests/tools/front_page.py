"""Draws the picture on the front page, notebooks/images/broken_and_fixed.png, from the lessons' own runs.

    uv run python tests/tools/front_page.py             # runs the lessons, some minutes, keeps their scores, draws
    uv run python tests/tools/front_page.py --redraw    # draws again from the scores kept beside the picture

A lesson whose claims do not hold stops this: there is no picture of it.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
from notebook_runner import ROOT, execute_notebook
from PIL import Image

PICTURE = ROOT / "notebooks" / "images" / "broken_and_fixed.png"
SCORES = PICTURE.with_suffix(".json")
WIDTH = 1600  # pixels


@dataclass(frozen=True)
class Panel:
    """One lesson. `broken`, `fixed` (a score per run) and `baseline` are expressions in the lesson's own variables."""

    lesson: str
    symptom: str
    score: str
    arms: tuple[str, str]
    line: str
    broken: str
    fixed: str
    baseline: str


# At most seven: with the legend they fill the picture.
PANELS = [
    Panel(
        "01_unscaled_inputs",
        "Predicts a constant",
        "test error in µg/m³\n(lower is better)",
        ("raw data", "scaled data"),
        "predict: as it is now",
        'rmse["raw"]',
        'rmse["both scaled"]',
        'baselines["persistence"]',
    ),
    Panel(
        "02_data_leakage",
        "Good until deployed",
        "promised − true accuracy\n(0 is honest)",
        ("split by\nwindow", "split by\nperson"),
        "promise = truth",
        'promised["by window"] - true["by window"]',
        'promised["by person"] - true["by person"]',
        "0",
    ),
    Panel(
        "03_leakage_in_time",
        "Good until next year",
        "true − promised error, of\npersistence's (0 is honest)",
        ("shuffled", "in time,\nwith a gap"),
        "promise = truth",
        'true["shuffled"] - promised["shuffled"]',
        'true["in time, gap"] - promised["in time, gap"]',
        "0",
    ),
    Panel(
        "04_leaky_preprocessing",
        "Good until live",
        "true − promised error\nin µg/m³ (0 is honest)",
        ("centred\naverage", "trailing\naverage"),
        "promise = truth",
        'true["centred"] - promise["centred"]',
        'true["trailing"] - promise["trailing"]',
        "0",
    ),
    Panel(
        "05_class_imbalance",
        "Misses the rare class",
        "recall on the test part\n(higher is better)",
        ("threshold\none half", "threshold\nmoved"),
        "no alarm at all",
        'recall["plain"]',
        'recall["threshold moved"]',
        "0",
    ),
    Panel(
        "11_shallow_network",
        "Training score stays low",
        "training accuracy\n(higher is better)",
        ("2 units", "16 units"),
        "linear rule",
        'trained["2 units"]',
        'trained["16 units"]',
        'baselines["linear rule"]',
    ),
    Panel(
        "21_no_regularization",
        "Validation loss rises",
        "cross-entropy on the test part\n(lower is better)",
        ("not\nregularized", "with\ndropout"),
        "logistic regression",
        'loss["none"]',
        'loss["dropout"]',
        'linear_loss["linear model"]',
    ),
]


def scores(panel: Panel) -> dict[str, list[float] | float]:
    """Runs the lesson, and asks its variables for the scores of both arms and for the baseline."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{panel.lesson}.ipynb", as_version=4)
    values = ", ".join(f"{name!r}: list({getattr(panel, name)})" for name in ("broken", "fixed"))
    question = f"import json; print(json.dumps({{{values}, 'baseline': float({panel.baseline})}}, default=float))"
    notebook.cells.append(nbformat.v4.new_code_cell(question))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        if error := execute_notebook(notebook, ROOT, dict(os.environ), Path(scratch)):
            raise SystemExit(f"{panel.lesson}: {error}")
    return json.loads(notebook.cells[-1].outputs[0].text)


def draw(found: dict[str, dict]) -> plt.Figure:
    """A panel per lesson: the broken runs left, the fixed ones right, a thin line from each run to its partner."""
    from helpers import plots

    plots.use_course_style()
    figure, axes = plt.subplots(2, 4, figsize=(13.6, 7.2), dpi=WIDTH / 13.6)
    for axis, panel in zip(axes.flat, PANELS, strict=False):
        values = found[panel.lesson]
        shift = np.linspace(-0.16, 0.16, len(values["broken"]))  # so that equal scores stay apart
        axis.plot([shift, 1 + shift], [values["broken"], values["fixed"]], color="#BBBBBB", linewidth=0.8, zorder=1)
        for x, role in enumerate(("broken", "fixed")):
            style = plots.STYLES[role]
            axis.scatter(x + shift, values[role], color=style["color"], marker=style["marker"], s=45, zorder=3)
            mean = [np.mean(values[role])] * 2
            axis.plot([x - 0.3, x + 0.3], mean, color=style["color"], linestyle=style["linestyle"], zorder=2)
        axis.axhline(values["baseline"], color="black", linewidth=1)
        # At the left, where the broken runs are, there is room: they are far from the baseline.
        axis.annotate(panel.line, (-0.48, values["baseline"]), (0, 4), textcoords="offset points", fontsize=10)
        axis.set_title(f"{panel.lesson[:2]} · {panel.symptom}", loc="left", fontweight="bold")
        axis.set_ylabel(panel.score, fontsize=11)
        labels = [f"{name}\n({role})" for name, role in zip(panel.arms, ("broken", "fixed"), strict=True)]
        axis.set_xticks([0, 1], labels)
        axis.set_xlim(-0.5, 1.5)
        axis.margins(y=0.12)
        axis.grid(axis="x", visible=False)
    explain(axes.flat[-1], plots.STYLES)
    return figure


def explain(axis: plt.Axes, styles: dict) -> None:
    """The legend, in the place of an eighth panel."""
    axis.axis("off")
    rows = [
        (styles["broken"], "broken runs, and their mean"),
        (styles["fixed"], "fixed runs, and their mean"),
        ({"color": "#BBBBBB", "linewidth": 0.8}, "same seed; in 02, same people"),
        ({"color": "black", "linewidth": 1}, "a baseline without a network"),
    ]
    handles = [plt.Line2D([], [], **style) for style, _ in rows]
    axis.legend(handles, [text for _, text in rows], loc="center left", fontsize=11, handlelength=2.5, labelspacing=1.1)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--redraw", action="store_true", help="do not run the lessons, use the scores that were kept")
    parser.add_argument(
        "--lesson", help="run only the lesson whose name begins so, such as 02; keep the others' scores"
    )
    options = parser.parse_args(arguments)
    PICTURE.parent.mkdir(exist_ok=True)
    found = json.loads(SCORES.read_text(encoding="utf-8")) if SCORES.exists() else {}
    for panel in PANELS:
        if not options.redraw and panel.lesson.startswith(options.lesson or ""):
            found[panel.lesson] = scores(panel)
            print(panel.lesson, found[panel.lesson], flush=True)
            SCORES.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    draw(found).savefig(PICTURE)
    with Image.open(PICTURE) as picture:  # 64 colours are enough, and take a quarter of the bytes
        picture.convert("RGB").quantize(64).save(PICTURE, optimize=True)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))  # for the helpers
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    plt.switch_backend("agg")
    main()
