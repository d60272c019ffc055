"""Every notebook keeps to the form of a lesson. What the cells compute is tested by nbval, which runs them."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LESSONS = [path for path in NOTEBOOKS if not path.name.startswith("00")]
SECTIONS = [
    "Setup",
    "The symptom",
    "Predict",
    "Diagnose",
    "The fix",
    "The evidence",
    "Claims",
    "What the documents say",
    "Limits",
    "In this notebook we …",
]
CARD = ["**Symptom**", "**Check**", "**Fix**", "**Not this if**"]

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
every_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=4)


def cells(path, kind):
    return [cell for cell in read(path).cells if cell.cell_type == kind]


def tagged(path, tag):
    return [cell for cell in cells(path, "code") if tag in cell.metadata.get("tags", [])]


def prose(path):
    return "\n\n".join(cell.source for cell in cells(path, "markdown"))


def headings(path, level):
    without_code = re.sub(r"```.*?```", "", prose(path), flags=re.DOTALL)
    return re.findall(rf"^{'#' * level} (.+)$", without_code, flags=re.MULTILINE)


@every_notebook
def test_is_valid_and_holds_no_outputs(path):
    notebook = read(path)
    nbformat.validate(notebook)
    for cell in cells(path, "code"):
        assert cell.outputs == []
        assert cell.execution_count is None
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


@every_notebook
def test_setup_cell_is_the_same_everywhere_first_and_collapsed(path):
    first = cells(path, "code")[0]
    assert first.source == cells(NOTEBOOKS[0], "code")[0].source
    assert tagged(path, "setup") == [first]
    assert first.metadata["jupyter"]["source_hidden"]
    assert first.metadata["cellView"] == "form"  # the same for Colab


@every_notebook
def test_begins_with_its_title_symptom_and_goals(path):
    first = cells(path, "markdown")[0].source
    assert re.match(r"# \d\d · \w", first)
    assert first.startswith(f"# {path.name[:2]} · ")
    assert headings(path, 1) == [first.splitlines()[0][2:]]
    goals = re.search(r"\*\*You will be able to\*\*\n\n((?:\* .+\n)+)", first).group(1)
    assert 3 <= len(goals.splitlines()) <= 4
    assert "**Time:**" in first


@every_lesson
def test_sections_come_in_the_order_of_the_pattern(path):
    assert headings(path, 2) == SECTIONS
    first = cells(path, "markdown")[0].source
    assert "**The symptom.**" in first
    assert "**Data:**" in first
    assert "**Before this:**" in first


@every_notebook
def test_ends_with_the_card(path):
    last = cells(path, "markdown")[-1].source
    assert last.startswith("## In this notebook we …")
    assert re.findall(r"^\| (\*\*.+?\*\*) \| .+ \|$", last, flags=re.MULTILINE) == CARD


@every_lesson
def test_asks_before_it_answers(path):
    sections = re.split(r"^## ", prose(path), flags=re.MULTILINE)
    predict = next(section for section in sections if section.startswith("Predict"))
    assert "?" in predict.split("<details>")[0]
    assert re.search(r"<details><summary>.+</summary>.+</details>", predict, flags=re.DOTALL)


@every_lesson
def test_cells_are_many_and_short(path):
    lengths = [len(cell.source.splitlines()) for cell in cells(path, "code")[1:]]  # after the setup cell
    assert 12 <= len(lengths) <= 21
    assert max(lengths) <= 25


@every_notebook
def test_asserts_are_claims_with_a_sentence_in_cells_tagged_so(path):
    assert tagged(path, "claims")
    for cell in cells(path, "code"):
        tree = ast.parse(cell.source)
        found = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
        if "claims" not in cell.metadata.get("tags", []):
            assert not found, "an assert outside a cell tagged claims"
        elif not found:
            pytest.fail("a cell tagged claims without an assert")
        for claim in found:
            assert isinstance(claim.msg, ast.Constant), "a claim is one plain sentence"
            assert re.fullmatch(r"[A-Z“\"].+\.", claim.msg.value), claim.msg.value
            assert not isinstance(claim.test, ast.Constant), f"cannot fail: {claim.msg.value}"


@every_notebook
def test_nothing_is_installed_and_plain_keras_is_used(path):
    for cell in cells(path, "code"):
        assert not re.search(r"(?m)^\s*[!%]", cell.source), "magics and shell commands do not run everywhere"
        assert not re.search(r"\bpip\b(?! install)", cell.source) or "setup" in cell.metadata.get("tags", [])
        assert "pip install" not in cell.source
        assert "tf.keras" not in cell.source


@every_notebook
def test_images_have_alt_text_and_links_lead_somewhere(path):
    text = prose(path)
    for alt, _ in re.findall(r"!\[(.*?)\]\((.+?)\)", text):
        assert len(alt) > 20, "alt text says what the picture shows"
    assert not re.search(r"<img(?![^>]*\balt=)", text)
    for label, target in re.findall(r"(?<!!)\[([^\]]+)\]\(([^)]+)\)", text):
        assert label.lower() not in {"here", "link", "this"}
        if "://" not in target:
            assert (path.parent / target.split("#")[0]).exists(), f"{target} does not exist"


@every_notebook
def test_no_word_that_belittles_the_reader(path):
    assert not re.search(r"\b(simply|obviously|trivially)\b", prose(path), flags=re.IGNORECASE)


def test_the_start_notebook_and_the_readme_list_every_lesson():
    start, readme = prose(NOTEBOOKS[0]), (ROOT / "README.md").read_text(encoding="utf-8")
    for path in LESSONS:
        title = cells(path, "markdown")[0].source.splitlines()[0][2:]
        assert f"[{title}]({path.name})" in start
        assert f"[{title}](notebooks/{path.name})" in readme
