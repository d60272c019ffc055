"""What a learner wrote and what a learner's kernel sent, in a real browser: in Formgrader, and in a page of feedback.

    uv run --group browser pytest -m browser tests/test_grading_pages.py

Payloads set the title, set `window.pwned` or send a request; in the same notebook stand a figure, a table and formulas,
which must be seen. Screenshots go where those of tests/test_browser.py go.
"""

import base64
import io
import os
import re
import secrets
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import chromium
import nbformat
import pytest
from nbformat.v4 import new_output

pytest.importorskip("nbgrader", reason="needs nbgrader: the dependency group `grading`")
from test_browser import answers, free_port
from test_grading import LESSON, make_course, named, nbgrader

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium.EXECUTABLE is None, reason=chromium.MISSING),
]

SINK = "http://127.0.0.1:9/pwned"
RUN = f"window.pwned=1;document.title=`pwned`;fetch(`{SINK}`,{{mode:`no-cors`}})"
COVER = "position:fixed;inset:0;width:100%;height:100%;z-index:99999;background:red"
PAYLOADS = {
    "script": f"<script>{RUN}</script>",
    "onerror": f'<img src=x onerror="{RUN}">',
    "picture from elsewhere": f'<img src="{SINK}"> ![x]({SINK})',
    "svg": f'<svg xmlns="http://www.w3.org/2000/svg" onload="{RUN}"><script>{RUN}</script><text y="20">x</text></svg>',
    "svg animation": f'<svg><animate onbegin="{RUN}" attributeName="x" dur="1s"></animate></svg>',
    "link": f'<a class="bait" href="javascript:{RUN}">bait</a>',
    "link in Markdown": f"[bait](javascript:{RUN.replace('(', '%28').replace(')', '%29')})",
    "link with entities": f'<a class="bait" href="&#106;ava&#10;script:{RUN}">bait</a>',
    "covering style": f'<div class="cover" style="{COVER}">cover</div>',
    "style sheet": f"<style>body {{display: none}} * {{background: url({SINK})}}</style>",
    "form": f'<form action="{SINK}"><input class="field" autofocus onfocus="{RUN}"><button>send</button></form>',
    "frame": f'<iframe srcdoc="<script>parent.pwned=1</script>" src="{SINK}"></iframe><object data="{SINK}"></object>',
    "refresh": f'<meta http-equiv="refresh" content="0;url={SINK}"><base href="{SINK}">',
    "details": f'<details open ontoggle="{RUN}">x</details><video src="{SINK}" onerror="{RUN}"></video>',
    "formula": rf"$\href{{javascript:{RUN}}}{{bait}}$ $\style{{{COVER}}}{{cover}}$",
}
WRITTEN = "The error is $x^2 + 1$, and **bold**."


def figure_and_table():
    import matplotlib.pyplot as plt
    import pandas as pd

    figure, axes = plt.subplots(figsize=(3, 2))
    axes.plot([1, 2, 4])
    file = io.BytesIO()
    figure.savefig(file, format="png")
    plt.close(figure)
    table = pd.DataFrame({"loss": [0.25, 0.5]}, index=["broken", "fixed"])
    picture = {"image/png": base64.b64encode(file.getvalue()).decode(), "text/plain": "<Figure>"}
    return [
        new_output("display_data", data=data) for data in (picture, {"text/html": table.to_html(), "text/plain": "t"})
    ]


def hostile(notebook):
    """`notebook` with every payload in every place that a learner's file or kernel can fill."""
    written = "\n\n".join(PAYLOADS.values())
    named(notebook, "reflection").source = f"{WRITTEN}\n\n{written}"
    outputs = figure_and_table()
    for payload in PAYLOADS.values():
        kinds = ("text/html", "image/svg+xml", "text/markdown", "text/latex", "text/plain")
        outputs += [new_output("display_data", data={kind: payload}) for kind in kinds]
        outputs.append(new_output("stream", text=payload))
        outputs.append(new_output("error", ename=payload, evalue=payload, traceback=[payload]))
    outputs.append(new_output("display_data", data={"application/javascript": RUN}))
    named(notebook, "exercise-1").outputs = outputs
    own = nbformat.v4.new_markdown_cell(WRITTEN)
    notebook.cells += [own, *map(nbformat.v4.new_raw_cell, PAYLOADS.values())]
    return notebook


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with one graded submission, which is hostile, and its feedback; and the number Formgrader gives it."""
    from nbgrader.api import Gradebook

    course = make_course(tmp_path_factory.mktemp("pages").resolve())
    notebook = nbformat.read(course / "notebooks" / "exercises" / LESSON / f"{LESSON}.ipynb", as_version=4)
    folder = course / "autograded" / "eve" / LESSON
    folder.mkdir(parents=True)
    nbformat.write(hostile(notebook), folder / f"{LESSON}.ipynb")
    with Gradebook(f"sqlite:///{course}/gradebook.db", "why-wont-it-learn") as gradebook:
        gradebook.add_student("eve", first_name="<script>window.pwned=1</script>")
        gradebook.add_submission(LESSON, "eve")
        number = gradebook.find_submission_notebook(LESSON, LESSON, "eve").id
    nbgrader(course, f"generate_feedback {LESSON} --student=eve")
    return course, number


@pytest.fixture(scope="module")
def formgrader(course, tmp_path_factory):
    """The address of Formgrader's page for the submission, on a Jupyter server in the course's folder."""
    home, port, token = tmp_path_factory.mktemp("jupyter"), free_port(), secrets.token_hex(16)
    folders = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"]
    with open(home / "server.log", "w+") as log:
        process = subprocess.Popen(command, cwd=course[0], env={**os.environ, **folders}, stdout=log, stderr=log)
        try:
            if not answers(f"http://127.0.0.1:{port}/api?token={token}", process):
                log.seek(0)
                pytest.fail(f"JupyterLab did not start:\n{log.read()[-3000:]}")
            yield f"http://127.0.0.1:{port}/formgrader/submissions/{course[1]}/?token={token}"
        finally:
            process.terminate()
            process.wait(30)


class Visit:
    """A page, looked at for a second, with a click on every bait and into every field."""

    def __init__(self, address, picture):
        def look():
            with chromium.started() as browser:
                self.look(browser, address, picture)

        with ThreadPoolExecutor(1) as thread:  # test_browser.py may hold a browser in this one
            thread.submit(look).result()

    def look(self, browser, address, picture):
        self.requests, self.opened = [], []
        with browser.new_context(viewport={"width": 1100, "height": 1400}) as context:
            page = context.new_page()
            context.on("page", lambda opened: self.opened.append(opened.url))
            context.on("request", lambda request: self.requests.append(request.url))
            own = re.match(r"\w+://[^/]*/", address)[0]
            context.route(lambda url: not url.startswith((own, "data:")), lambda route: route.abort())
            page.goto(address, wait_until="load")
            page.wait_for_timeout(1000)
            self.covered = page.evaluate("() => !!document.elementFromPoint(550, 700)?.closest('.cover')")
            self.fixed = page.evaluate(
                """() => [...document.querySelectorAll('#notebook-container *, .cell *, body > pre *')]
                    .filter(e => ['fixed', 'absolute'].includes(getComputedStyle(e).position) &&
                            e.getBoundingClientRect().height > 700).length"""
            )
            self.fields = page.evaluate("() => document.querySelectorAll('.field, form[action]').length")
            self.visible = page.evaluate("() => getComputedStyle(document.body).display !== 'none'")
            for bait in page.query_selector_all("a:has-text('bait')"):
                bait.dispatch_event("click")
            page.wait_for_timeout(500)
            self.pwned = page.evaluate("() => window.pwned")
            self.title = page.title()
            self.text = page.inner_text("body")
            self.formulas_typeset = page.evaluate(
                """() => [...document.querySelectorAll('p')].filter(e => e.innerText.includes('x^2') &&
                         !e.closest('.tex2jax_ignore')).length"""
            )
            self.unsafe_typeset = page.evaluate(
                r"""() => [...document.querySelectorAll('p')].filter(e => e.innerText.includes('\\href') &&
                          !e.closest('.tex2jax_ignore')).length"""
            )
            self.figures = page.evaluate(
                "() => [...document.images].filter(i => i.src.startsWith('data:') && i.naturalWidth > 200).length"
            )
            self.cells = page.evaluate("() => [...document.querySelectorAll('table td')].map(e => e.innerText)")
            chosen = os.environ.get("COURSE_SCREENSHOTS")
            if chosen:
                Path(chosen).mkdir(parents=True, exist_ok=True)
                page.screenshot(path=Path(chosen) / f"{picture}.png", full_page=True)

    def harm(self):
        """What the payloads have done."""
        done = {
            "ran": self.pwned,
            "changed the title": "pwned" in self.title,
            "sent a request": SINK in self.requests,
            "opened a page": len(self.opened) > 1,
            "covers the page": self.covered or self.fixed,
            "put up a form": self.fields,
            "hides the page": not self.visible,
            "makes a formula a link": self.unsafe_typeset,
        }
        return [what for what, is_so in done.items() if is_so]


@pytest.fixture(scope="module", params=["formgrader", "feedback"])
def visit(request, course):
    if request.param == "formgrader":
        return Visit(request.getfixturevalue("formgrader"), "formgrader")
    return Visit((course[0] / "feedback" / "eve" / LESSON / f"{LESSON}.html").as_uri(), "feedback")


def test_nothing_of_a_learner_runs(visit):
    assert visit.harm() == []


def test_figure_table_and_formulas_are_there(visit):
    assert visit.figures == 1
    assert {"0.25", "0.50"} <= set(visit.cells)
    assert "$x^2 + 1$" in visit.text, "MathJax, which typesets it, comes from the net"
    assert visit.formulas_typeset >= 1


def test_without_the_course_s_settings_such_a_notebook_does_harm(tmp_path):
    """Otherwise the tests above could pass for nothing."""
    from nbconvert.exporters import HTMLExporter

    # The others would leave or hide the page before these have done their harm.
    cells = [nbformat.v4.new_markdown_cell(PAYLOADS[name]) for name in ("onerror", "covering style", "form")]
    html, _ = HTMLExporter(template_name="classic").from_notebook_node(nbformat.v4.new_notebook(cells=cells))
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    harm = Visit((tmp_path / "page.html").as_uri(), "unsafe").harm()
    assert {"ran", "changed the title", "sent a request", "covers the page", "put up a form"} <= set(harm)
