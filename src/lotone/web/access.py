"""Who asks, and may she: every route declares its action with `needs`, `signed_in`, `shopper` or `everyone`."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.routing import BaseRoute

from lotone.identity import Actor, BadSecret, Session, allow, guest_actor, may
from lotone.kernel import Forbidden, NotFound
from lotone.wiring import Platform

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf"
GUEST_LIFE_S = 365 * 24 * 3600


class NotSignedIn(Forbidden):
    """Somebody unknown asks for what only known people get; a browser is sent to the sign-in page."""

    kind = "not_signed_in"

    def __init__(self, reason: str = "sign in first, or send an API token as `Authorization: Bearer lo_...`") -> None:
        super().__init__(reason)


class WrongCsrfToken(Forbidden):
    """A form that was not made by our page for this session: it changes nothing."""

    def __init__(self) -> None:
        super().__init__("this form is too old or comes from another site; reload the page and try again, nothing was changed")


@dataclass
class Visitor:
    """Whoever sent the request, as far as its cookies or token tell."""

    actor: Actor | None = None
    session: Session | None = None
    secret: str = ""
    """The session's or guest's cookie, from which her CSRF token follows; empty for a program with an API token."""
    new_guest: bool = False
    is_program: bool = False
    sign_in: str | None = field(default=None, repr=False)
    """Set by a route to the secret of a session to be kept in a cookie; an empty text removes the cookie."""

    @property
    def csrf_token(self) -> str:
        """Only who knows the (HttpOnly) cookie can tell it: a double submit bound to the session."""
        return hmac.new(self.secret.encode(), b"csrf", hashlib.sha256).hexdigest()


class Access(Protocol):
    """What a route requires, readable from the route itself."""

    action: str | None
    audience: str

    async def __call__(self, request: Request) -> Any: ...


def platform_of(request: Request) -> Platform:
    return cast(Platform, request.app.state.platform)


def is_secure(request: Request) -> bool:
    return request.url.scheme == "https" or platform_of(request).settings.public_url.startswith("https:")


def cookie_name(name: str, secure: bool) -> str:
    """On https the `__Host-` prefix keeps other hosts of the domain from setting it."""
    return f"__Host-{name}" if secure else name


async def visitor_of(request: Request) -> Visitor:
    """The visitor, looked up once a request."""
    known = getattr(request.state, "visitor", None)
    if known is None:
        known = await run_in_threadpool(_identify, request)
        request.state.visitor = known
    return cast(Visitor, known)


def _identify(request: Request) -> Visitor:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and secret:
        return _program(request, secret.strip())
    secure = is_secure(request)
    cookie = request.cookies.get(cookie_name("session", secure))
    if cookie:
        try:
            return _signed_in(request, cookie)
        except BadSecret:
            pass
    guest = request.cookies.get(cookie_name("guest", secure), "")
    if len(guest) >= 32:
        return Visitor(secret=guest)
    return Visitor(secret=secrets.token_urlsafe(32), new_guest=True)


def _program(request: Request, secret: str) -> Visitor:
    platform = platform_of(request)
    try:
        with platform.look("") as work:
            actor = work.identity.token(secret)
    except BadSecret as fault:
        raise NotSignedIn(fault.message) from fault
    if actor.token is not None and request.app.state.token_uses.is_due(actor.token):
        with platform.work(actor.organization) as work:
            work.identity.note_token_use(actor.token)
    return Visitor(actor, is_program=True)


def _signed_in(request: Request, secret: str) -> Visitor:
    platform = platform_of(request)
    with platform.look("") as work:
        session = work.identity.session(secret)
    if session.touch_due(platform.wall()):
        with platform.work(session.actor.organization) as work:
            work.identity.touch(secret)
    return Visitor(session.actor, session, secret)


async def _check_form(request: Request, visitor: Visitor) -> None:
    """A browser sends its cookies with every request, so those that change something must prove that our page made them."""
    if request.method in SAFE_METHODS or visitor.is_program:
        return
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise WrongCsrfToken
    sent = request.headers.get(CSRF_HEADER) or await _form_token(request)
    if visitor.new_guest or not hmac.compare_digest(sent.encode(), visitor.csrf_token.encode()):
        raise WrongCsrfToken


async def _form_token(request: Request) -> str:
    if not request.headers.get("content-type", "").startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        return ""
    form: FormData = await request.form()
    return str(form.get(CSRF_FIELD, ""))


class SignedIn:
    """Requires a known actor, and (where an action is given) that her role and scopes include it."""

    audience = "signed-in"

    def __init__(self, action: str | None, *, in_person: bool = False) -> None:
        self.action = action
        self.in_person = in_person

    async def __call__(self, request: Request) -> Actor:
        visitor = await visitor_of(request)
        if visitor.actor is None:
            raise NotSignedIn
        await _check_form(request, visitor)
        if self.action is not None:
            allow(visitor.actor, self.action)
        if self.in_person and visitor.is_program:
            raise Forbidden("this needs a signed-in person, an API token is not enough")
        return visitor.actor


class Shopper:
    """Lets everybody into the shop that the path names (`{shop}`): its own users as themselves, all others as guests."""

    audience = "shop"

    def __init__(self, action: str) -> None:
        self.action: str | None = action

    async def __call__(self, request: Request) -> Actor:
        visitor = await visitor_of(request)
        shop = str(request.path_params["shop"])
        await _check_form(request, visitor)
        if not await run_in_threadpool(_has_shop, platform_of(request), shop):
            raise NotFound(f"there is no shop {shop}")
        action = cast(str, self.action)
        if visitor.is_program and visitor.actor is not None:
            if visitor.actor.organization != shop:
                raise NotFound(f"there is no shop {shop}")
            allow(visitor.actor, action)
            return visitor.actor
        if visitor.actor is not None and visitor.actor.organization == shop and may(visitor.actor, action):
            return visitor.actor
        if request.method not in SAFE_METHODS and action != "configure.read":
            request.app.state.guests.take(shop, request.client.host if request.client else "")
        request.state.as_guest = True
        return guest_actor(shop, visitor.secret)


def _has_shop(platform: Platform, shop: str) -> bool:
    with platform.look(shop) as work:
        return any(organization.id == shop for organization in work.identity.organizations())


class Everyone:
    """Open to all; forms are protected all the same."""

    audience = "everyone"
    action: str | None = None

    async def __call__(self, request: Request) -> Visitor:
        visitor = await visitor_of(request)
        await _check_form(request, visitor)
        return visitor


def needs(action: str) -> Any:
    """`actor: Actor = needs("plan.read")`: 401 (or the sign-in page) for unknown people, 403 for the wrong role or scopes."""
    return Depends(SignedIn(action))


def signed_in(*, in_person: bool = False) -> Any:
    """`actor: Actor = signed_in()`: for what every user may do with her own account; `in_person` refuses API tokens."""
    return Depends(SignedIn(None, in_person=in_person))


def shopper(action: str) -> Any:
    """`actor: Actor = shopper("orders.quote")` on a path with `{shop}`: a guest, or a user of that organization."""
    return Depends(Shopper(action))


def everyone() -> Any:
    """`visitor: Visitor = everyone()`: sign-in, health, static texts."""
    return Depends(Everyone())


def access_of(route: BaseRoute) -> Access | None:
    """What a route requires, the strictest if it names several; None if it forgot to say."""
    found: list[Access] = []
    waiting = [getattr(route, "dependant", None)]
    while waiting:
        dependant = waiting.pop()
        if dependant is None:
            continue
        if isinstance(dependant.call, SignedIn | Shopper | Everyone):
            found.append(dependant.call)
        waiting.extend(dependant.dependencies)
    return max(found, key=lambda access: (access.action is not None, access.audience == "signed-in"), default=None)


class Due:
    """Says yes at most once in a while per key, so that noting a use is not a write per request."""

    def __init__(self, seconds: float, clock: Any) -> None:
        self.seconds = seconds
        self.clock = clock
        self.last: dict[str, float] = {}

    def is_due(self, key: str) -> bool:
        now = self.clock().timestamp()
        if now - self.last.get(key, 0.0) < self.seconds:
            return False
        self.last[key] = now
        return True
