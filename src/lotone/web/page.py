"""Pages: templates rendered for a reader, with what every page needs around its content."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, RedirectResponse, Response

from lotone import __version__
from lotone.identity import Role, may
from lotone.identity.model import ROLE_WORDS
from lotone.web.access import CSRF_FIELD, Visitor, platform_of
from lotone.web.reader import READER, Reader, read_preferences, translations
from lotone.web.room import Entry, Station, home_of, menu_for
from lotone.web.static import asset
from lotone.web.texts import SCRIPT_TEXTS

FOLDER = Path(__file__).parent


def reader_of(request: Request) -> Reader:
    """How whoever sent this request reads."""
    known = getattr(request.state, "reader", None)
    if isinstance(known, Reader):
        return known
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    user = visitor.session.user if visitor and visitor.session else None
    reader = read_preferences(
        query=request.query_params,
        cookies=request.cookies,
        accept_language=request.headers.get("accept-language", ""),
        user_language=user.language if user else "",
        user_zone=user.time_zone if user else "",
    )
    request.state.reader = reader
    return reader


def page(
    request: Request, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
) -> HTMLResponse:
    """Render a template under src/lotone/web. Besides `values` it sees what `_surroundings` lists."""
    reader = reader_of(request)
    marker = READER.set(reader)
    try:
        text = _environment(reader.language).get_template(template).render({**_surroundings(request, reader), **values})
    finally:
        READER.reset(marker)
    answer = HTMLResponse(text, status, {"Cache-Control": "no-store", "Vary": "Cookie, Accept-Language", **(headers or {})})
    if request.query_params.get("lang") == reader.language:
        answer.set_cookie("lang", reader.language, max_age=31_536_000, samesite="lax")
    return answer


def part(template: str, reader: Reader, values: Mapping[str, Any]) -> Markup:
    """A part of a page that depends on nothing but the reader's language and `values`, so that it may be kept."""
    marker = READER.set(reader)
    try:
        return Markup(_environment(reader.language).get_template(template).render(values))  # noqa: S704 (escapes by itself)
    finally:
        READER.reset(marker)


def go_to(request: Request, address: str) -> Response:
    """After a change: on to a page, for browsers' forms as for htmx."""
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": address, "Cache-Control": "no-store"})
    return RedirectResponse(address, 303, {"Cache-Control": "no-store"})


def told(answer: Response, text: str, *, undo: str = "", kind: str = "") -> Response:
    """Let the page show a toast when this answer to an htmx request arrives; `undo` is where a POST takes it back."""
    detail = {"text": text, "undo": undo, "kind": kind}
    answer.headers["HX-Trigger"] = json.dumps({"toast": detail})
    return answer


def _surroundings(request: Request, reader: Reader) -> dict[str, Any]:
    visitor: Visitor = getattr(request.state, "visitor", None) or Visitor()
    actor = visitor.actor
    platform = platform_of(request)
    plant, wall = platform.plant(), platform.wall()
    entries: list[Entry] = request.app.state.menu
    return {
        "request": request,
        "path": request.url.path,
        "reader": reader,
        "actor": actor,
        "user": visitor.session.user if visitor.session else None,
        "can": lambda action: actor is not None and may(actor, action),
        "menu": menu_for(entries, actor, request.url.path),
        "home": home_of(entries, actor),
        "csrf": visitor.csrf_token if visitor.secret else "",
        "csrf_field": Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, visitor.csrf_token),
        "clocks": json.dumps({"wall": _ms(wall), "plant": _ms(plant), "speed": platform.settings.speed}),
        "demo": platform.settings.demo,
        "version": __version__,
        "stations": list(Station),
        "thread": None,
        "partial": "hx-request" in request.headers and "hx-boosted" not in request.headers,
        "script_texts": htmlsafe_json_dumps(
            {text: reader.say(text) for text in SCRIPT_TEXTS} if reader.language != "en" else {}
        ),
    }


def _script_texts(reader: Reader) -> Markup:
    return htmlsafe_json_dumps({text: reader.say(text) for text in SCRIPT_TEXTS} if reader.language != "en" else {})


def _ms(moment: Any) -> int:
    return int(moment.timestamp() * 1000)


@cache
def _environment(language: str) -> Environment:
    """Templates compiled for one language."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        auto_reload=False,  # else every part of every page asks the disk whether its template has changed
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(
        icon=icon, asset=asset, this_page=this_page, Role=Role, role_words=lambda role: READER.get().words(ROLE_WORDS[role])
    )
    environment.filters.update(
        words=lambda words: READER.get().words(words),
        number=lambda value, unit="", digits=2: READER.get().number(value, unit, digits=digits),
        percent=lambda part, digits=0: READER.get().percent(part, digits=digits),
        money=lambda amount: READER.get().money(amount),
        duration=lambda length: READER.get().duration(length),
        minutes=lambda minutes: READER.get().minutes(minutes),
        moment=lambda moment, style="moment", plant_zone="": READER.get().moment(moment, style, plant_zone=plant_zone),
        age=lambda moment, stale=None, clock="wall": READER.get().age(moment, stale=stale, clock=clock),
        initials=initials,
        json_attribute=lambda value: json.dumps(value, ensure_ascii=False),
    )
    return environment


def icon(name: str, extra: str = "") -> Markup:
    """An icon of the sprite; web/src/icons.json lists which there are."""
    return Markup('<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>').format(
        extra, asset("icons.svg"), name
    )


@pass_context
def this_page(context: Context, **changes: Any) -> str:
    """The page's own address with some of its query changed: `this_page(lang="zh")`; None takes one away."""
    request: Request = context["request"]
    address = request.url.remove_query_params([name for name, value in changes.items() if value is None])
    address = address.include_query_params(**{name: value for name, value in changes.items() if value is not None})
    return address.path + (f"?{address.query}" if address.query else "")


def initials(name: str) -> Markup:
    parts = [part for part in name.replace("@", " ").replace(".", " ").split() if part]
    return escape("".join(part[0] for part in parts[:2]).upper() or "?")
