"""Every notebook in JupyterLab, in a real browser: started as the README says, opened and looked at, and three are run.

    uv run --group browser pytest -m "browser and not weekly"
    uv run --group browser pytest -m browser                    # runs every notebook

Needs Chromium (Debian: `apt-get install chromium`) and no network. Works on a copy of the course. Screenshots go into
the folder named by the environment variable COURSE_SCREENSHOTS, otherwise into pytest's temporary folder.
"""

import ast
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import chromium
import course_files
import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright: uv run --group browser pytest")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium.EXECUTABLE is None, reason=chromium.MISSING),
]

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted([*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("notebooks/exercises/*/*.ipynb")])
RUN_EACH_TIME = {"00_start_here", "01_unscaled_inputs"}  # of the second, lesson and exercises
# In seconds. A notebook may take 30 s on 2 cores, and this test may have to share them.
SERVER_LIMIT, RUN_LIMIT, PAGE_LIMIT = 120, 600, 120

SETTINGS = {
    # No question about Jupyter's news, and no look for updates.
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    # All cells are drawn at once: those that JupyterLab adds and removes while it is scrolled vanish under a test.
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}
PANEL = "window.jupyterapp?.shell?.currentWidget"  # undefined until JupyterLab has started
NOT_DRAWN = {"use_course_style", "line_style", "describe"}  # of plots


@dataclass
class Lab:
    """A notebook in JupyterLab. `cells` is what JupyterLab holds of it, as in an .ipynb file; after Run All, if run."""

    page: "sync_api.Page"
    name: str
    run: str = "not started"
    cells: list[dict] = field(default_factory=list, repr=False)
    page_errors: list[str] = field(default_factory=list)
    foreign_requests: list[str] = field(default_factory=list)

    @property
    def is_exercise(self) -> bool:
        return self.name.startswith("exercises/")

    def code(self) -> list[tuple[int, dict]]:
        """(position, cell) of the code cells."""
        return [(i, cell) for i, cell in enumerate(self.cells) if cell["cell_type"] == "code"]

    def executed(self) -> list[tuple[int, dict]]:
        return [(i, cell) for i, cell in self.code() if cell["execution_count"] is not None]

    def show(self, position: int) -> "sync_api.ElementHandle":
        """Scroll to the cell, and return its element."""
        self.page.evaluate(f"i => {PANEL}.content.scrollToItem(i, 'start')", position)
        node = self.page.evaluate_handle(f"i => {PANEL}.content.widgets[i].node", position).as_element()
        node.scroll_into_view_if_needed()
        return node


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    """A copy of the files that git tracks, or would: JupyterLab saves what it has run."""
    return course_files.copy_to(tmp_path_factory.mktemp("course") / "course")


@pytest.fixture(scope="session")
def server(course, tmp_path_factory):
    """JupyterLab, started as the README says: its top folder is notebooks/. Yields a function: path -> address."""
    home = tmp_path_factory.mktemp("jupyter")
    for name, values in SETTINGS.items():
        (file := home / "settings" / f"{name}.jupyterlab-settings").parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    ours = ("MPLBACKEND", "TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS", "PYTHONPATH")  # a learner has none of them
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    environment |= {name: str(home / folder) for name, folder in folders.items()}
    port, token = free_port(), secrets.token_hex(16)
    command = [sys.executable, "-m", "jupyterlab", "notebooks/00_start_here.ipynb", "--no-browser", "--allow-root"]
    command += ["--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"]
    command += ["--LabApp.expose_app_in_browser=True"]
    base = f"http://127.0.0.1:{port}"
    with open(home / "server.log", "w+") as log:
        process = subprocess.Popen(command, cwd=course, env=environment, stdout=log, stderr=log)
        try:
            if not answers(f"{base}/api?token={token}", process):
                log.seek(0)
                pytest.fail(f"JupyterLab did not start:\n{log.read()[-3000:]}")
            yield lambda path: f"{base}/lab/tree/{path}?token={token}&reset"
        finally:
            process.terminate()  # JupyterLab then ends its kernels
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(address, process):
    end = time.monotonic() + SERVER_LIMIT
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return True
        except OSError:
            time.sleep(0.3)
    return False


@pytest.fixture(scope="session")
def browser():
    with chromium.started() as browser:
        yield browser


def name_of(path):
    return path.relative_to(ROOT / "notebooks").as_posix()


@contextmanager
def opened(path, server, browser):
    """The notebook in a page of its own; its kernel ends with it, and frees its memory."""
    address = server(name_of(path))
    with browser.new_context(viewport={"width": 1300, "height": 1500}) as context:
        page = context.new_page()
        page.set_default_timeout(1000 * PAGE_LIMIT)
        lab = Lab(page, name_of(path))
        page.on("pageerror", lambda error: lab.page_errors.append(str(error)))
        only_local(page, address, lab.foreign_requests)
        page.goto(address)
        page.wait_for_function(
            f"path => {PANEL}?.context?.path === path && {PANEL}.context.isReady && {PANEL}.content.widgets.length > 1",
            arg=lab.name,
        )
        lab.cells = page.evaluate(f"() => {PANEL}.content.model.toJSON().cells")
        yield lab
        page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=name_of)
def lab(request, server, browser, tmp_path_factory):
    """Opens the notebook, and runs nothing."""
    with opened(request.param, server, browser) as lab:
        take_screenshots(lab, tmp_path_factory, {"top": 0})
        yield lab


@pytest.fixture(
    scope="module",
    params=[pytest.param(p, marks=[] if p.stem in RUN_EACH_TIME else pytest.mark.weekly) for p in NOTEBOOKS],
    ids=name_of,
)
def ran(request, server, browser, tmp_path_factory):
    """Opens the notebook and runs all its cells once; the tests below look at it one after the other."""
    with opened(request.param, server, browser) as lab:
        lab.page.wait_for_function(f"() => {PANEL}?.context?.sessionContext?.session?.kernel?.status === 'idle'")
        lab.run = lab.page.evaluate(
            """limit => Promise.race([
                window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => 'done'),
                new Promise(resolve => setTimeout(() => resolve('not done in time'), limit))])""",
            1000 * RUN_LIMIT,
        )
        lab.page.wait_for_timeout(1000)  # the last output may still be on its way
        lab.cells = lab.page.evaluate(f"() => {PANEL}.content.model.toJSON().cells")
        of_interest = [
            i for i, cell in lab.code() for o in cell["outputs"] if "ename" in o or "image/png" in o.get("data", {})
        ]
        take_screenshots(lab, tmp_path_factory, {"last": (of_interest or [0])[-1]})
        yield lab


def only_local(page, address, refused):
    """Lets the page reach its own server, and nothing else; pictures, such as badges, are refused without a note."""
    local = re.match(r"\w+://[^/]+/", address)[0]

    def refuse(route):
        if route.request.resource_type != "image":
            refused.append(route.request.url)
        route.abort()

    page.route(lambda url: not url.startswith((local, "data:", "blob:")), refuse)


def collapsed(page):
    """Positions of the cells whose source is folded away."""
    return page.evaluate(f"() => {PANEL}.content.widgets.flatMap((cell, i) => cell.inputHidden ? [i] : [])")


def take_screenshots(lab, tmp_path_factory, views):
    """`views`: the position of a cell, by the name of its picture."""
    chosen = os.environ.get("COURSE_SCREENSHOTS")
    folder = Path(chosen) if chosen else tmp_path_factory.getbasetemp()
    folder.mkdir(parents=True, exist_ok=True)
    stem = Path(lab.name).with_suffix("").as_posix().replace("/", "-")
    for view, position in views.items():
        lab.show(position)
        lab.page.wait_for_timeout(500)
        lab.page.screenshot(path=folder / f"{stem}-{view}.png")


def source(cell):
    return "".join(cell["source"])


def calls(cell, module):
    """The calls of a function of this module that the cell itself makes, as (function, arguments by name)."""
    todo, found = [ast.parse(source(cell))], []
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            continue  # not called yet
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith(f"{module}."):
            found.append((node.func.attr, {keyword.arg: keyword.value for keyword in node.keywords}))
        todo += ast.iter_child_nodes(node)
    return found


# Opened


def test_setup_and_other_folded_cells_are_collapsed(lab):
    setup = [i for i, cell in lab.code() if "setup" in cell["metadata"].get("tags", [])]
    assert len(setup) == 1
    folded = [i for i, cell in lab.code() if cell["metadata"].get("jupyter", {}).get("source_hidden")]
    assert setup[0] in folded
    assert collapsed(lab.page) == folded
    for position in folded:
        node = lab.show(position)
        assert node.query_selector(".jp-InputPlaceholder").is_visible()
        editor = node.query_selector(".jp-InputArea-editor")
        assert editor is None or not editor.is_visible()


def test_hints_unfold_and_fold(lab):
    for i, cell in enumerate(lab.cells):
        expected = source(cell).count("<details") if cell["cell_type"] == "markdown" else 0
        if not expected:
            continue
        hints = lab.show(i).query_selector_all(".jp-RenderedMarkdown details")
        assert len(hints) == expected
        for hint in hints:
            heights = []
            for _ in range(3):  # as it comes, after one click, after another
                hint.scroll_into_view_if_needed()
                heights.append(hint.bounding_box()["height"])
                hint.query_selector("summary").click()
            assert heights[1] > heights[0] + 10
            assert heights[2] == heights[0]


def test_jupyterlab_reports_nothing(lab):
    assert lab.page_errors == []
    assert lab.foreign_requests == []
    assert lab.page.query_selector_all(".jp-Dialog, .Toastify__toast--error, .Toastify__toast--warning") == []


def test_last_link_opens_the_next_notebook(lab):
    """Stands last: it leaves the notebook."""
    addresses = [
        (i, address)
        for i, cell in enumerate(lab.cells)
        if cell["cell_type"] == "markdown"
        for address in re.findall(r"\]\(([^):]+\.ipynb)\)", source(cell))
    ]
    if not addresses:
        pytest.skip("no link to another notebook")
    position, address = addresses[-1]
    target = os.path.normpath(Path(lab.name).parent / address).replace(os.sep, "/")
    node = lab.show(position)
    node.query_selector_all(".jp-RenderedMarkdown a[href*='.ipynb']")[-1].click()
    lab.page.wait_for_function(f"path => {PANEL}?.context?.path === path", arg=target)
    lab.page.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell")


# Run


def test_runs_to_the_end_or_an_exercise_to_its_first_check(ran):
    assert ran.run == "done"
    errors = [(i, output["ename"]) for i, cell in ran.code() for output in cell["outputs"] if "ename" in output]
    with_source = [i for i, cell in ran.code() if source(cell).strip()]
    if ran.is_exercise:
        first_check = next(i for i, cell in ran.code() if re.search(r"\bcheck\(", source(cell)))
        assert errors == [(first_check, "NotAttempted")]
        with_source = [i for i in with_source if i <= first_check]
    else:
        assert errors == []
    assert [i for i, _ in ran.executed()] == with_source


def test_nothing_is_written_in_red(ran):
    red = ["".join(o["text"]) for _, cell in ran.code() for o in cell["outputs"] if o.get("name") == "stderr"]
    assert red == []


def test_every_figure_is_drawn(ran):
    for i, cell in ran.executed():
        expected = [name for name, _ in calls(cell, "plots") if name not in NOT_DRAWN]
        pictures = [output for output in cell["outputs"] if "image/png" in output.get("data", {})]
        assert len(pictures) >= len(expected), f"a figure of cell {i} is missing: {expected}"
        if not pictures:
            continue
        drawn = [picture for picture in ran.show(i).query_selector_all(".jp-OutputArea img") if picture.is_visible()]
        assert len(drawn) == len(pictures)
        for picture in drawn:
            ran.page.wait_for_function("image => image.complete && image.naturalWidth > 300", arg=picture)
            assert picture.bounding_box()["width"] > 300


def test_progress_bars_are_drawn_and_full(ran):
    for i, cell in ran.executed():
        repeats = [
            arguments
            for name, arguments in calls(cell, "experiment")
            if name == "repeat" and "progress" not in arguments
        ]
        widgets = [o for o in cell["outputs"] if "application/vnd.jupyter.widget-view+json" in o.get("data", {})]
        assert len(widgets) >= len(repeats), f"a progress bar of cell {i} is missing"
        if not repeats:
            continue
        node = ran.show(i)
        ran.page.wait_for_function("node => node.querySelector('.jupyter-widgets .progress-bar')", arg=node)
        bars = node.query_selector_all(".jupyter-widgets .progress")
        assert len(bars) == len(widgets)
        for bar in bars:
            filled = bar.query_selector(".progress-bar").bounding_box()["width"]
            assert filled == pytest.approx(bar.bounding_box()["width"], abs=4)
        assert node.inner_text().count("100%") >= len(bars)


def test_jupyterlab_reports_nothing_of_a_run(ran):
    test_jupyterlab_reports_nothing(ran)
