"""The draft as the shop would show it: the shop's own page, clearly marked, with nothing to order."""

import re
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response

from lotone.configure import Demand, Draft, Fault, Product, configurator_of
from lotone.identity import Actor
from lotone.kernel import LotOneError
from lotone.orders.model import planned
from lotone.web.access import needs, platform_of
from lotone.web.page import page
from lotone.web.products.asking import faults
from lotone.web.shop.choosing import CHOICES_MAX, Sheet, changes_between, sheet, why_not
from lotone.web.shop.days import Days
from lotone.web.shop.pages import NOT_PROMISED, choices_after, what_is_shown
from lotone.web.shop.wording import spoken
from lotone.wiring import Work

router = APIRouter(prefix="/products/{product}/preview")
Chosen = Annotated[list[Annotated[str, Query(max_length=200)]] | None, Query(max_length=CHOICES_MAX)]
_ORDER = re.compile(
    r'<form[^>]*\bid="shop-order".*?</form>|<button[^>]*data-dialog="save".*?</button>'
    r'|<details class="menu shop-more">.*?</details>',
    re.DOTALL,
)
"""What orders, keeps or sends a configuration: a draft has none of it."""


@router.get("")
def preview(request: Request, product: str, c: Chosen = None, actor: Actor = needs("configure.write")) -> Response:
    """The draft as a shopper would see it; a broken one says what keeps it from being shown."""
    with platform_of(request).look(actor.organization) as work:
        draft = work.drafts.draft(product)
        try:
            made = draft.as_product
            shown = sheet(made, made.start if c is None else c)
            days = _days(work, shown)
        except LotOneError as fault:
            broken = [str(one) for one in _faults(work, draft)] or [fault.message]
            return page(request, "products/no_preview.html", draft=draft, faults=broken)
    _as_shop(request, actor)
    answer = page(request, "products/preview.html", **what_is_shown(request, shown, days), draft=draft, ways=0, held="")
    return _without_orders(answer, actor, product)


@router.get("/sheet")
def changed_sheet(
    request: Request, product: str, c: Chosen = None, take: str = "", drop: str = "", actor: Actor = needs("configure.write")
) -> Response:
    """What one click changes, as in the shop."""
    with platform_of(request).look(actor.organization) as work:
        found = work.drafts.draft(product).as_product
        before = sheet(found, c or [])
        shown = sheet(found, choices_after(found, before, take, drop))
        days = _days(work, shown)
    _as_shop(request, actor)
    seen = what_is_shown(request, shown, days) | {"is_news": True}
    seen["changes"] = list(changes_between(before, shown, besides=take or drop))
    seen["asked"] = shown.options.get(take or drop)
    return _without_orders(page(request, "shop/sheet.html", **seen), actor, product)


@router.get("/why")
def why(request: Request, product: str, wanted: str, c: Chosen = None, actor: Actor = needs("configure.write")) -> Response:
    """Why an option does not go with the choices."""
    with platform_of(request).look(actor.organization) as work:
        found = work.drafts.draft(product).as_product
    _as_shop(request, actor)
    return page(request, "shop/why.html", **spoken(request), why=why_not(found, c or [], wanted))


@router.get("/sooner")
def sooner(request: Request, product: str, actor: Actor = needs("configure.write")) -> Response:
    """A draft is compared with nothing: what is sooner is asked of what is sold."""
    with platform_of(request).look(actor.organization) as work:
        work.drafts.draft(product)
    return HTMLResponse("")


@router.post("/looked", status_code=204)
def looked(request: Request, product: str, actor: Actor = needs("configure.write")) -> Response:
    """Who tries a draft is no shopper: nothing is counted."""
    with platform_of(request).look(actor.organization) as work:
        work.drafts.draft(product)
    return Response(status_code=204)


def _faults(work: Work, draft: Draft) -> list[Fault]:
    try:
        return faults(work, draft)
    except LotOneError:
        return []


def _as_shop(request: Request, actor: Actor) -> None:
    """The shop's templates ask the path whose shop it is."""
    request.path_params["shop"] = actor.organization


def _days(work: Work, shown: Sheet) -> Days:
    """The promise that the plan would give for the draft's parts and operations now."""
    try:
        return Days(work.plan.promise(planned(_demand(shown.product, shown), shown.product.words, 1)))
    except NOT_PROMISED:
        return Days(None)


def _demand(product: Product, shown: Sheet) -> Demand:
    configurator = configurator_of(product)
    return configurator.explode(configurator.complete(shown.choices))


def _without_orders(answer: HTMLResponse, actor: Actor, product: str) -> Response:
    """The shop's page with its addresses led back here, and without the button that orders."""
    text = bytes(answer.body).decode()
    text = _ORDER.sub("", text).replace(f"/shop/{actor.organization}/{product}", f"/products/{product}/preview")
    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    return HTMLResponse(text, answer.status_code, headers)
