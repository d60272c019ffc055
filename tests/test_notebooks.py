"""Every notebook keeps to the form of a lesson. What the cells compute is tested by nbval, which runs them.

Each test that is marked `every_notebook` or `every_lesson` takes a path, and `check_form` runs all of them on a lesson
that need not be among the course's own.
"""

import ast
import re
from collections.abc import Callable
from pathlib import Path

import legibility
import nbformat
import pytest
import stamp_address

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LESSONS = [path for path in NOTEBOOKS if not path.name.startswith("00")]
PRACTICE = sorted((ROOT / "notebooks").glob("*/*/*.ipynb"))  # exercises and solutions
SETUP = stamp_address.setup_cell(ROOT, stamp_address.read_address(ROOT))
SECTIONS = [
    "Setup",
    "The symptom",
    "Diagnose",
    "The fix",
    "The evidence",
    "What it shows",
    "Common advice, checked",
    "Limits",
    "In this notebook we …",
]
OPTIONAL = "Going deeper"  # before the last
CARD = ["**Symptom**", "**Check**", "**Fix**", "**Not this if**"]
VERDICT = re.compile(r"\| \*?\*?(held|depends|failed|not tested)\b", re.IGNORECASE)
FORM: list[Callable[[Path], None]] = []


def every_notebook(test):
    FORM.append(test)
    return pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)(test)


def every_lesson(test):
    FORM.append(test)
    return pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)(test)


def check_form(path: Path) -> None:
    """Runs all tests of form on one lesson. Raises what the first one raises that it does not pass."""
    for test in FORM:
        test(path)


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


def sections(path):
    """The cells below each heading of the second level, in order, by heading."""
    found, current = {}, "title"
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            current = [current, *re.findall(r"(?m)^## (.+)$", cell.source)][-1]
        found.setdefault(current, []).append(cell)
    return found


def text(found, kind):
    return "\n\n".join(cell.source for cell in found if cell.cell_type == kind)


def calls(cell, name):
    """The calls of the function `name` in a cell."""
    nodes = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)]
    return [node for node in nodes if ast.unparse(node.func) == name]


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
    assert first.source == SETUP, "uv run python tests/tools/stamp_address.py"
    assert tagged(path, "setup") == [first]
    assert first.metadata["jupyter"]["source_hidden"]
    assert first.metadata["cellView"] == "form"  # the same for Colab


@every_notebook
def test_begins_with_its_title_symptom_and_goals(path):
    first = cells(path, "markdown")[0].source
    assert re.match(r"# \d\d · \w", first)
    assert first.startswith(f"# {path.name[:2]} · ")
    assert headings(path, 1) == [first.splitlines()[0][2:]]
    goals = re.search(r"\*\*You will be able to\*\*\n\n((?:\* .+\n)+)", first)
    assert goals, "a list below **You will be able to**"
    assert 3 <= len(goals.group(1).splitlines()) <= 4
    assert "**Time:**" in first


@every_lesson
def test_sections_come_in_the_order_of_the_pattern(path):
    found = headings(path, 2)
    assert [name for name in found if name != OPTIONAL] == SECTIONS
    assert OPTIONAL not in found or found[-2] == OPTIONAL
    first = cells(path, "markdown")[0].source
    for part in ("**The symptom.**", "**Data:**", "**Before this:**"):
        assert part in first


@every_notebook
def test_keeps_to_the_budget(path):
    assert legibility.faults(path) == []


@every_notebook
def test_ends_with_the_card(path):
    last = cells(path, "markdown")[-1].source
    assert last.startswith("## In this notebook we …")
    assert re.findall(r"^\| (\*\*.+?\*\*) \| .+ \|$", last, flags=re.MULTILINE) == CARD


@every_notebook
def test_asks_before_it_answers(path):
    before, *after = prose(path).split("<details><summary>Answer</summary>")
    assert after, "no *Predict*"
    for rest in after:
        asked = re.split(r"^### Predict|\*\*Predict\b", before, flags=re.MULTILINE)
        assert len(asked) > 1, f"an answer without **Predict.** before it: {rest.strip()[:60]}"
        assert "?" in asked[-1], f"a *Predict* without a question: {asked[-1].strip()[:60]}"
        run_on = re.search(r"^1\. .* 2\. ", asked[-1], flags=re.MULTILINE)
        assert not run_on, f"each choice has a line of its own: {run_on}"
        answer, closed, before = rest.partition("</details>")
        assert closed
        assert len(answer.split()) >= 5, f"an answer says why: {answer.strip()}"


@every_lesson
def test_the_fix_marks_what_changed_and_draws_it(path):
    code = text(sections(path)["The fix"], "code")
    assert re.search(r"\S +# changed", code), "the line that differs from the symptom's ends with `# changed`"
    assert legibility.FIGURE.search(code), "broken beside fixed, in the symptom's figure"


@every_notebook
def test_claims_go_through_the_table(path):
    assert any(calls(cell, "check_claims") for cell in tagged(path, "claims"))
    for cell in tagged(path, "claims"):  # folded: the table is read, its code on demand
        assert cell.metadata["jupyter"]["source_hidden"]
        assert cell.metadata["cellView"] == "form"
    for cell in cells(path, "code"):
        tags = cell.metadata.get("tags", [])
        assert "claims" in tags or not calls(cell, "check_claims"), "check_claims belongs into a cell tagged claims"
        for claim in calls(cell, "Claim"):
            sentence = claim.args[0]
            assert isinstance(sentence, ast.Constant), "a claim is one plain sentence"
            assert re.fullmatch(r"[A-Z0-9“‘\"'].+\.", sentence.value), sentence.value
            assert not all(isinstance(part, ast.Constant) for part in (claim.args[1], claim.args[3])), "cannot fail"


@every_lesson
def test_the_conclusion_has_prose_and_six_to_ten_claims(path):
    shown = sections(path)["What it shows"]
    words = [len(cell.source.split()) for cell in shown if cell.cell_type == "markdown"]
    assert sum(words) >= 50, "the conclusion stands in prose before its claims"
    count = sum(len(calls(cell, "Claim")) for cell in shown if cell.cell_type == "code")
    assert 6 <= count <= 10


@every_lesson
def test_each_piece_of_advice_has_a_verdict(path):
    advice = text(sections(path)["Common advice, checked"], "markdown")
    rows = re.findall(r"(?m)^\|.+\|$", advice)[2:]  # after the head
    assert len(rows) >= 3
    for row in rows:
        assert VERDICT.search(row), f"*held*, *depends on …*, *failed* or *not tested*: {row}"


@every_notebook
def test_nothing_is_installed_and_plain_keras_is_used(path):
    for cell in cells(path, "code"):
        assert not re.search(r"(?m)^\s*[!%]", cell.source), "magics and shell commands do not run everywhere"
        assert not re.search(r"\bpip\b", cell.source)
        assert "tf.keras" not in cell.source


@every_notebook
def test_images_have_alt_text_and_links_lead_somewhere(path):
    written = prose(path)
    for alt, _ in re.findall(r"!\[(.*?)\]\((.+?)\)", written):
        assert len(alt) > 20, "alt text says what the picture shows"
    assert not re.search(r"<img(?![^>]*\balt=)", written)
    for label, target in re.findall(r"(?<!!)\[([^\]]+)\]\(([^)]+)\)", written):
        assert label.lower() not in {"here", "link", "this"}
        if "://" not in target:
            assert (path.parent / target.split("#")[0]).exists(), f"{target} does not exist"


@every_notebook
def test_no_word_that_belittles_the_reader(path):
    assert not re.search(r"\b(simply|obviously|trivially)\b", prose(path), flags=re.IGNORECASE)


@pytest.mark.parametrize("path", PRACTICE, ids=lambda path: "-".join(path.parts[-3:-1]))
def test_what_a_learner_sees_of_an_exercise_is_as_narrow_as_a_lesson(path):
    for cell in cells(path, "code"):
        if cell.metadata.get("jupyter", {}).get("source_hidden"):
            continue
        wide = [line for line in cell.source.splitlines() if len(line) > legibility.AT_MOST["width"]]
        assert not wide


def test_the_start_notebook_and_the_readme_list_every_lesson():
    start, readme = prose(NOTEBOOKS[0]), (ROOT / "README.md").read_text(encoding="utf-8")
    for path in LESSONS:
        title = cells(path, "markdown")[0].source.splitlines()[0][2:]
        assert f"[{title}]({path.name})" in start
        assert f"[{title}](notebooks/{path.name})" in readme


def test_lessons_and_exercises_lead_to_the_next_lesson():
    for path, following in zip(NOTEBOOKS, [*NOTEBOOKS[1:], NOTEBOOKS[0]], strict=True):
        assert f"]({following.name})" in cells(path, "markdown")[-1].source.split("**Next:**")[1]
        for practice in PRACTICE:
            if practice.stem == path.stem:
                assert f"](../../{following.name})" in cells(practice, "markdown")[-1].source


# The tests of form, tested


def lesson(folder, *more):
    """A notebook of these cells: text, or (code, tags)."""
    new = nbformat.v4
    made = [new.new_markdown_cell(c) if isinstance(c, str) else new.new_code_cell(c[0], metadata=c[1]) for c in more]
    nbformat.write(new.new_notebook(cells=made), folder / "99_made_up.ipynb")
    return folder / "99_made_up.ipynb"


CODE = {
    "median": ["a = 1\nb = 2\n\n# a comment\nc = a", "a = 3"],
    "names": ["def f():\n    x = 1\n    return x\n\n\nimport os\ny, z = 1, 2", "y = 3"],
    "dense": ["[[a for a in b] for b in c]", "f = [*a, 1]", "def f(g=lambda: 1): ...", "[a for b in c for a in b]"],
    "arms": ["arms = {'a': 1, 'b': 2}"],
    "figures": ["plots.curves(a)\nplt.show()", "table.plot.bar()"],
}


@pytest.mark.parametrize(("name", "expected"), {"median": 2, "names": 3, "dense": 4, "arms": 2, "figures": 3}.items())
def test_the_budget_is_counted_as_it_says(tmp_path, name, expected):
    assert legibility.measure(lesson(tmp_path, *((code, {}) for code in CODE[name])))[name] == expected


def test_claims_and_what_goes_deeper_have_budgets_of_their_own(tmp_path):
    long = "\n".join(f"a{i} = {i}" for i in range(60))
    cells = ["## Setup", (long, {"tags": ["setup"]}), ("x = 1", {}), (long, {"tags": ["claims"]})]
    found = legibility.measure(lesson(tmp_path, *cells, "## Going deeper", (long, {})))
    assert (found["lines"], found["longest"], found["names"], found["deeper"]) == (1, 1, 1, 60)
    path = lesson(tmp_path, *cells, "## Going deeper", (long, {}))
    assert "deeper 60, at most 50" in legibility.faults(path)
