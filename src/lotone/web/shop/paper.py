"""An offer on paper: what, its picture, for how much, ready by when and how surely, valid how long, from whom; as PDF.

Made with fpdf2 and a font of our own that has Chinese, so it looks the same everywhere and needs nothing from the system.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from lotone.configure import Picture

FONT = Path(__file__).parent / "fonts" / "NotoSansSC-Regular.woff"
MARGIN_MM = 18
INK, QUIET, LINE = (28, 30, 34), (98, 103, 110), (210, 213, 217)
PICTURE_MM = 92
logging.getLogger("fpdf.svg").setLevel(logging.ERROR)
logging.getLogger("fontTools").setLevel(logging.ERROR)

_VARIABLE = re.compile(r"var\(\s*(--[\w-]+)\s*(?:,([^()]*))?\)")
_PRODUCT = re.compile(r"calc\(\s*(-?[\d.]+)(?:px)?\s*\*\s*(-?[\d.]+)(?:px)?\s*\)")
_MOVED = re.compile(r'style="transform:([^";]*);?"')
_EMPTY = re.compile(r"<(?:filter|title)\b[^>]*/>")
"""Taken out first: what is left has an end, so that no search for one runs to the end of the picture again and again."""
_BLUR = re.compile(r"<filter\b.*?</filter>|\sfilter=\"[^\"]*\"", re.DOTALL)
_TITLE = re.compile(r"<title\b.*?</title>", re.DOTALL)


@dataclass(frozen=True)
class Paper:
    """The words of an offer, in the reader's language already."""

    title: str
    seller: str
    made: str
    """Who made it when, and its number, in one line."""
    product: str
    picture: str
    """SVG without custom properties; see `plain`."""
    figures: Sequence[tuple[str, str, str]]
    """Label, what matters, and the small print under it: price, day, validity."""
    options_title: str
    options: Sequence[tuple[str, str]]
    footer: str
    language: str
    at: datetime


def plain(picture: Picture, configuration: frozenset[str]) -> str:
    """A picture for readers of SVG that know neither custom properties nor filters."""
    properties = picture.properties(configuration)
    svg = _BLUR.sub("", _EMPTY.sub("", picture.draw(configuration)))
    svg = _VARIABLE.sub(lambda found: properties.get(found[1], (found[2] or "0").strip()), svg)
    svg = _PRODUCT.sub(lambda found: f"{float(found[1]) * float(found[2]):g}", svg)
    svg = _MOVED.sub(lambda found: f'transform="{_numbers(found[1])}"', svg)
    return _TITLE.sub("", svg).replace('"transparent"', '"#ffffff"')


def _numbers(transform: str) -> str:
    moved = re.sub(r"translateY\(([^()]*)\)", r"translate(0,\1)", transform)
    return re.sub(r"translateX\(([^()]*)\)", r"translate(\1,0)", moved).replace("px", "")


def pdf_of(paper: Paper) -> bytes:
    """The offer as PDF, A4, as many pages as it takes."""
    sheet = _Sheet(paper)
    sheet.head()
    sheet.drawing()
    sheet.figures()
    sheet.options()
    return bytes(sheet.pdf.output())


class _Pages(FPDF):
    words = ""

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font("offer", size=8)
        self.set_text_color(*QUIET)
        self.cell(0, 5, self.words)
        self.set_x(-MARGIN_MM - 20)
        self.cell(20, 5, str(self.page_no()), align="R")


class _Sheet:
    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.pdf = pdf = _Pages(format="A4")
        pdf.words = paper.footer
        pdf.set_title(f"{paper.title}: {paper.product}")
        pdf.set_author(paper.seller)
        pdf.set_lang("zh-CN" if paper.language == "zh" else "en-GB")
        pdf.set_creation_date(paper.at)
        pdf.add_font("offer", "", FONT)
        pdf.set_margins(MARGIN_MM, MARGIN_MM)
        pdf.set_auto_page_break(True, margin=20)
        pdf.add_page()

    def write(self, text: str, size: float, colour: tuple[int, int, int] = INK, *, width: float = 0, gap: float = 0) -> None:
        self.pdf.set_font("offer", size=size)
        self.pdf.set_text_color(*colour)
        self.pdf.multi_cell(width, size * 0.5, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        if gap:
            self.pdf.ln(gap)

    def head(self) -> None:
        self.write(self.paper.seller, 11, QUIET, gap=4)
        self.write(self.paper.title, 24, gap=1)
        self.write(self.paper.product, 14)
        self.write(self.paper.made, 9, QUIET, gap=3)

    def drawing(self) -> None:
        if not self.paper.picture:
            return
        top = self.pdf.get_y()
        drawing = BytesIO(self.paper.picture.encode())
        self.pdf.image(drawing, x=self.pdf.l_margin, y=top, w=self.pdf.epw, h=PICTURE_MM, keep_aspect_ratio=True)
        self.pdf.set_y(top + PICTURE_MM + 4)

    def figures(self) -> None:
        for label, value, small in self.paper.figures:
            self._rule()
            top = self.pdf.get_y()
            self.write(label, 10, QUIET, width=38)
            below = self.pdf.get_y()
            self.pdf.set_y(top)
            for text, size, colour in ((value, 14, INK), (small, 9, QUIET)):
                if text:
                    self.pdf.set_x(self.pdf.l_margin + 40)
                    self.write(text, size, colour)
            self.pdf.set_y(max(below, self.pdf.get_y()) + 2)

    def _rule(self) -> None:
        self.pdf.set_draw_color(*LINE)
        y = self.pdf.get_y()
        self.pdf.line(self.pdf.l_margin, y, self.pdf.l_margin + self.pdf.epw, y)
        self.pdf.set_y(y + 2)

    def options(self) -> None:
        self._rule()
        self.write(self.paper.options_title, 12, gap=1)
        half = self.pdf.epw / 2
        rows = -(-len(self.paper.options) // 2)
        for row in range(rows):
            if self.pdf.will_page_break(6):
                self.pdf.add_page()
            top = self.pdf.get_y()
            lowest = top
            for side, place in enumerate((row, row + rows)):
                if place >= len(self.paper.options):
                    continue
                question, answer = self.paper.options[place]
                left = self.pdf.l_margin + side * half
                for text, colour, shift, width in ((question, QUIET, 0.0, 34.0), (answer, INK, 34.0, half - 38)):
                    self.pdf.set_xy(left + shift, top)
                    self.write(text, 9, colour, width=width)
                    lowest = max(lowest, self.pdf.get_y())
            self.pdf.set_y(lowest + 1)
