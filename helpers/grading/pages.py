"""Pages with other people's notebooks, made safe: what Formgrader and feedback show runs nothing in a browser.

nbgrader's pages contain what a learner wrote and what the learner's kernel sent. A script among it would run with the
rights of the instructor's Jupyter server. nbgrader_config.py puts `SafeOutputs` and `markdown` into every such page.
What is left of a notebook: text, code, PNG and JPEG pictures, formulas in Markdown, and HTML without scripts, styles,
forms and frames.
"""

import re
from html import escape

import nbformat
from bleach.sanitizer import Cleaner
from bs4 import BeautifulSoup
from nbconvert.filters import markdown2html
from nbconvert.preprocessors import Preprocessor

TEXT = "a abbr b blockquote br caption code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li ol p pre s samp span"
TABLE = "strong sub sup table tbody td tfoot th thead tr u ul var"
PICTURE = re.compile(r"data:image/(png|jpeg|gif);base64,[A-Za-z0-9+/=\s]*")
LINK = re.compile(r"(https?://|mailto:|#)", re.I)
# TeX that makes links, styles or new commands, or covers the page. A page's MathJax has its Safe extension, too.
TEX = "href url class style cssId id html\\w* data require unicode bbox def gdef edef xdef let newcommand renewcommand"
TEX += " newenvironment renewenvironment DeclareMathOperator csname mmlToken rule Rule Space hspace vspace kern mkern"
TEX += " mskip hskip raise lower moveleft moveright llap rlap smash enclose toggle mathtip texttip includegraphics"
UNSAFE_TEX = re.compile(rf"\\({'|'.join(TEX.split())})(?![A-Za-z])")
# Some of these make the rendering of a page take hours. The text is shown as it is.
TOO_LONG = "More than a page can show: it is in the notebook's file."
TAGS, HTML, TAGS_OF_A_PAGE, TEXT_OF_A_PAGE = 10_000, 300_000, 60_000, 500_000
LONG, MARKS = 50_000, re.compile(r"([\[\]()<>*_`!>$~-])(?:\s*\1){499}")
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")


def _allowed(tag: str, name: str, value: str) -> bool:
    if tag == "a":
        return name == "title" or (name == "href" and bool(LINK.match(value)))
    if tag == "img":
        return name in ("alt", "title") or (name == "src" and bool(PICTURE.fullmatch(value)))
    return name in ("colspan", "rowspan") or (tag, name, value) == ("table", "class", "dataframe")


CLEANER = Cleaner(
    tags={*TEXT.split(), *TABLE.split()},
    attributes=_allowed,
    protocols={"http", "https", "mailto", "data"},
    strip=True,
)


def safe(html: str, formulas: bool = False) -> str:
    """`html` with the tags and attributes above, and nothing else.

    MathJax leaves it alone, as TeX can hold links and styles, too; unless it has `formulas`, and none of them does.
    """
    if tags_in(html) > TAGS or len(html) > HTML:  # to clean it would take minutes, or hours
        return f"<pre>({TOO_LONG})</pre>"
    try:
        return _safe(html, formulas)
    except RecursionError:  # tags within tags, thousands deep
        return "<pre>(HTML that is nested too deeply to be shown)</pre>"


def tags_in(html: str) -> int:
    """The number of marks that begin or end a tag or an entity."""
    return sum(map(html.count, "<>&"))


def _safe(html: str, formulas: bool) -> str:
    soup = BeautifulSoup(html, "html.parser")
    for element in soup(["script", "style", "template", "noscript"]):  # with their contents, which are no text
        element.decompose()
    cleaned = CLEANER.clean(str(soup))
    if formulas and not UNSAFE_TEX.search(BeautifulSoup(cleaned, "html.parser").get_text()):
        return f"<div>{cleaned}</div>"
    return f'<div class="tex2jax_ignore mathjax_ignore">{cleaned}</div>'


def markdown(source: str) -> str:
    """A cell's Markdown as HTML, made safe after it was rendered."""
    source = str(source)
    if len(source) > LONG or MARKS.search(source):
        return f"<pre>{escape(source[:LONG])}</pre>"
    try:
        return safe(markdown2html(source), formulas=True)
    except RecursionError:
        return "<pre>(Markdown that is nested too deeply to be shown)</pre>"


class SafeOutputs(Preprocessor):
    """Leaves of a notebook what a page may show. Whatever came from the kernel may be forged, numbers and names too."""

    enabled = True

    def preprocess(self, nb, resources):
        nb.metadata = nbformat.from_dict({"language_info": {"name": "python"}})
        self.tags, self.text = TAGS_OF_A_PAGE, TEXT_OF_A_PAGE
        nb.cells = [self.cell(cell) for cell in nb.cells]
        return nb, resources

    def cell(self, cell):
        cell.pop("attachments", None)
        tags = cell.metadata.get("nbgrader")
        named = isinstance(tags, dict) and re.fullmatch(r"[\w-]+", str(tags.get("grade_id")))
        cell.metadata = nbformat.from_dict({"nbgrader": tags} if named else {})
        if not re.fullmatch(r"[\w-]+", str(cell.get("id", "x"))):
            del cell["id"]
        if cell.cell_type == "markdown":
            self.text -= len(cell.source)
            cell.source = cell.source if self.text >= 0 else TOO_LONG
        if cell.cell_type == "raw":  # nbconvert passes it on as it is
            cell.source = re.sub(r"[<>&]", " ", cell.source)
        if cell.cell_type == "code":
            cell.execution_count = _count(cell.get("execution_count"))
            cell.outputs = [made for made in map(self.output, cell.get("outputs", [])) if made]
        return cell

    def output(self, output):
        """The output as a page may show it, or None."""
        if output.get("output_type") in ("display_data", "execute_result") and "text/html" in output.get("data", {}):
            html = str(output.data["text/html"])
            self.tags, self.text = self.tags - tags_in(html), self.text - len(html)
            if self.tags < 0 or self.text < 0:
                return nbformat.v4.new_output("stream", text=TOO_LONG)
        return _output(output)


def _count(value) -> int | None:
    return value if type(value) is int else None


def _output(output):
    """The output as a page may show it, or None."""
    kind = output.get("output_type")
    new = nbformat.v4.new_output
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return new("stream", name=name, text=str(output.get("text", "")))
    if kind == "error":
        lines = [str(line) for line in output.get("traceback", [])]
        return new("error", ename=str(output.get("ename")), evalue=str(output.get("evalue")), traceback=lines)
    if kind not in ("display_data", "execute_result"):
        return None
    data = {}
    for name, value in output.get("data", {}).items():
        if name == "text/plain":
            data[name] = str(value)
        elif name == "text/html":
            data[name] = safe(str(value))
        elif name in ("image/png", "image/jpeg") and BASE64.fullmatch(str(value)):
            data[name] = str(value)
    if not data:
        return None
    if kind == "execute_result":
        return new(kind, data=data, execution_count=_count(output.get("execution_count")))
    return new(kind, data=data)
