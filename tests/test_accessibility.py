"""Who does not see colours, or does not see the figures, follows the course too.

Colours: contrast as the Web Content Accessibility Guidelines (WCAG 2.2, 1.4.11) measure it; distances in CAM02-UCS,
where about 1 is just noticeable, also under simulated colour blindness (Machado et al. 2009, in `colorspacious`).
"""

import itertools
import re
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from colorspacious import cspace_convert, deltaE
from matplotlib.colors import to_rgb

from helpers import plots

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "data/*.md", "notebooks/**/*.md", "notebooks/**/*.ipynb")
    for path in ROOT.glob(pattern)
    if ".ipynb_checkpoints" not in path.parts
)
PALETTE = {role: style["color"] for role, style in plots.STYLES.items()} | {"baseline": "black"}
PAIRS = list(itertools.combinations(PALETTE, 2))
SIGHTS = ["normal", "deuteranomaly", "protanomaly", "tritanomaly"]

WCAG_GRAPHICS = 3  # the least contrast of a part of a figure with its background
DISTANCE = 20  # in CAM02-UCS; black and white are 100 apart
GREY_LEVELS = 20  # of 100, in CIE L*

every_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())


def seen(color, sight):
    """The sRGB colour, from 0 to 1, as somebody with this sight sees it; all three anomalies are of full severity."""
    rgb = np.array(to_rgb(color))
    if sight == "normal":
        return rgb
    space = {"name": "sRGB1+CVD", "cvd_type": sight, "severity": 100}
    return np.clip(cspace_convert(rgb, space, "sRGB1"), 0, 1)


def grey(color):
    """From 0, black, to 100, white: what a grey printer leaves of the colour."""
    return cspace_convert(to_rgb(color), "sRGB1", "CIELab")[0]


def contrast(color, background):
    luminances = []
    for rgb in (np.array(to_rgb(color)), np.array(to_rgb(background))):
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        luminances.append(linear @ (0.2126, 0.7152, 0.0722))
    return (max(luminances) + 0.05) / (min(luminances) + 0.05)


def text(path):
    """The document's Markdown without code, which may hold # and [] of its own."""
    if path.suffix == ".ipynb":
        cells = nbformat.read(path, as_version=4).cells
        source = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    else:
        source = path.read_text(encoding="utf-8")
    return re.sub(r"```.*?```|`[^`\n]*`", lambda code: "code" * bool(code[0].strip("`")), source, flags=re.DOTALL)


def images(markdown):
    """(alt text, address) of every image."""
    found = re.findall(r"!\[(.*?)\]\((\S+?)\)", markdown, flags=re.DOTALL)
    for tag in re.findall(r"<img\b[^>]*>", markdown):
        alt, source = (re.search(rf'\b{name}="([^"]*)"', tag) for name in ("alt", "src"))
        found.append((alt[1] if alt else "", source[1] if source else ""))
    return found


def links(markdown):
    """(text, address) of every link; an image in a link, such as a badge, is read as its alt text."""
    return re.findall(r"\[([^\[\]]*)\]\((\S+?)\)", re.sub(r"!\[(.*?)\]\(\S+?\)", r"\1", markdown, flags=re.DOTALL))


def test_the_formulas_agree_with_known_values():
    assert contrast("black", "white") == pytest.approx(21)
    assert contrast("#767676", "white") == pytest.approx(4.54, abs=0.005)  # the grey that just passes for text
    assert grey("white") == pytest.approx(100, abs=0.01)
    red, green = (seen(color, "deuteranomaly") for color in ("#B00000", "#5A6A00"))
    assert deltaE(red, green, input_space="sRGB1") < deltaE(to_rgb("#B00000"), to_rgb("#5A6A00"), input_space="sRGB1")


@pytest.mark.parametrize("role", PALETTE)
def test_colours_stand_out_from_the_background(role):
    plots.use_course_style()
    for background in ("figure.facecolor", "axes.facecolor"):
        assert contrast(PALETTE[role], plt.rcParams[background]) >= WCAG_GRAPHICS


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_colours_are_far_apart(pair, sight):
    a, b = (seen(PALETTE[role], sight) for role in pair)
    assert deltaE(a, b, input_space="sRGB1") >= DISTANCE


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_without_colour_roles_differ_in_grey_or_in_line_and_marker(pair):
    if "baseline" in pair:  # baselines have line styles of their own, some of them like a role's
        a, b = (grey(PALETTE[role]) for role in pair)
        assert abs(a - b) >= GREY_LEVELS
    else:
        a, b = (plots.STYLES[role] for role in pair)
        assert a["linestyle"] != b["linestyle"]
        assert a["marker"] != b["marker"]


@every_document
def test_headings_are_in_order(path):
    levels = [len(marks) for marks in re.findall(r"^(#+) ", text(path), flags=re.MULTILINE)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    for above, below in itertools.pairwise(levels):
        assert below <= above + 1, "a level is skipped"


@every_document
def test_link_texts_say_where_they_lead(path):
    leads_to = {}
    for label, target in links(text(path)):
        assert not re.fullmatch(r"\W*(|(click |see )?here|this( page)?|link|(read )?more)\W*", label, re.IGNORECASE)
        assert "://" not in label, "an address is not a text"
        assert leads_to.setdefault(label.lower(), target) == target, f"{label!r} leads to two places"


@every_document
def test_images_have_a_text_in_their_place(path):
    for alt, source in images(text(path)):
        assert len(alt.split()) >= 3, f"{source} has no alt text that says what it shows"
        assert Path(source).stem.lower() not in alt.lower(), "a file name is not a text"


@every_document
def test_folded_parts_say_what_is_in_them(path):
    markdown = text(path)
    named = re.findall(r"<details>\s*<summary>[^<]*\w[^<]*</summary>", markdown)
    assert len(named) == markdown.count("<details") == markdown.count("</details>")
