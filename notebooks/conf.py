"""The course as a site to read: Sphinx with MyST-NB makes it of this folder.

    uv run --group site sphinx-build -M html notebooks site -W

The pages are in site/html. Lessons are run once and kept in site/cache, until their code, `helpers/`, `data/` or a
pinned package changes. Exercises are shown as handed out and are not run; solutions are left out.
"""

import hashlib
import json
import os
import re
import tomllib
from html import escape
from pathlib import Path

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode, NbMetadataCollector
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
REPOSITORY = PYPROJECT["project"]["urls"]["Repository"]
OWNER, NAME = REPOSITORY.split("/")[-2:]
WIDTH = 80  # at which helpers/plots.py wraps what it prints
logger = logging.getLogger(__name__)

project = "Why Won't It Learn?"
html_title = project
html_baseurl = f"https://{OWNER}.github.io/{NAME}/"
language = "en"
extensions = ["myst_nb"]
exclude_patterns = ["solutions", "images/*.json"]

nb_execution_mode = "cache"
nb_execution_excludepatterns = ["exercises/*/*"]
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True
nb_output_stderr = "warn"
suppress_warnings = ["mystnb.unknown_mime_type"]  # the claims, as records for tests/tools/robustness.py
myst_heading_anchors = 3

html_theme = "sphinx_book_theme"
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system is
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/icon.svg"
html_theme_options = {
    "repository_url": REPOSITORY,
    "repository_branch": PYPROJECT["tool"]["course"]["branch"],
    "path_to_docs": "notebooks",
    "use_repository_button": True,
    "home_page_in_toc": True,
    "navbar_persistent": [],  # the sidebar has the search
    "footer_content_items": ["extra-footer.html"],
    "extra_footer": f'Code: BSD-3-Clause. Text and figures: CC BY 4.0. <a href="{REPOSITORY}">The course on GitHub</a>',
    "launch_buttons": {
        "notebook_interface": "jupyterlab",
        "binderhub_url": "https://mybinder.org",
        "colab_url": "https://colab.research.google.com",
    },
}


def state_of_the_course() -> str:
    """A digest of what the lessons' outputs depend on, besides their own code."""
    shared = [*(ROOT / "helpers").glob("*"), *(ROOT / "data").rglob("*")]  # without helpers/grading
    digest = hashlib.sha256(repr(PYPROJECT["project"]["dependencies"]).encode())
    for path in sorted(path for path in shared if path.is_file() and path.suffix not in (".md", ".pyc")):
        digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def prepare_kernels(site: Path) -> str:
    """Kernels started from now on draw twice as sharp, for screens that show it. Returns where outputs are kept."""
    profile = site / "ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    settings = "c.InlineBackend.figure_formats = {'retina'}\n"
    (profile / "ipython_kernel_config.py").write_text(settings, encoding="utf-8")
    os.environ["IPYTHONDIR"] = str(profile.parent)
    os.environ.pop("COURSE_SEED_OFFSET", None)
    return str(site / "cache" / state_of_the_course())


def prepare_runs(app, config):
    config.nb_execution_cache_path = prepare_kernels(Path(app.outdir).parent)


def parts_of(tree: nodes.Node, element: str) -> list[nodes.Element]:
    """MyST-NB's containers of one kind."""
    return list(tree.findall(lambda node: isinstance(node, nodes.container) and node.get("nb_element") == element))


def fold(cell: nodes.Element) -> None:
    """Fold a cell's code if the notebook does, or if it holds claims, whose table says it all."""
    metadata = cell["cell_metadata"]
    tags = metadata.get("tags", [])
    if metadata.get("jupyter", {}).get("source_hidden") or "claims" in tags:
        title = re.match(r"# @title (.+)", cell.children[0].astext())
        name = title[1] if title else "Setup" if "setup" in tags else "How the claims are computed"
        cell["hide_mode"] = "input"
        cell["prompt_show"] = cell["prompt_hide"] = f"Code: {name}"


def drop_progress_bars(cell: nodes.Element) -> None:
    for bundle in parts_of(cell, "mime_bundle"):
        if any("widget-view" in kind["mime_type"] for kind in bundle.children):
            bundle.parent.remove(bundle)


def printed(cell: nodes.Element) -> str:
    """What a cell prints, in one line."""
    streams = [node.astext() for node in cell.findall(nodes.literal_block) if "stream" in node["classes"]]
    text, last = "", ""
    for line in filter(str.strip, "\n".join(streams).splitlines()):
        wrapped = not line.startswith(" ") and len(last) + len(line.split()[0]) >= WIDTH
        between = " " if wrapped or text.endswith((":", ".")) else "; "
        text += (between if text else "") + " ".join(line.split())
        last = line
    return text


def drop_terminal_colours(cell: nodes.Element) -> None:
    """Of Keras' summaries, made for one background."""
    for node in cell.findall(nodes.raw):
        coloured = r'<span style="color: [^"]+text-decoration-color: [^"]+">'
        node[:] = [nodes.Text(re.sub(coloured, "<span>", node.astext()))]


def wrap_sentences(cell: nodes.Element) -> None:
    """Printed lines without columns may wrap on a narrow screen."""
    for node in cell.findall(nodes.literal_block):
        if "stream" in node["classes"] and not re.search(r"\S {2,}\S", node.astext()):
            node["classes"].append("prose")


def describe_figures(cells: list[nodes.Element]) -> None:
    """The text printed in a figure's cell, else in the next or in the last cell, becomes the figure's alt text."""
    for last, cell, following in zip([None, *cells], cells, [*cells[1:], None], strict=False):
        for image in cell.findall(nodes.image):
            image.attributes.pop("height", None)  # a narrow screen shrinks both
            image["alt"] = next(filter(None, (printed(near) for near in (cell, following, last) if near)), "")
            if not image["alt"]:
                logger.warning("a figure without a printed text beside it", location=cell)


def adapt_pictures(tree: nodes.document) -> None:
    """Badges, images of another host, become words: the site asks no other host. Others open when clicked."""
    for image in list(tree.findall(nodes.image)):
        if "://" in image["uri"]:
            image.parent["classes"].append("launch")
            image.replace_self(nodes.Text(image["alt"]))
        else:
            image.attributes.setdefault("width", "100%")  # where one is set, Sphinx makes a link to the image


def stack_tables(tree: nodes.document) -> None:
    """Three columns with more text than fits beside each other on a phone stand one below the other there."""
    for table in tree.findall(nodes.table):
        rows = [[entry.astext() for entry in row.children] for row in table.findall(nodes.row)]
        if len(rows[0]) == 3 and max(sum(map(len, row)) for row in rows) > 60:
            table["classes"].append("stacked")


def adapt_page(app, doctree):
    """A notebook as a page: folded like the notebook, figures with alt text, nothing from elsewhere."""
    cells = parts_of(doctree, "cell_code")
    for cell in cells:
        fold(cell)
        drop_progress_bars(cell)
        drop_terminal_colours(cell)
        wrap_sentences(cell)
    describe_figures(cells)
    adapt_pictures(doctree)
    stack_tables(doctree)
    page = app.env.current_document.docname
    NbMetadataCollector.get_doc_data(app.env)[page].pop("js_files", None)  # of progress bars
    if page.startswith("exercises/"):
        hint = "Here the exercises are shown as handed out, and not run: pictures come when you run them."
        doctree.next_node(nodes.section).insert(2, nodes.note("", nodes.paragraph(text=hint)))


class Lessons(SphinxDirective):
    """What the cards at the end of these lessons say: symptom, check, and what speaks against it."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        lines = []
        for stem in " ".join(self.content).split():
            path = HERE / f"{stem}.ipynb"
            self.env.note_dependency(str(path))
            title, card = read_card(path)
            lines += [f"* **[{title}]({path.name})**", ""]
            lines += [f"  * *{row}:* {card[row]}" for row in ("Symptom", "Check", "Not this if")]
        return self.parse_text_to_nodes("\n".join(lines))


def read_card(path: Path) -> tuple[str, dict[str, str]]:
    """A lesson's title, and its card as row -> text."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    first, last = ("".join(cells[position]["source"]) for position in (0, -1))
    return first.splitlines()[0].removeprefix("# "), dict(re.findall(r"(?m)^\| \*\*(.+?)\*\* \| (.+) \|$", last))


def open_fold(translator, node):
    """As MyST-NB does it, without its label, which would hide the fold's own name from a screen reader."""
    titles = [("collapsed", node["prompt_show"]), ("expanded", node["prompt_hide"])]
    summary = "".join(f'<p class="{state} admonition-title">{escape(name)}</p>' for state, name in titles)
    translator.body.append(f'<details class="admonition hide {" ".join(node["classes"])}"><summary>{summary}</summary>')


def close_fold(translator, node):
    translator.body.append("</details>\n")


def leave_out_what_no_page_needs(app, exception):
    """Nine tenths of the theme: its sources for developers, and a script that draws the icons its fonts draw."""
    if exception:
        return  # a build that fails says why itself
    scripts = Path(app.outdir) / "_static"
    for path in scripts.rglob("*.map"):
        path.unlink()
    (scripts / "scripts" / "fontawesome.js").write_text("// The icons come from vendor/fontawesome/webfonts.\n")


def setup(app):
    app.connect("config-inited", prepare_runs)
    app.connect("doctree-read", adapt_page, priority=400)  # before Sphinx collects the images
    app.connect("build-finished", leave_out_what_no_page_needs)
    app.add_node(HideCodeCellNode, override=True, html=(open_fold, close_fold))
    app.add_directive("lessons", Lessons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
