"""Signing in and out, one-time links, the demo's one-click roles, the account page."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from lotone.identity import ALL_ACTIONS, Actor, Role, WrongPassword, may
from lotone.kernel import LANGUAGES, Forbidden, Invalid, NotFound, Words
from lotone.web.access import Visitor, everyone, platform_of, signed_in
from lotone.web.account.api import router as api
from lotone.web.page import go_to, page, reader_of
from lotone.web.reader import zones
from lotone.web.room import Room, home_of
from lotone.wiring import Platform

router = APIRouter()
ROOM = Room(routers=(router, api))
Text = Annotated[str, Form()]
DEMO_ROLES = {
    Role.CONSUMER: (
        "shopping-bag",
        Words("Configure a product, see its promised day, order it.", "定制产品，查看承诺日期，下单。"),
    ),
    Role.PRODUCT_MANAGER: (
        "sliders-horizontal",
        Words("The product family, prices, and what is wanted.", "产品族、价格与需求。"),
    ),
    Role.PLANNER: ("chart-gantt", Words("The schedule, what is late, and why.", "排程、延误及原因。")),
    Role.OPERATOR: (
        "clipboard-check",
        Words("The next unit at the work center, step by step.", "工位上的下一件产品，逐步操作。"),
    ),
    Role.ENGINEER: ("activity", Words("Every machine's state, signals and stops.", "每台设备的状态、信号与停机。")),
    Role.ADMINISTRATOR: ("shield-check", Words("People, organizations and the health of it all.", "人员、组织与系统健康。")),
}


@router.get("/")
def start(request: Request, visitor: Visitor = everyone()) -> Response:
    """Everybody's first page: one's own home, the demo's roles, or the sign-in."""
    if visitor.actor is not None:
        return go_to(request, home_of(request.app.state.menu, visitor.actor))
    return go_to(request, "/demo" if platform_of(request).settings.demo else "/sign-in")


@router.get("/sign-in")
def sign_in_page(request: Request, next: str = "", visitor: Visitor = everyone()) -> Response:
    """The sign-in form."""
    return page(request, "account/sign_in.html", next=_own_address(next))


@router.post("/sign-in")
def sign_in(request: Request, login: Text, password: Text, next: Text = "", visitor: Visitor = everyone()) -> Response:
    """Short steps, so that the slow check of the password holds no transaction."""
    platform = platform_of(request)
    address = request.client.host if request.client else ""
    with platform.work("") as work:
        work.identity.begin_from(address)
        organization = work.identity.organization_of_login(login)
    with platform.work(organization) as work:
        attempt = work.identity.begin_sign_in(login)
    if not attempt.verify(password):
        raise WrongPassword
    with platform.work(organization) as work:
        visitor.sign_in = work.identity.finish_sign_in(attempt, password)
    with platform.work("") as work:
        work.identity.finish_from(address)
    return go_to(request, _own_address(next) or "/")


@router.post("/sign-out")
def sign_out(request: Request, visitor: Visitor = everyone()) -> Response:
    """Ends the session here and on the server."""
    if visitor.session is not None and visitor.actor is not None:
        with platform_of(request).work(visitor.actor.organization) as work:
            work.identity.sign_out(visitor.secret)
    visitor.sign_in = ""
    return go_to(request, "/")


@router.get("/welcome/{secret}")
def welcome_page(request: Request, secret: str, visitor: Visitor = everyone()) -> Response:
    """What a one-time link opens: choose a password."""
    with platform_of(request).look("") as work:
        link = work.identity.link(secret)
    return page(request, "account/welcome.html", link=link, secret=secret)


@router.post("/welcome/{secret}")
def welcome(request: Request, secret: str, password: Text, visitor: Visitor = everyone()) -> Response:
    """Sets the password and signs in."""
    platform = platform_of(request)
    with platform.look("") as work:
        organization = work.identity.link(secret).user.organization
    with platform.work(organization) as work:
        user = work.identity.redeem(secret, password)
        visitor.sign_in = work.identity.open_session(user.id)
    return go_to(request, "/")


@router.get("/demo")
def demo_page(request: Request, visitor: Visitor = everyone()) -> Response:
    """Choose whom to be; only in a demo."""
    platform = platform_of(request)
    _demo_only(platform)
    with platform.look("") as work:
        organizations = work.identity.organizations()
    return page(request, "account/demo.html", organizations=organizations, roles=DEMO_ROLES)


@router.post("/demo/{organization}/{role}")
def demo_sign_in(request: Request, organization: str, role: Role, visitor: Visitor = everyone()) -> Response:
    """Sign in as the demo's user of this role."""
    platform = platform_of(request)
    _demo_only(platform)
    login = f"{role.value.replace('_', '-')}@{organization}"
    with platform.work(organization) as work:
        work.identity.organization()
        found = next((user for user in work.identity.users() if user.login == login), None)
        user = found or work.identity.create_user(login, role, display=DISPLAY[role])
        visitor.sign_in = work.identity.open_session(user.id)
    return go_to(request, "/")


DISPLAY = {role: role.value.replace("_", " ").capitalize() for role in Role}


def _demo_only(platform: Platform) -> None:
    if not platform.settings.demo:
        raise NotFound("this installation is no demo; sign in with a login and password")


@router.get("/account")
def account_page(request: Request, actor: Actor = signed_in(in_person=True)) -> Response:
    """Name, language, time zone, password, API tokens."""
    with platform_of(request).look(actor.organization) as work:
        user = work.identity.user(_user(actor))
        tokens = work.identity.tokens(user.id)
    mine = sorted(action for action in ALL_ACTIONS if may(actor, action))
    zone_options = [("", reader_of(request).say("As the browser")), *((zone, zone.replace("_", " ")) for zone in zones())]
    return page(request, "account/account.html", me=user, tokens=tokens, actions=mine, zone_options=zone_options, secret=None)


@router.post("/account")
def change_account(
    request: Request, display: Text = "", language: Text = "", time_zone: Text = "", actor: Actor = signed_in(in_person=True)
) -> Response:
    """How I am called and how I read."""
    if (language and language not in LANGUAGES) or (time_zone and time_zone not in zones()):
        raise Invalid("choose a language and a time zone from the lists", where="language" if language else "time_zone")
    with platform_of(request).work(actor.organization) as work:
        work.identity.change_user(_user(actor), display=display[:120], language=language, time_zone=time_zone)
    return go_to(request, "/account")


@router.post("/account/password")
def change_password(
    request: Request, old: Text, password: Text, visitor: Visitor = everyone(), actor: Actor = signed_in(in_person=True)
) -> Response:
    """The old one proves that it is me; all other sessions end."""
    platform = platform_of(request)
    with platform.work(actor.organization) as work:
        attempt = work.identity.begin_sign_in(work.identity.user(_user(actor)).login)
    if not attempt.verify(old):
        raise Invalid("this is not your present password", where="old")
    with platform.work(actor.organization) as work:
        work.identity.set_password(_user(actor), password)
        visitor.sign_in = work.identity.open_session(_user(actor))
    return go_to(request, "/account")


@router.post("/account/tokens")
def create_token(
    request: Request, words: Text, scopes: Annotated[list[str] | None, Form()] = None, actor: Actor = signed_in(in_person=True)
) -> Response:
    """A new API token; its secret is on this page and nowhere else, ever."""
    if not scopes:
        raise Invalid("choose at least one thing that the token may do", where="scopes")
    with platform_of(request).work(actor.organization) as work:
        _, secret = work.identity.create_token(actor, frozenset(scopes), words)
        tokens = work.identity.tokens(_user(actor))
    return page(request, "account/tokens.html", tokens=tokens, secret=secret)


@router.post("/account/tokens/{token}/revoke")
def revoke_token(request: Request, token: str, actor: Actor = signed_in(in_person=True)) -> Response:
    """It stops working at once."""
    with platform_of(request).work(actor.organization) as work:
        if token not in {known.id for known in work.identity.tokens(_user(actor))}:
            raise NotFound(f"you have no API token {token}")
        work.identity.revoke_token(token)
        tokens = work.identity.tokens(_user(actor))
    return page(request, "account/tokens.html", tokens=tokens, secret=None)


def _user(actor: Actor) -> str:
    if actor.user is None:
        raise Forbidden("this needs a signed-in user")
    return actor.user


def _own_address(address: str) -> str:
    """Only addresses of our own, so that nobody is led away after signing in."""
    parts = urlsplit(address)
    is_ours = address.startswith("/") and not address.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return address if is_ours and "\\" not in address and address.isprintable() else ""
