"""The draft's tables: read here, changed in a spreadsheet; what a workbook would change is shown before it does."""

import base64
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from starlette.responses import Response

from lotone.configure import COLUMNS, BadRows, Draft, read_workbook, rows_of
from lotone.identity import Actor
from lotone.web.access import needs, platform_of
from lotone.web.page import go_to, page, reader_of, told
from lotone.web.products.api import between
from lotone.web.products.asking import faults, who
from lotone.web.room import Thread

router = APIRouter(prefix="/products/{product}/tables")
SHOWN = 400
"""Rows of one table that the page shows; the workbook has all."""


@router.get("")
def tables(request: Request, product: str, actor: Actor = needs("configure.write")) -> Response:
    """Every table of the draft, and what is wrong in it."""
    with platform_of(request).look(actor.organization) as work:
        draft = work.drafts.draft(product)
        found = [fault for fault in faults(work, draft) if fault.file != "model"]
    return page(
        request,
        "products/tables.html",
        draft=draft,
        tables=rows_of(draft),
        columns=COLUMNS,
        faults=found,
        shown=SHOWN,
        thread=Thread.at("choice"),
    )


@router.post("/look")
def look(
    request: Request,
    product: str,
    file: Annotated[UploadFile | None, File()] = None,
    actor: Actor = needs("configure.write"),
) -> Response:
    """What a workbook would change, or which of its rows can't be taken; nothing is taken over."""
    with platform_of(request).look(actor.organization) as work:
        draft = work.drafts.draft(product)
    try:
        changes = read_workbook(_bytes(file), draft)
    except BadRows as bad:
        workbook = base64.b64encode(bad.workbook).decode()
        return page(request, "products/import.html", draft=draft, bad=bad.faults, workbook=workbook, changes=())
    after = Draft(product, draft.revision, {**draft.content, **changes})
    return page(request, "products/import.html", draft=draft, bad=(), workbook="", changes=between(draft, after))


@router.post("")
def take(
    request: Request,
    product: str,
    file: Annotated[UploadFile | None, File()] = None,
    revision: Annotated[int, Form()] = 0,
    actor: Actor = needs("configure.write"),
) -> Response:
    """Take a workbook over, as a whole."""
    platform = platform_of(request)
    with platform.look(actor.organization) as work:
        draft = work.drafts.draft(product)
    changes = read_workbook(_bytes(file), draft)
    with platform.work(actor.organization) as work:
        work.drafts.save(product, revision, changes, by=who(actor), what="tables")
    return told(go_to(request, f"/products/{product}/tables"), reader_of(request).say("The tables were taken over"))


def _bytes(file: UploadFile | None) -> bytes:
    return file.file.read() if file is not None else b""
