"""Pictures that follow the choices, and that can do nothing but draw."""

import pytest

from lotone.configure import Picture, PictureStyle, WrongPicture, parse_expression
from lotone.kernel import Invalid

SVG = """<svg viewBox="0 0 10 10">
  <defs><linearGradient id="sky"><stop offset="0"/></linearGradient></defs>
  <title>Räder &amp; mehr</title>
  <g data-when="Rack &amp; !Red"><path d="M0 0" fill="url(#sky)"/><use href="#sky"/></g>
  <g data-when="Red"><circle r="1"/></g>
</svg>"""
STYLES = (
    PictureStyle("--paint", "#111"),
    PictureStyle("--paint", "#c8102e", parse_expression("Red")),
    PictureStyle("--wheel", "28px", parse_expression("Rack")),
)


def test_parts_and_colours_follow_the_choices() -> None:
    picture = Picture(SVG, STYLES)
    red, rack = picture.draw({"Red"}), picture.draw({"Rack"}, prefix="a-")
    assert 'style="--paint:#c8102e"' in red
    assert "<circle" in red
    assert "<path" not in red
    assert 'style="--paint:#111;--wheel:28px"' in rack
    assert 'fill="url(#a-sky)"' in rack
    assert 'href="#a-sky"' in rack
    assert 'id="a-sky"' in rack
    assert "<title>Räder &amp; mehr</title>" in rack
    assert "data-when" not in red + rack


def test_features_with_their_lines() -> None:
    assert list(Picture(SVG).features()) == [("Rack", 4), ("Red", 4), ("Red", 5)]


def test_a_picture_survives_json() -> None:
    picture = Picture(SVG, STYLES)
    assert Picture.from_json(picture.as_json()) == picture


@pytest.mark.parametrize(
    ("inside", "fault"),
    [
        ("<script>alert(1)</script>", "<script> is not allowed in a picture"),
        ('<g onclick="x()"/>', "onclick"),
        ('<use href="https://example.org/a.svg#b"/>', "href"),
        ('<path style="fill: url(https://example.org)"/>', "style"),
        ("<foreignObject/>", "foreignObject"),
        ("<style>@import 'x'</style>", "<style>"),
        ('<g data-when="a &amp; (">a</g>', "column 6: expected a feature"),
        ("<g>", "not well-formed SVG: mismatched tag"),
    ],
)
def test_a_picture_only_draws(inside: str, fault: str) -> None:
    with pytest.raises(WrongPicture, match=r"picture\.svg:2") as caught:
        Picture(f"<svg>\n{inside}</svg>").check()
    assert fault in str(caught.value)


@pytest.mark.parametrize("svg", ["", "bike", "<html/>", '<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>', "\x89PNG"])
def test_what_is_no_picture(svg: str) -> None:
    with pytest.raises(WrongPicture):
        Picture(svg).check()


@pytest.mark.parametrize(
    ("name", "value"), [("color", "red"), ("--a", "url(x)"), ("--a", "red;}"), ("--a", ""), ("--a", "<x>")]
)
def test_styles_are_plain_values(name: str, value: str) -> None:
    with pytest.raises(Invalid):
        PictureStyle(name, value)


def again(levels: int, times: int, last: str = '<path id="a0" d="M0 0"/>') -> str:
    uses = (f'<g id="a{level}">' + f'<use href="#a{level - 1}"/>' * times + "</g>" for level in range(1, levels + 1))
    return f'<svg><defs>{last}{"".join(uses)}</defs><use xlink:href="#a{levels}"/></svg>'.replace(
        "<svg>", '<svg xmlns:xlink="http://www.w3.org/1999/xlink">'
    )


@pytest.mark.parametrize(
    "svg", [again(5, 10), again(300, 1), again(2, 1, '<g id="a0"><use href="#a2"/></g>')], ids=["many", "deep", "endless"]
)
def test_a_small_picture_that_draws_for_ever_is_refused(svg: str) -> None:
    with pytest.raises(WrongPicture, match="those of <use> counted each time"):
        Picture(svg).check()


def test_what_is_used_again_some_times_is_drawn() -> None:
    Picture(again(3, 10)).check()
