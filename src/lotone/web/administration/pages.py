"""Health of the installation, people of the organization, organizations of the installation."""

import sys
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from lotone import __version__
from lotone.identity import Actor, Role, User, may
from lotone.kernel import Conflict, Words, troubles
from lotone.web.access import needs, platform_of
from lotone.web.administration.api import router as api
from lotone.web.health import checks
from lotone.web.page import go_to, page, reader_of, told
from lotone.web.reader import Reader
from lotone.web.room import Entry, Found, Room, Section
from lotone.wiring import Work

router = APIRouter(prefix="/administration")
Text = Annotated[str, Form()]


@router.get("")
def installation(request: Request, actor: Actor = needs("identity.read")) -> Response:
    """How everything is; parts of the whole installation only for those who host it."""
    platform = platform_of(request)
    parts = checks(platform, actor.organization) if may(actor, "installation.read") else []
    with platform.look(actor.organization) as work:
        waiting = troubles(work.connection, actor.organization)
        organization = work.identity.organization()
    facts = {"LotOne": __version__, "Python": sys.version.split()[0]}
    return page(
        request, "administration/installation.html", checks=parts, troubles=waiting, organization=organization, facts=facts
    )


@router.get("/people")
def people(request: Request, actor: Actor = needs("identity.read")) -> Response:
    """Everybody of the organization who can sign in."""
    return _people(request, actor)


def _people(
    request: Request, actor: Actor, link: str = "", link_for: User | None = None, template: str = "people"
) -> Response:
    with platform_of(request).look(actor.organization) as work:
        users = [user for user in work.identity.users() if not user.id.startswith("gst_")]
    return page(request, f"administration/{template}.html", users=users, link=link, link_for=link_for, roles=list(Role))


@router.post("/people")
def invite(
    request: Request, login: Text, role: Annotated[Role, Form()], display: Text = "", actor: Actor = needs("identity.write")
) -> Response:
    """A new user and her one-time link."""
    with platform_of(request).work(actor.organization) as work:
        user = work.identity.create_user(login, role, display=display)
        link = _link(request, work, user)
    return _people(request, actor, link, user, "people_list")


@router.post("/people/{user}/link")
def new_link(request: Request, user: str, actor: Actor = needs("identity.write")) -> Response:
    """A new one-time link for somebody who has lost her password or her link."""
    with platform_of(request).work(actor.organization) as work:
        known = work.identity.user(user)
        if known.disabled_at:
            raise Conflict(f"the access of {known.login} was ended; give it back first")
        link = _link(request, work, known)
    return _people(request, actor, link, known, "people_list")


def _link(request: Request, work: Work, user: User) -> str:
    base = platform_of(request).settings.public_url or str(request.base_url)
    return f"{base.rstrip('/')}/welcome/{work.identity.one_time_link(user.id)}"


@router.post("/people/{user}")
def change(
    request: Request,
    user: str,
    role: Annotated[Role | None, Form()] = None,
    access: Annotated[str | None, Form(pattern="^(end|give)$")] = None,
    actor: Actor = needs("identity.write"),
) -> Response:
    """Another role, or end (or give back) the access; both can be undone."""
    with platform_of(request).work(actor.organization) as work:
        before = work.identity.user(user)
        after = work.identity.change_user(user, role=role, disabled=None if access is None else access == "end")
    undo = f"/administration/people/{user}/undo/{before.role.value}/{'end' if before.disabled_at else 'give'}"
    text = reader_of(request).say("%(name)s was changed", name=after.display)
    return told(_people(request, actor, template="people_list"), text, undo=undo)


@router.post("/people/{user}/undo/{role}/{access}")
def undo(request: Request, user: str, role: Role, access: str, actor: Actor = needs("identity.write")) -> Response:
    """What `change` has done, taken back."""
    with platform_of(request).work(actor.organization) as work:
        work.identity.change_user(user, role=role, disabled=access == "end")
    return go_to(request, "/administration/people")


@router.get("/organizations")
def organizations(request: Request, actor: Actor = needs("installation.read")) -> Response:
    """All organizations of the installation."""
    with platform_of(request).look(actor.organization) as work:
        found = work.identity.organizations()
    return page(request, "administration/organizations.html", organizations=found, link="", created=None)


@router.post("/organizations")
def create_organization(
    request: Request, id: Text, name: Text, administrator: Text, name_zh: Text = "", actor: Actor = needs("installation.write")
) -> Response:
    """A new organization with its first administrator and her one-time link."""
    organization = id.strip()
    platform = platform_of(request)
    with platform.work(organization) as work:
        created = work.identity.create_organization(organization, Words(name.strip() or organization, name_zh.strip()))
        user = work.identity.create_user(administrator, Role.ADMINISTRATOR)
        link = _link(request, work, user)
    with platform.look(actor.organization) as work:
        found = work.identity.organizations()
    return page(request, "administration/organizations.html", organizations=found, link=link, created=created)


def search(work: Work, actor: Actor, query: str, reader: Reader) -> list[Found]:
    """People of the organization by name or login."""
    if not may(actor, "identity.read"):
        return []
    wanted = query.casefold()
    kind = reader.say("person")
    users = [user for user in work.identity.users() if wanted in f"{user.login} {user.display}".casefold()]
    return [Found(user.display, f"/administration/people?q={user.login}", "user", user.login, kind) for user in users[:4]]


ROOM = Room(
    routers=(router, api),
    menu=(
        Entry(
            Words("Installation", "系统"), "/administration", "heart-pulse", "identity.read", Section.MANAGE,
            frozenset({Role.ADMINISTRATOR}), 10,
        ),
        Entry(Words("People", "人员"), "/administration/people", "users", "identity.read", Section.MANAGE, order=20),
        Entry(
            Words("Organizations", "组织"), "/administration/organizations", "building-2", "installation.read", Section.MANAGE,
            order=30,
        ),
    ),
    search=search,
)  # fmt: skip
