"""The course as a site to read: what the build promises, and, in a browser, how each page looks and behaves.

    uv run --group site sphinx-build -M html notebooks site -W
    uv run --group browser pytest tests/test_site.py -m browser

The second looks at what the first has built in site/html, the lessons' outputs included. Where there is nothing, a site
is built here without running a lesson, if Sphinx is installed (`uv sync --group site`).
"""

import base64
import fnmatch
import functools
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import textwrap
import zlib
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import chromium
import course_files
import nbformat
import pytest
import stamp_address
import yaml

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
COMMAND = "uv run --group site sphinx-build -M html notebooks site -W"
LESSONS = sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))
SOURCES = [*LESSONS, *sorted(NOTEBOOKS.glob("exercises/*/*.ipynb")), *sorted(NOTEBOOKS.glob("*.md"))]
PAGES = [path.relative_to(NOTEBOOKS).with_suffix(".html").as_posix() for path in SOURCES]
WIDTHS = {"phone": 360, "desk": 1400}
HEAVIEST = 2_000_000  # bytes of a page with all that it loads, as they are on disk
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

every_page = pytest.mark.parametrize("page", PAGES)


def cells(path, kind):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


# What is written


def test_the_command_is_the_same_in_the_guide_the_workflow_and_the_configuration():
    assert f"\n{COMMAND}" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert COMMAND in (NOTEBOOKS / "conf.py").read_text(encoding="utf-8")
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "site.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["build"]["steps"]
    assert COMMAND in [step.get("run") for step in steps]
    assert [step["with"]["path"] for step in steps if "pages" in step.get("uses", "")] == ["site/html"]
    assert "refs/heads/main" in workflow["jobs"]["publish"]["if"]
    assert "/site/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def symptoms(markdown):
    """(what you see, lesson) of each row of a table of symptoms, without the row for those who are new."""
    table = markdown.split("## Find your symptom")[1].split("\n## ")[0]
    rows = re.findall(r"(?m)^\| (.+?) \| \[(.+?)\]", table)
    return [row for row in rows if not row[1].startswith("00")]


def test_readme_and_the_start_notebook_name_the_same_symptoms():
    """The front page takes its table from README; tests/test_notebooks.py demands that each has every lesson."""
    start = "\n\n".join(cell.source for cell in cells(LESSONS[0], "markdown"))
    assert symptoms((ROOT / "README.md").read_text(encoding="utf-8")) == symptoms(start) != []


def test_the_page_of_symptoms_names_every_lesson():
    text = (NOTEBOOKS / "symptoms.md").read_text(encoding="utf-8")
    named = " ".join(re.findall(r"(?m)^```\{lessons\} (.+)$", text)).split()
    assert set(named) == {path.stem for path in LESSONS}


def test_the_front_page_lists_the_lessons_that_are_there():
    text = (NOTEBOOKS / "index.md").read_text(encoding="utf-8")
    links = re.findall(r"(?m)^\* \[(.+)\]\((.+)\)$", text)
    titles = [nbformat.read(path, as_version=4).cells[0].source.splitlines()[0][2:] for path in LESSONS[1:]]
    there = [path.name for path in LESSONS[1:]]
    assert links == list(zip(titles, there, strict=True))
    planned = re.findall(r"\b\d\d\b", " ".join(re.findall(r"(?m)^\* \*Planned:\* (.+)$", text)))
    assert sorted([*planned, *(name[:2] for name in there)]) == [f"{number:02}" for number in range(1, 26)]


def test_every_notebook_stands_in_one_part():
    text = (NOTEBOOKS / "index.md").read_text(encoding="utf-8")
    patterns = re.findall(r"(?m)^[\w/*\[\]-]+\*$", text)
    for path in [*LESSONS, *NOTEBOOKS.glob("exercises/*/*.ipynb")]:
        name = path.relative_to(NOTEBOOKS).with_suffix("").as_posix()
        assert sum(fnmatch.fnmatchcase(name, pattern) for pattern in patterns) == 1, name


# What is built


def png(width, height):
    """A white picture, as small as can be."""

    def chunk(kind, data):
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    head = width.to_bytes(4) + height.to_bytes(4) + bytes([1, 0, 0, 0, 0])
    rows = (b"\0" + b"\xff" * -(-width // 8)) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


SENTENCE = "One sentence without columns, but so long that it is printed in two lines, where the first breaks."


def fill_in_outputs(path):
    """Code cells get what a run gives: a progress bar, a figure twice as sharp, texts, a table."""
    new = nbformat.v4.new_output
    notebook = nbformat.read(path, as_version=4)
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "a"}, "text/plain": "0%|"}
    picture = {"image/png": base64.b64encode(png(1440, 720)).decode(), "text/plain": "<Figure>"}
    table = "<table class='dataframe'><tr>" + "<td>a_wide_column</td>" * 12 + "</tr></table>"
    _, first, second, *_ = [cell for cell in notebook.cells if cell.cell_type == "code"]
    second.outputs = [new("stream", text=SENTENCE)]
    first.outputs = [
        new("display_data", view),
        new("display_data", picture, metadata={"image/png": {"width": 720, "height": 360}}),
        new("stream", text="RMSE, by arm:\n  raw   1.0\n  fixed 0.5\n"),
        new("display_data", {"text/html": '<pre><span style="color: #0087ff; text-decoration-color: #0087ff">LSTM'}),
        new("stream", text=textwrap.fill(SENTENCE, 80)),
        new("display_data", {"text/html": table, "application/vnd.why-wont-it-learn.claims+json": []}),
    ]
    state = {"state": {"a": {"model_name": "HTMLModel", "state": {}}}, "version_major": 2, "version_minor": 0}
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": state}
    nbformat.write(notebook, path)


def sphinx_build(course):
    command = [sys.executable, "-m", "sphinx", "-M", "html", "notebooks", "site", "-W", "-q"]
    done = subprocess.run(
        [*command, "-D", "nb_execution_mode=off"], cwd=course, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return course / "site" / "html"


@pytest.fixture(scope="module")
def unrun(tmp_path_factory) -> Path:
    """A site built without running anything; only the second lesson has outputs, made up."""
    for package in ("sphinx", "myst_nb", "sphinx_book_theme"):
        if importlib.util.find_spec(package) is None:
            pytest.skip("needs the dependency group `site`")
    course = course_files.copy_to(tmp_path_factory.mktemp("course") / "course")
    shutil.rmtree(course / "site", ignore_errors=True)
    fill_in_outputs(course / LESSONS[1].relative_to(ROOT))
    return sphinx_build(course)


class Page(HTMLParser):
    """The tags of an HTML file, with their attributes, and its ids."""

    def __init__(self, file):
        super().__init__()
        self.tags = []
        self.text = file.read_text(encoding="utf-8")
        self.feed(self.text)
        self.ids = {attributes["id"] for _, attributes in self.tags if "id" in attributes}

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def all(self, name, attribute):
        return [attributes[attribute] for tag, attributes in self.tags if tag == name and attribute in attributes]


parsed = functools.cache(Page)


def test_every_source_is_a_page_and_solutions_are_not(unrun):
    pages = {path.relative_to(unrun).as_posix() for path in unrun.rglob("*.html") if "_static" not in path.parts}
    assert pages == {*PAGES, "genindex.html", "search.html"}
    assert not [path for path in unrun.rglob("*") if "solutions" in path.parts]


@every_page
def test_every_link_leads_somewhere_on_the_site(unrun, page):
    file = unrun / page
    for target in parsed(file).all("a", "href"):
        address = urlsplit(target)
        if address.scheme:
            assert address.scheme == "https"
            continue
        to = (file.parent / unquote(address.path)).resolve() if address.path else file
        assert to.is_file(), target
        if address.fragment and to.suffix == ".html":
            assert address.fragment in parsed(to).ids, target


@every_page
def test_nothing_is_loaded_from_another_host(unrun, page):
    file = parsed(unrun / page)
    loaded = file.all("img", "src") + file.all("script", "src")
    loaded += [a["href"] for tag, a in file.tags if tag == "link" and a.get("rel") != "canonical"]
    assert loaded
    assert not [address for address in loaded if "//" in address]
    assert "widget-state" not in file.text


def launch_targets(path):
    """The two addresses that open this notebook."""
    badges = stamp_address.read_address(ROOT).badges(path.relative_to(ROOT).as_posix())
    return [target for target in re.findall(r"\]\((https://\S+?)\)", badges) if not target.endswith(".svg")]


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if path.suffix == ".ipynb"], ids=lambda path: path.parent.name + path.stem
)
def test_a_notebook_has_its_buttons_and_folds(unrun, path):
    page = parsed(unrun / path.relative_to(NOTEBOOKS).with_suffix(".html"))
    for target in launch_targets(path):
        assert page.all("a", "href").count(target) == 2, "below the title, and in the theme's menu"
    folded = [
        cell
        for cell in cells(path, "code")
        if cell.metadata.get("jupyter", {}).get("source_hidden") or "claims" in cell.metadata.get("tags", [])
    ]
    details = [attributes for tag, attributes in page.tags if tag == "details"]
    assert len([a for a in details if "hide" in a.get("class", "").split()]) == len(folded) > 0
    answers = sum(cell.source.count("<details>") for cell in cells(path, "markdown"))
    # The theme's own are the sidebar's.
    assert len([a for a in details if not a]) == answers
    assert not [a for a in details if "open" in a and "hide" in a.get("class", "")]


def test_a_figure_has_the_text_printed_below_it_and_its_size(unrun):
    page = parsed(unrun / PAGES[1])
    (figure,) = [a for tag, a in page.tags if tag == "img" and "RMSE" in a.get("alt", "")]
    assert figure["alt"] == f"RMSE, by arm: raw 1.0; fixed 0.5; {SENTENCE}"
    assert figure["width"] == "720"
    assert "height" not in figure, "a phone shrinks the width, and the height with it"
    assert "0%|" not in page.text, "no progress bar"
    assert "LSTM" in page.text
    assert "text-decoration-color" not in page.text, "colours for one background"
    assert page.text.count(" prose ") == 1, "the sentence may wrap, the columns scroll"


def test_what_pytest_ran_is_kept_for_the_site_unless_it_failed(unrun):
    from jupyter_cache import get_cache

    course = unrun.parents[1]
    for name, code in {"passes": "print(1)", "fails": "1 / 0"}.items():
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code), nbformat.v4.new_code_cell("2")])
        nbformat.write(notebook, course / "notebooks" / f"{name}.ipynb")
    command = [sys.executable, "-m", "pytest", "-n", "0", "notebooks/passes.ipynb", "notebooks/fails.ipynb"]
    keeping = os.environ | {"COURSE_KEEP_RUNS": "1"}
    done = subprocess.run(command, cwd=course, env=keeping, capture_output=True, text=True, encoding="utf-8")
    assert "1 failed, 3 passed" in done.stdout
    (folder,) = (course / "site" / "cache").iterdir()
    (kept,) = get_cache(folder).list_cache_records()
    assert Path(kept.uri).name == "passes.ipynb"
    outputs = [cell.outputs for cell in get_cache(folder).get_cache_bundle(kept.pk).nb.cells]
    assert outputs[0][0].text == "1\n"
    assert outputs[1][0].data["text/plain"] == "2"


@pytest.fixture(scope="module")
def conf(unrun):
    spec = importlib.util.spec_from_file_location("conf", NOTEBOOKS / "conf.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_lessons_are_run_once_and_exercises_never(conf):
    assert conf.nb_execution_mode == "cache"
    assert conf.nb_execution_raise_on_error
    for path in [path for path in SOURCES if path.suffix == ".ipynb"]:
        excluded = any(path.match(pattern) for pattern in conf.nb_execution_excludepatterns)  # as MyST-NB asks
        assert excluded == ("exercises" in path.parts)


def test_outputs_are_kept_until_what_they_rest_on_changes(conf, tmp_path, monkeypatch):
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "a.py").write_text("1")
    monkeypatch.setattr(conf, "ROOT", tmp_path)
    before = conf.state_of_the_course()
    assert conf.state_of_the_course() == before
    (tmp_path / "helpers" / "a.py").write_text("2")
    assert conf.state_of_the_course() != before


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_card_is_read_whole(conf, path):
    title, card = conf.read_card(path)
    assert title.startswith(f"{path.name[:2]} · ")
    assert list(card) == ["Symptom", "Check", "Fix", "Not this if"]


# What is seen


@pytest.fixture(scope="module")
def site(request) -> Path:
    """The site as built with all outputs, or one without."""
    real = ROOT / "site" / "html"
    if not (real / "index.html").is_file():
        return request.getfixturevalue("unrun")
    assert all((real / page).is_file() for page in PAGES), "the course has new pages: build the site again"
    return real


@pytest.fixture(scope="module")
def seen(site) -> dict:
    """What a browser reports of each page; in a thread, as test_browser.py may hold a browser, too."""
    pytest.importorskip("playwright.sync_api", reason="needs Playwright: uv run --group browser pytest")
    if chromium.EXECUTABLE is None:
        pytest.skip(chromium.MISSING)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(look_at, site).result()


LOOK = """() => ({
    overflow: document.documentElement.scrollWidth - window.innerWidth,
    figures: [...document.querySelectorAll('main article img')].map(
        image => [image.naturalWidth, image.getBoundingClientRect().width, image.alt]),
    launch: [...document.querySelectorAll('main a')].map(a => a.href).filter(
        to => to.includes('colab.research.google.com/') || to.includes('mybinder.org/v2/')),
    unnamed: [...document.querySelectorAll('main summary')].filter(fold => !fold.innerText.trim()).length,
    stuck: [...document.querySelectorAll('main article table')].filter(table => {
        let box = table;
        while (box && getComputedStyle(box).overflowX !== 'auto' && getComputedStyle(box).overflowX !== 'scroll')
            box = box.parentElement;
        return table.getBoundingClientRect().right > window.innerWidth && (!box || box === document.documentElement);
    }).length,
})"""


# As axe needs it: all folds open, and at once; of each kind of coloured word in code one, as thousands take it minutes.
PREPARE = """() => {
    const still = '* { animation: none !important; transition: none !important; }';
    document.head.insertAdjacentHTML('beforeend', `<style>${still}</style>`);
    document.querySelectorAll('main details').forEach(fold => { fold.open = true });
    const kinds = new Set();
    document.querySelectorAll('main pre span').forEach(word => {
        const kind = [word.className, word.style.cssText, word.closest('pre').parentElement.className].join();
        kinds.has(kind) ? word.replaceWith(...word.childNodes) : kinds.add(kind);
    });
}"""


def look_at(site):
    from axe_playwright_python.sync_playwright import Axe

    report = {page: {"errors": [], "foreign": [], "axe": [], "bytes": 0} for page in PAGES}
    with chromium.started() as browser:
        for page, about in report.items():
            with browser.new_context(color_scheme="light") as context:
                tab, loaded = context.new_page(), set()
                watch(tab, about, loaded)
                tab.set_viewport_size({"width": WIDTHS["phone"], "height": 900})
                tab.goto((site / page).as_uri())
                tab.wait_for_timeout(200)
                about["phone"] = tab.evaluate(LOOK)
                tab.set_viewport_size({"width": WIDTHS["desk"], "height": 900})
                about["desk"] = tab.evaluate(LOOK)
                about["bytes"] = sum(Path(unquote(urlsplit(url).path)).stat().st_size for url in loaded)
                tab.evaluate(PREPARE)
                for scheme in ("light", "dark"):
                    tab.emulate_media(color_scheme=scheme)
                    tab.wait_for_selector(f"html[data-theme={scheme}]")
                    options = {"runOnly": WCAG, "resultTypes": ["violations"], "preload": False}
                    about["axe"] += violations(Axe().run(tab, options=options), scheme)
        with browser.new_context() as context:
            tab = context.new_page()
            tab.set_content("<html lang=en><title>t</title><img src='data:,'><p style='color:#aaa'>pale")
            report["made up"] = violations(Axe().run(tab, options={"runOnly": WCAG}), "light")
            tab.goto((site / "search.html").as_uri() + "?q=nan")
            tab.wait_for_selector("#search-results li a")
            tab.wait_for_timeout(1000)
            report["nan"] = tab.eval_on_selector_all("#search-results li a", "links => links.map(a => a.innerText)")
    return report


def watch(tab, about, loaded):
    tab.on("pageerror", lambda error: about["errors"].append(str(error)))
    tab.on("console", lambda message: about["errors"].append(message.text) if message.type == "error" else None)
    tab.on("requestfailed", lambda request: about["errors"].append(request.url))
    tab.on("request", lambda request: note(request.url, about, loaded))


def note(url, about, loaded):
    if url.startswith("file:"):
        loaded.add(url.partition("?")[0].partition("#")[0])
    elif not url.startswith(("data:", "blob:")):
        about["foreign"].append(url)


def violations(results, scheme):
    return [
        f"{scheme}: {found['id']}: {node['html'][:200]}"
        for found in results.response["violations"]
        for node in found["nodes"]
    ]


@pytest.mark.browser
@every_page
def test_a_page_opens_without_an_error_and_asks_no_other_host(seen, page):
    assert seen[page]["errors"] == []
    assert seen[page]["foreign"] == []


@pytest.mark.browser
@every_page
def test_a_page_fits_a_phone_and_its_tables_scroll(seen, page):
    for view in WIDTHS:
        assert seen[page][view]["overflow"] <= 0
        assert seen[page][view]["stuck"] == 0


@pytest.mark.browser
@every_page
def test_the_buttons_lead_to_this_notebook_and_folds_have_names(seen, page):
    source = SOURCES[PAGES.index(page)]
    if source.suffix == ".ipynb":
        assert sorted(seen[page]["desk"]["launch"]) == sorted(2 * launch_targets(source))
    assert seen[page]["desk"]["unnamed"] == 0


@pytest.mark.browser
@every_page
def test_figures_are_loaded_sharp_and_described(seen, page, site):
    figures = seen[page]["desk"]["figures"]
    for pixels, shown, alt in figures:
        assert pixels > 300
        assert len(alt.split()) >= 3
        if page[0].isdigit():
            assert pixels >= 1.9 * shown, "two pixels for each of the page's"
    source = SOURCES[PAGES.index(page)]
    if source in LESSONS and site == ROOT / "site" / "html":
        drawn = [cell for cell in cells(source, "code") if "plt.show()" in cell.source]
        assert len(figures) >= max(len(drawn), 2)


@pytest.mark.browser
@every_page
def test_a_page_is_light_enough(seen, page):
    assert 100_000 < seen[page]["bytes"] <= HEAVIEST


@pytest.mark.browser
@every_page
def test_axe_finds_nothing_to_object(seen, page):
    """WCAG 2, levels A and AA, with all folds open, in light and in dark."""
    assert seen[page]["axe"] == []


@pytest.mark.browser
def test_axe_would_object(seen):
    assert {violation.split(": ")[1] for violation in seen["made up"]} >= {"image-alt", "color-contrast"}


@pytest.mark.browser
def test_the_search_finds_nan(seen):
    assert any("Which lesson is it?" in title for title in seen["nan"]), seen["nan"]
