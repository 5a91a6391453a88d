"""The product manager's pages: families, the model's editor, tables, versions, preview as shop."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from markupsafe import Markup
from pydantic import AwareDatetime
from starlette.responses import Response

from lotone.configure import BrokenDraft, Draft, VersionState, configurator_of
from lotone.identity import Actor, Role, may
from lotone.kernel import Invalid, LotOneError, Words
from lotone.web.access import needs, platform_of
from lotone.web.page import go_to, page, reader_of, told
from lotone.web.products.api import router as api
from lotone.web.products.asking import DRAFT, changes_between, effect, faults, plant_of, side, who
from lotone.web.products.preview import router as preview
from lotone.web.products.tables import router as tables
from lotone.web.reader import Reader
from lotone.web.room import Entry, Found, Room, Section, Thread
from lotone.web.shop.choosing import drawn
from lotone.wiring import Work

router = APIRouter(prefix="/products")
Text = Annotated[str, Form()]
FOUND_MAX = 5
PRODUCT_ID = re.compile(r"[a-z][a-z0-9-]{1,38}")


@router.get("")
def families(request: Request, actor: Actor = needs("configure.write")) -> Response:
    """Every product family: what is sold, what waits, whether its draft was changed."""
    with platform_of(request).look(actor.organization) as work:
        versions = work.configure.all_versions()
        drafts = {product: work.drafts.draft(product) for product in {*versions, *work.drafts.open_drafts()}}
        changed = {product for product, draft in drafts.items() if work.drafts.is_changed(draft)}
    shown = [(draft, versions.get(product, []), drawing(draft)) for product, draft in sorted(drafts.items())]
    return page(
        request, "products/products.html", shown=shown, changed=changed, state=VersionState, thread=Thread.at("choice")
    )  # fmt: skip


def drawing(draft: Draft) -> Markup | None:
    """The product as the shop's window shows it; nothing when the draft can't be drawn."""
    try:
        product = draft.as_product
        configuration = configurator_of(product).options(product.start).configuration
        return drawn(product, configuration, prefix=f"{draft.product}-") if product.picture else None
    except LotOneError:
        return None


@router.post("")
def begin(
    request: Request,
    product: Text = "",
    name: Text = "",
    name_zh: Text = "",
    like: Text = "",
    actor: Actor = needs("configure.write"),
) -> Response:
    """The draft of a new product."""
    if not name.strip():
        raise Invalid("a product needs a name", where="name")
    if not PRODUCT_ID.fullmatch(product):
        raise Invalid("the id has 2 to 39 lower case letters, digits and hyphens, letter first", where="product")
    with platform_of(request).work(actor.organization) as work:
        work.drafts.begin(product, Words(name.strip()[:120], name_zh.strip()[:120]), by=who(actor), like=like)
    return go_to(request, f"/products/{product}")


@router.get("/{product}")
def model(request: Request, product: str, actor: Actor = needs("configure.write")) -> Response:
    """The model as text and as a tree, prices and rules, with what the analysis finds."""
    with platform_of(request).look(actor.organization) as work:
        draft = work.drafts.draft(product)
    return page(request, "products/model.html", draft=draft, thread=Thread.at("choice", promise="/plan/promises"))


@router.get("/{product}/versions")
def versions(
    request: Request, product: str, before: str = "", after: str = DRAFT, actor: Actor = needs("configure.write")
) -> Response:
    """Versions with their difference and effect; publish now or on a date, roll back."""
    with platform_of(request).look(actor.organization) as work:
        return page(request, "products/versions.html", **_versions(work, product, before, after), thread=Thread.at("choice"))


def _versions(work: Work, product: str, before: str, after: str) -> dict[str, Any]:
    draft = work.drafts.draft(product)
    known = work.configure.all_versions().get(product, [])
    is_sold = any(version.state is VersionState.CURRENT for version in known)
    first = before if before or is_sold or not known else str(known[0].number)
    sides = (side(work, product, first), side(work, product, after)) if known else None
    return {
        "draft": draft,
        "versions": known,
        "is_changed": work.drafts.is_changed(draft),
        "faults": faults(work, draft),
        "before": sides[0].name if sides else "",
        "after": after,
        "changes": changes_between(*sides) if sides else (),
        "effect": effect(work, product, sides[1]) if sides and sides[0].name != sides[1].name else None,
        "state": VersionState,
        "history": work.drafts.history(product)[:20],
    }


@router.post("/{product}/publish")
def publish(
    request: Request,
    product: str,
    revision: Annotated[int, Form()] = 0,
    at: Annotated[AwareDatetime | str, Form()] = "",
    note: Text = "",
    actor: Actor = needs("configure.write"),
) -> Response:
    """The draft becomes the next version, sold now or from a moment on."""
    if isinstance(at, str) and at:
        raise Invalid("expected a day and a time", where="at")
    moment = None if isinstance(at, str) else at
    try:
        with platform_of(request).work(actor.organization) as work:
            work.drafts.publish(
                product, revision, by=who(actor), at=moment, note=note.strip()[:2000], plant=plant_of(work)
            )  # fmt: skip
    except BrokenDraft as broken:
        raise Invalid(f"{broken.faults[0]}; nothing was published", where=None) from broken
    return go_to(request, f"/products/{product}/versions")


@router.post("/{product}/versions/{version}/release")
def release(
    request: Request,
    product: str,
    version: int,
    at: Annotated[AwareDatetime | str, Form()] = "",
    actor: Actor = needs("configure.write"),
) -> Response:
    """A version that waits is sold now, or from another moment on."""
    with platform_of(request).work(actor.organization) as work:
        work.configure.release(product, version, None if isinstance(at, str) else at)
    return go_to(request, f"/products/{product}/versions")


@router.post("/{product}/versions/{version}/withdraw")
def withdraw(request: Request, product: str, version: int, actor: Actor = needs("configure.write")) -> Response:
    """A version that waits is not released."""
    with platform_of(request).work(actor.organization) as work:
        work.configure.withdraw(product, version)
    return go_to(request, f"/products/{product}/versions")


@router.post("/{product}/versions/{version}/roll-back")
def roll_back(request: Request, product: str, version: int, actor: Actor = needs("configure.write")) -> Response:
    """An earlier version is sold again, as a new version that says so."""
    with platform_of(request).work(actor.organization) as work:
        made = work.drafts.roll_back(product, version, by=who(actor))
    text = reader_of(request).say("Version %(version)s is sold again, as version %(made)s", version=version, made=made.version)
    return told(go_to(request, f"/products/{product}/versions"), text)


@router.post("/{product}/undo")
def undo(
    request: Request,
    product: str,
    revision: Annotated[int, Form()] = 0,
    steps: Annotated[int, Form()] = 1,
    actor: Actor = needs("configure.write"),
) -> Response:
    """The draft as it was some saves ago."""
    with platform_of(request).work(actor.organization) as work:
        work.drafts.undo(product, revision, steps=steps)
    return go_to(request, f"/products/{product}/versions")


@router.post("/{product}/again")
def begin_again(
    request: Request, product: str, revision: Annotated[int, Form()] = 0, actor: Actor = needs("configure.write")
) -> Response:
    """What is sold now into the draft; this can be undone."""
    with platform_of(request).work(actor.organization) as work:
        work.drafts.begin_again(product, revision, by=who(actor))
    return go_to(request, f"/products/{product}/versions")


def search(work: Work, actor: Actor, query: str, reader: Reader) -> list[Found]:
    """Product families by id or name."""
    if not may(actor, "configure.write"):
        return []
    asked = query.casefold()
    called = reader.say("Product")
    return [
        Found(reader.words(product.words), f"/products/{product.id}", "sliders-horizontal", product.id, called)
        for product in work.configure.products()
        if asked in f"{product.id} {product.words.en} {product.words.zh}".casefold()
    ][:FOUND_MAX]


ROOM = Room(
    routers=(router, tables, preview, api),
    menu=(
        Entry(
            Words("Products", "产品"), "/products", "sliders-horizontal", "configure.write", Section.SELL,
            frozenset({Role.PRODUCT_MANAGER}), 30,
        ),
    ),
    search=search,
)  # fmt: skip
