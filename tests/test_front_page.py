"""The picture on the front page is small, shows lessons, and asks the lessons for variables that they have."""

import ast
import json

import front_page
import nbformat
import numpy as np
import pytest

every_panel = pytest.mark.parametrize("panel", front_page.PANELS, ids=lambda panel: panel.lesson)


def names(code, context):
    return {n.id for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Name) and isinstance(n.ctx, context)}


def test_every_panel_is_of_a_lesson_and_fits():
    lessons = {path.stem for path in front_page.ROOT.glob("notebooks/[0-9]*.ipynb")}
    assert {panel.lesson for panel in front_page.PANELS} <= lessons
    assert len(front_page.PANELS) <= 7


@every_panel
def test_a_panel_asks_for_variables_of_its_lesson(panel):
    notebook = nbformat.read(front_page.ROOT / "notebooks" / f"{panel.lesson}.ipynb", as_version=4)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    asked = set().union(*(names(question, ast.Load) for question in (panel.broken, panel.fixed, panel.baseline)))
    assert asked <= names(code, ast.Store)


@every_panel
def test_every_run_is_kept_and_the_fix_is_nearer_to_the_good_end(panel):
    kept = json.loads(front_page.SCORES.read_text(encoding="utf-8"))[panel.lesson]
    broken, fixed = (np.array(kept[role]) for role in ("broken", "fixed"))
    assert len(broken) == len(fixed) >= 5
    if "higher is better" in panel.score:
        assert np.mean(fixed) > np.mean(broken)
    elif "lower is better" in panel.score:
        assert np.mean(fixed) < np.mean(broken)
    else:
        assert abs(np.mean(fixed)) < abs(np.mean(broken))


def test_the_picture_is_small():
    assert 20_000 < front_page.PICTURE.stat().st_size < 200_000
