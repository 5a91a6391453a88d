"""Errors become answers here, once: problem+json (RFC 9457) for programs, a page for people, each with a number."""

import secrets
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from lotone.identity import TooManyAttempts
from lotone.kernel import LotOneError
from lotone.web.access import visitor_of
from lotone.web.pace import TooFast
from lotone.web.page import page, reader_of

log = structlog.get_logger(__name__)
STATUS = {
    "not_signed_in": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "invalid": 422,
    "unavailable": 503,
}
SLOW_DOWN = (TooManyAttempts, TooFast)
TITLES = {
    400: "This request can't be understood",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    409: "Not possible now",
    413: "Too large",
    422: "Something is not right",
    429: "Too many attempts",
    500: "Something broke",
    503: "Not available at the moment",
}


def is_for_people(request: Request) -> bool:
    """A browser showing a page gets a page; htmx, scripts and programs get problem+json."""
    if request.url.path.startswith("/api/") or "hx-request" in request.headers:
        return False
    return "text/html" in request.headers.get("accept", "")


def problem(
    request: Request,
    status: int,
    detail: str,
    *,
    kind: str = "error",
    where: str | None = None,
    more: dict[str, Any] | None = None,
) -> Response:
    """The answer to a request that failed. `number` finds it in the log."""
    number = secrets.token_hex(4)
    title = TITLES.get(status, "Error")
    log.log(40 if status >= 500 else 20, "web.refused", number=number, status=status, path=request.url.path, detail=detail)
    headers = {"X-Error-Number": number, "Cache-Control": "no-store"}
    detail = reader_of(request).say(detail)  # sentences without values of their own are translated
    if is_for_people(request):
        if status == 401:
            return RedirectResponse(f"/sign-in?next={quote(_address(request))}", status_code=303, headers=headers)
        answer = page(request, "frame/error.html", code=status, title=title, detail=detail, where=where, number=number)
        answer.status_code = status
        answer.headers.update(headers)
        return answer
    body = {"type": f"urn:lotone:{kind}", "title": title, "status": status, "detail": detail, "where": where, "number": number}
    return JSONResponse({**body, **(more or {})}, status, headers, "application/problem+json")


def _address(request: Request) -> str:
    if request.method not in ("GET", "HEAD"):
        return "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def install(app: FastAPI) -> None:
    """Let this application answer its errors so."""

    async def answer_with(request: Request, status: int, detail: str, **more: Any) -> Response:
        with suppress(LotOneError):  # the page shows who is signed in, if that can still be told
            await visitor_of(request)
        return await run_in_threadpool(problem, request, status, detail, **more)

    @app.exception_handler(LotOneError)
    async def known(request: Request, fault: LotOneError) -> Response:
        status = 429 if isinstance(fault, SLOW_DOWN) else STATUS.get(fault.kind, 500)
        answer = await answer_with(request, status, fault.message, kind=fault.kind, where=fault.where)
        if isinstance(fault, SLOW_DOWN):
            answer.headers["Retry-After"] = str(fault.wait_s)
        if status == 503:
            answer.headers["Retry-After"] = "5"
        return answer

    @app.exception_handler(HTTPException)
    async def from_framework(request: Request, fault: HTTPException) -> Response:
        details = {404: "there is nothing at this address", 405: f"{request.method} is not possible at this address"}
        kinds = {404: "not_found", 413: "too_large"}
        detail = details.get(fault.status_code, str(fault.detail))
        answer = await answer_with(request, fault.status_code, detail, kind=kinds.get(fault.status_code, "error"))
        answer.headers.update(fault.headers or {})
        return answer

    @app.exception_handler(RequestValidationError)
    async def not_valid(request: Request, fault: RequestValidationError) -> Response:
        faults = [{"where": _place(error["loc"]), "detail": error["msg"]} for error in fault.errors()]
        first = faults[0] if faults else {"where": "", "detail": "the input is not valid"}
        detail = "; ".join(f"{one['where']}: {one['detail']}" if one["where"] else one["detail"] for one in faults[:10])
        more = {"faults": jsonable_encoder(faults)}
        return await answer_with(request, 422, detail, kind="invalid", where=first["where"] or None, more=more)

    @app.exception_handler(Exception)
    async def unknown(request: Request, fault: Exception) -> Response:
        log.error("web.broke", path=request.url.path, exc_info=fault)
        return await answer_with(
            request, 500, "this is our fault, not yours; nothing was changed. Please report it with the number."
        )


def _place(location: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in location if part not in ("body", "query", "path", "form"))
