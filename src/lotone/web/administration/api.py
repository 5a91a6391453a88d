"""People and organizations for programs."""

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from lotone.identity import Actor, Organization, Role, User
from lotone.kernel import Words
from lotone.web.access import needs, platform_of

router = APIRouter(prefix="/api/v1", tags=["administration"])


class Person(BaseModel):
    id: str
    login: str
    display: str
    role: Role
    created_at: datetime
    disabled: bool
    link: str | None = Field(None, description="One-time link to set a password; only in the answer that creates it.")


class NewPerson(BaseModel):
    login: str = Field(max_length=120)
    role: Role
    display: str = Field("", max_length=120)


class ChangedPerson(BaseModel):
    role: Role | None = None
    display: str | None = Field(None, max_length=120)
    disabled: bool | None = None


class Company(BaseModel):
    id: str
    name: str
    name_zh: str
    hosts: bool
    created_at: datetime


class NewCompany(BaseModel):
    id: str = Field(max_length=39)
    name: str = Field(max_length=120)
    name_zh: str = Field("", max_length=120)


@router.get("/people")
def people(request: Request, actor: Actor = needs("identity.read")) -> list[Person]:
    """Everybody of my organization."""
    with platform_of(request).look(actor.organization) as work:
        return [_person(user) for user in work.identity.users()]


@router.post("/people", status_code=201)
def invite(request: Request, new: NewPerson, actor: Actor = needs("identity.write")) -> Person:
    """A new user, and the path of her one-time link."""
    with platform_of(request).work(actor.organization) as work:
        user = work.identity.create_user(new.login, new.role, display=new.display)
        secret = work.identity.one_time_link(user.id)
    return _person(user, f"/welcome/{secret}")


@router.get("/people/{user}")
def person(request: Request, user: str, actor: Actor = needs("identity.read")) -> Person:
    """One user of my organization."""
    with platform_of(request).look(actor.organization) as work:
        return _person(work.identity.user(user))


@router.patch("/people/{user}")
def change_person(request: Request, user: str, changed: ChangedPerson, actor: Actor = needs("identity.write")) -> Person:
    """Change role, name or access."""
    with platform_of(request).work(actor.organization) as work:
        return _person(work.identity.change_user(user, **changed.model_dump(exclude_none=True)))


@router.get("/organizations")
def organizations(request: Request, actor: Actor = needs("installation.read")) -> list[Company]:
    """All organizations of the installation."""
    with platform_of(request).look(actor.organization) as work:
        return [_company(organization) for organization in work.identity.organizations()]


@router.post("/organizations", status_code=201)
def create_organization(request: Request, new: NewCompany, actor: Actor = needs("installation.write")) -> Company:
    """A new, empty organization."""
    with platform_of(request).work(new.id) as work:
        return _company(work.identity.create_organization(new.id, Words(new.name, new.name_zh)))


def _person(user: User, link: str | None = None) -> Person:
    disabled = user.disabled_at is not None
    return Person(
        id=user.id,
        login=user.login,
        display=user.display,
        role=user.role,
        created_at=user.created_at,
        disabled=disabled,
        link=link,
    )


def _company(one: Organization) -> Company:
    return Company(id=one.id, name=one.words.en, name_zh=one.words.zh, hosts=one.hosts, created_at=one.created_at)
