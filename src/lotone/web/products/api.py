"""Products for programs: drafts with their analysis and tables, versions, releases, differences, effects."""

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from lotone.configure import BadRows, BrokenDraft, Draft, DraftMoved, prepare, read_workbook, renamed, write_workbook
from lotone.identity import Actor
from lotone.kernel import Words
from lotone.web.access import needs, platform_of
from lotone.web.faults import problem
from lotone.web.products.asking import Side, changes_between, effect, faults, looked_at, plant_of, side, who
from lotone.wiring import Work

router = APIRouter(prefix="/api/v1", tags=["products"])
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Name = Annotated[str, Field(min_length=1, max_length=200)]


class NewProduct(BaseModel):
    product: str = Field(pattern=r"^[a-z][a-z0-9-]{0,38}$", description="A short id, for addresses.")
    name: str = Field(min_length=1, max_length=120)
    name_zh: str = Field("", max_length=120)
    currency: str = Field("EUR", pattern=r"^[A-Z]{3}$")
    like: str = Field("", max_length=80, description="Begin with everything of this product.")


class Seen(BaseModel):
    revision: int = Field(ge=0, description="The draft's revision that the change is based on.")


class Rename(BaseModel):
    old: Name
    new: Name


class DraftChange(Seen):
    model: str | None = Field(None, description="The model in UVL.")
    changes: dict[str, Any] = Field(default_factory=dict, description="Other parts, as GET tells them.")
    renamed: list[Rename] = Field(default_factory=list, max_length=200, description="Features whose name changed in `model`.")


class Steps(Seen):
    steps: int = Field(1, ge=-200, le=200, description="Saves to go back; negative goes forward.")


class Publication(Seen):
    at: AwareDatetime | None = Field(None, description="When it is sold; now, when nothing is said.")
    note: str = Field("", max_length=2000)


class Release(BaseModel):
    at: AwareDatetime | None = None


class Text(BaseModel):
    model: str | None = Field(None, description="The text to analyse; the draft's when nothing is said.")


@router.post("/products", status_code=201)
def begin(request: Request, new: NewProduct, actor: Actor = needs("configure.write")) -> dict[str, Any]:
    """The draft of a new product."""
    with platform_of(request).work(actor.organization) as work:
        words = Words(new.name, new.name_zh)
        return work.drafts.begin(new.product, words, by=who(actor), currency=new.currency, like=new.like).as_json()


@router.get("/products/{product}/draft")
def draft(request: Request, product: str, actor: Actor = needs("configure.write")) -> dict[str, Any]:
    """The draft of the next version, with the revision that a change must name."""
    with platform_of(request).look(actor.organization) as work:
        return work.drafts.draft(product).as_json()


@router.patch("/products/{product}/draft")
def change(request: Request, product: str, change: DraftChange, actor: Actor = needs("configure.write")) -> Any:
    """Change the model or other parts. 409 with the draft as it is now when somebody else saved meanwhile."""
    try:
        with platform_of(request).work(actor.organization) as work:
            changes = _changes(work, product, change)
            return saved(work.drafts.save(product, change.revision, changes, by=who(actor), what=_what(change)))
    except DraftMoved as moved:
        return moved_on(request, moved)


def _what(change: DraftChange) -> str:
    if change.renamed:
        return "rename"
    return "model" if change.model is not None and not change.changes else "tables"


def _changes(work: Work, product: str, change: DraftChange) -> dict[str, Any]:
    changes = dict(change.changes)
    if change.renamed:
        content = {**work.drafts.draft(product).content, **changes}
        for rename in change.renamed:
            content |= renamed(content, rename.old, rename.new)
        changes = {name: content[name] for name in ("option_words", "start", "demand", "picture")}
    if change.model is not None:
        changes["model"] = change.model
    return changes


def saved(draft: Draft) -> dict[str, Any]:
    """What an editor needs to go on: the revision and what can be undone."""
    return {
        "revision": draft.revision,
        "can_undo": draft.can_undo,
        "can_redo": draft.can_redo,
        "saved_at": draft.saved_at.isoformat() if draft.saved_at else None,
    }


def moved_on(request: Request, moved: DraftMoved) -> Response:
    more = {"revision": moved.draft.revision, "model": moved.draft.model_text, "saved_by": moved.draft.saved_by}
    return problem(request, 409, moved.message, kind="draft_moved", more=more)


@router.post("/products/{product}/draft/undo")
def undo(request: Request, product: str, seen: Steps, actor: Actor = needs("configure.write")) -> Any:
    """Back to an earlier save, or forward again."""
    try:
        with platform_of(request).work(actor.organization) as work:
            return work.drafts.undo(product, seen.revision, steps=seen.steps).as_json()
    except DraftMoved as moved:
        return moved_on(request, moved)


@router.post("/products/{product}/draft/again")
def begin_again(request: Request, product: str, seen: Seen, actor: Actor = needs("configure.write")) -> Any:
    """What is sold now into the draft; this can be undone."""
    try:
        with platform_of(request).work(actor.organization) as work:
            return work.drafts.begin_again(product, seen.revision, by=who(actor)).as_json()
    except DraftMoved as moved:
        return moved_on(request, moved)


@router.delete("/products/{product}/draft", status_code=204)
def discard(request: Request, product: str, revision: int, actor: Actor = needs("configure.write")) -> None:
    """Take the draft and its history away; what was published stays."""
    with platform_of(request).work(actor.organization) as work:
        work.drafts.discard(product, revision)


@router.post("/products/{product}/draft/analyse")
def analyse(request: Request, product: str, text: Text, actor: Actor = needs("configure.write")) -> dict[str, Any]:
    """Faults of a model's text with their lines; void, dead, false-optional, redundant, conflicting with their reasons."""
    with platform_of(request).look(actor.organization) as work:
        found = work.drafts.draft(product)
    content = dict(found.content) | ({"model": text.model} if text.model is not None else {})
    return looked_at(Draft(product, found.revision, content).as_product)


@router.get("/products/{product}/draft/faults")
def draft_faults(request: Request, product: str, actor: Actor = needs("configure.write")) -> list[dict[str, Any]]:
    """Everything that keeps the draft from being published: model, tables, words, the proofs over all configurations."""
    with platform_of(request).look(actor.organization) as work:
        return [fault.as_json() for fault in faults(work, work.drafts.draft(product))]


@router.get("/products/{product}/draft/tables.xlsx")
def tables_out(request: Request, product: str, actor: Actor = needs("configure.write")) -> Response:
    """All tables of the draft as a workbook."""
    with platform_of(request).look(actor.organization) as work:
        found = work.drafts.draft(product)
    headers = {"Content-Disposition": f'attachment; filename="{product}.xlsx"', "Cache-Control": "no-store"}
    return Response(write_workbook(found), media_type=XLSX, headers=headers)


@router.put("/products/{product}/draft/tables.xlsx")
async def tables_in(
    request: Request,
    product: str,
    revision: Annotated[int, Query(ge=0)] = 0,
    dry: bool = False,
    actor: Actor = needs("configure.write"),
) -> Any:
    """Take a workbook over as a whole, or (with `dry`) tell what it would change. 422 with the rows that can't be taken,
    and the same workbook with a column of reasons (base64); nothing is taken over then."""
    return await run_in_threadpool(_tables_in, request, product, revision, dry, actor, await request.body())


def _tables_in(request: Request, product: str, revision: int, dry: bool, actor: Actor, body: bytes) -> Any:
    platform = platform_of(request)
    try:
        with platform.look(actor.organization) as work:
            before = work.drafts.draft(product)
        changes = read_workbook(body, before)
        if dry:
            after = Draft(product, before.revision, {**before.content, **changes})
            return {"changes": [one.as_json() for one in between(before, after)], "revision": before.revision}
        with platform.work(actor.organization) as work:
            return saved(work.drafts.save(product, revision, changes, by=who(actor), what="tables"))
    except BadRows as bad:
        more = {"faults": [fault.as_json() for fault in bad.faults], "workbook": base64.b64encode(bad.workbook).decode()}
        return problem(request, 422, bad.message, kind="bad_rows", where=bad.where, more=more)
    except DraftMoved as moved:
        return moved_on(request, moved)


def between(before: Draft, after: Draft) -> Any:
    """The difference of two states of one draft."""
    return changes_between(Side("before", before.as_product), Side("after", after.as_product))


@router.post("/products/{product}/publish", status_code=201)
def publish(request: Request, product: str, new: Publication, actor: Actor = needs("configure.write")) -> Any:
    """The draft becomes the next version, sold now or from `at` on. 422 with every fault when it can't be sold."""
    with platform_of(request).look(actor.organization) as work:
        draft = work.drafts.draft(product)
    prepare(draft.as_product)  # it takes as long as its limits: no transaction waits for it
    try:
        with platform_of(request).work(actor.organization) as work:
            made = work.drafts.publish(product, new.revision, by=who(actor), at=new.at, note=new.note, plant=plant_of(work))
            return work.configure.version(product, made.version).as_json()
    except BrokenDraft as broken:
        more = {"faults": [fault.as_json() for fault in broken.faults]}
        return problem(request, 422, broken.message, kind="broken_draft", where=broken.where, more=more)
    except DraftMoved as moved:
        return moved_on(request, moved)


@router.get("/products/{product}/versions")
def versions(request: Request, product: str, actor: Actor = needs("configure.write")) -> list[dict[str, Any]]:
    """Every version, the newest first: which is sold, which wait, which were sold before."""
    with platform_of(request).look(actor.organization) as work:
        return [version.as_json() for version in work.configure.versions(product)]


@router.post("/products/{product}/versions/{version}/release")
def release(request: Request, product: str, version: int, new: Release, actor: Actor = needs("configure.write")) -> Any:
    """A version that waits is sold now, or from another moment on."""
    with platform_of(request).work(actor.organization) as work:
        return work.configure.release(product, version, new.at).as_json()


@router.post("/products/{product}/versions/{version}/withdraw")
def withdraw(request: Request, product: str, version: int, actor: Actor = needs("configure.write")) -> Any:
    """A version that waits is not released."""
    with platform_of(request).work(actor.organization) as work:
        return work.configure.withdraw(product, version).as_json()


@router.post("/products/{product}/versions/{version}/roll-back", status_code=201)
def roll_back(request: Request, product: str, version: int, actor: Actor = needs("configure.write")) -> Any:
    """An earlier version is sold again, as a new version that says so."""
    with platform_of(request).work(actor.organization) as work:
        made = work.drafts.roll_back(product, version, by=who(actor))
        return work.configure.version(product, made.version).as_json()


Version = Annotated[
    str, Query(max_length=20, description="A version's number, or `draft`; what is sold, when nothing is said.")
]


@router.get("/products/{product}/difference")
def differences(
    request: Request, product: str, before: Version = "", after: Version = "draft", actor: Actor = needs("configure.write")
) -> dict[str, Any]:
    """What is different between two versions, or a version and the draft."""
    with platform_of(request).look(actor.organization) as work:
        sides = side(work, product, before), side(work, product, after)
    changes = [change.as_json() for change in changes_between(*sides)]
    return {"before": sides[0].name, "after": sides[1].name, "changes": changes}


@router.get("/products/{product}/effect")
def effects(
    request: Request, product: str, after: Version = "draft", actor: Actor = needs("configure.write")
) -> dict[str, Any]:
    """Which open quotes and saved configurations stay valid when a version (or the draft) is sold, and their prices."""
    with platform_of(request).look(actor.organization) as work:
        found = effect(work, product, side(work, product, after))
    return {"sellable": found is not None, **(found.as_json() if found else {})}
