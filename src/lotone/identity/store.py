"""Saving and loading of organizations, users, sessions, tokens and links."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Integer,
    Row,
    String,
    Table,
    UniqueConstraint,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from lotone.identity.model import Actor, ApiToken, Organization, Role, Session, User
from lotone.kernel import UtcTime, Words, tables

ORGANIZATION = Table(
    "identity_organization",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("words", JSON, nullable=False),
    Column("hosts", Boolean, nullable=False),
    Column("machine_password", String(80), nullable=False),
    Column("created_at", UtcTime, nullable=False),
)
USER = Table(
    "identity_user",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("id", String(40), primary_key=True),
    Column("login", String(120), nullable=False),
    Column("display", String(120), nullable=False),
    Column("role", String(40), nullable=False),
    Column("language", String(8), nullable=False, server_default=""),
    Column("time_zone", String(64), nullable=False, server_default=""),
    Column("password_hash", String(200)),
    Column("created_at", UtcTime, nullable=False),
    Column("disabled_at", UtcTime),
    UniqueConstraint("login"),
)
SESSION = Table(
    "identity_session",
    tables,
    Column("organization", String(40), nullable=False, index=True),
    Column("fingerprint", String(64), primary_key=True),
    Column("user", String(40), nullable=False, index=True),
    Column("created_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)
TOKEN = Table(
    "identity_token",
    tables,
    Column("organization", String(40), primary_key=True),
    Column("id", String(40), primary_key=True),
    Column("fingerprint", String(64), nullable=False, unique=True),
    Column("user", String(40), nullable=False, index=True),
    Column("words", String(200), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("hint", String(16), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
    Column("expires_at", UtcTime),
    Column("revoked_at", UtcTime),
)
LINK = Table(
    "identity_link",
    tables,
    Column("organization", String(40), nullable=False, index=True),
    Column("fingerprint", String(64), primary_key=True),
    Column("user", String(40), nullable=False, index=True),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
)
ATTEMPT = Table(
    "identity_attempt",
    tables,
    Column("organization", String(40), nullable=False, server_default=""),
    Column("login", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("blocked_until", UtcTime),
)
"""Failed sign-ins by the fingerprint of the login, known or not; empty `organization` means that nobody has this login."""


class Store:
    """The store of one organization. What is looked up by a secret or a login is looked up in all of them:
    whoever signs in has not said yet where she belongs, and only the answer tells the organization."""

    def __init__(self, connection: Connection, organization: str) -> None:
        self.connection = connection
        self.organization = organization

    # organizations

    def add_organization(self, organization: Organization, machine_password: str) -> None:
        row = {
            "organization": organization.id,
            "words": organization.words.as_dict(),
            "hosts": organization.hosts,
            "machine_password": machine_password,
            "created_at": organization.created_at,
        }
        self.connection.execute(insert(ORGANIZATION).values(row))

    def all_organizations(self) -> list[Organization]:
        rows = self.connection.execute(select(ORGANIZATION).order_by(ORGANIZATION.c.created_at, ORGANIZATION.c.organization))
        return [_organization(row) for row in rows]

    def organization_named(self, organization: str) -> Organization | None:
        row = self.connection.execute(select(ORGANIZATION).where(ORGANIZATION.c.organization == organization)).first()
        return _organization(row) if row else None

    def machine_password(self, organization: str) -> str | None:
        query = select(ORGANIZATION.c.machine_password).where(ORGANIZATION.c.organization == organization)
        return self.connection.execute(query).scalar()

    def set_machine_password(self, password: str) -> None:
        mine = ORGANIZATION.c.organization == self.organization
        self.connection.execute(update(ORGANIZATION).where(mine).values(machine_password=password))

    # users

    def add_user(self, user: User, password_hash: str | None) -> None:
        row = {
            "organization": self.organization,
            "id": user.id,
            "login": user.login,
            "display": user.display,
            "role": user.role.value,
            "language": user.language,
            "time_zone": user.time_zone,
            "password_hash": password_hash,
            "created_at": user.created_at,
            "disabled_at": user.disabled_at,
        }
        self.connection.execute(insert(USER).values(row))

    def change_user(self, user: str, changes: Mapping[str, Any]) -> None:
        mine = (USER.c.organization == self.organization) & (USER.c.id == user)
        self.connection.execute(update(USER).where(mine).values(**changes))

    def user(self, user: str) -> User | None:
        mine = (USER.c.organization == self.organization) & (USER.c.id == user)
        row = self.connection.execute(select(USER).where(mine)).first()
        return _user(row) if row else None

    def users(self) -> list[User]:
        rows = self.connection.execute(select(USER).where(USER.c.organization == self.organization).order_by(USER.c.login))
        return [_user(row) for row in rows]

    def user_with_login(self, login: str) -> tuple[User, str | None] | None:
        """The user with her password hash, whichever organization she belongs to."""
        row = self.connection.execute(select(USER).where(USER.c.login == login)).first()
        return (_user(row), row.password_hash) if row else None

    # sessions

    def add_session(self, fingerprint: str, user: str, at: datetime, expires_at: datetime) -> None:
        row = {
            "organization": self.organization,
            "fingerprint": fingerprint,
            "user": user,
            "created_at": at,
            "seen_at": at,
            "expires_at": expires_at,
        }
        self.connection.execute(insert(SESSION).values(row))

    def session(self, fingerprint: str) -> Session | None:
        query = (
            select(SESSION.c.seen_at, SESSION.c.expires_at, ORGANIZATION.c.hosts, *USER.c)
            .join(USER, (USER.c.organization == SESSION.c.organization) & (USER.c.id == SESSION.c.user))
            .join(ORGANIZATION, ORGANIZATION.c.organization == SESSION.c.organization)
            .where(SESSION.c.fingerprint == fingerprint)
        )
        row = self.connection.execute(query).first()
        if row is None:
            return None
        user = _user(row)
        actor = Actor(user.organization, user.id, user.role, hosts=row.hosts, display=user.display)
        return Session(actor, user, row.seen_at, row.expires_at)

    def touch_session(self, fingerprint: str, at: datetime) -> None:
        self.connection.execute(update(SESSION).where(SESSION.c.fingerprint == fingerprint).values(seen_at=at))

    def end_session(self, fingerprint: str) -> None:
        self.connection.execute(delete(SESSION).where(SESSION.c.fingerprint == fingerprint))

    def end_sessions_of(self, user: str) -> None:
        mine = (SESSION.c.organization == self.organization) & (SESSION.c.user == user)
        self.connection.execute(delete(SESSION).where(mine))

    def forget_before(self, idle_since: datetime, now: datetime) -> None:
        """Remove sessions and links that have ended; they open nothing any more."""
        ended = (SESSION.c.seen_at < idle_since) | (SESSION.c.expires_at < now)
        self.connection.execute(delete(SESSION).where(ended))
        self.connection.execute(delete(LINK).where(LINK.c.expires_at < now))

    # API tokens

    def add_token(self, token: ApiToken, fingerprint: str) -> None:
        row = {
            "organization": self.organization,
            "id": token.id,
            "fingerprint": fingerprint,
            "user": token.user,
            "words": token.words,
            "scopes": sorted(token.scopes),
            "hint": token.hint,
            "created_at": token.created_at,
            "expires_at": token.expires_at,
        }
        self.connection.execute(insert(TOKEN).values(row))

    def tokens(self, user: str | None) -> list[ApiToken]:
        mine = (TOKEN.c.organization == self.organization) & TOKEN.c.revoked_at.is_(None)
        query = select(TOKEN).where(mine).order_by(TOKEN.c.created_at)
        if user is not None:
            query = query.where(TOKEN.c.user == user)
        return [_token(row) for row in self.connection.execute(query)]

    def token(self, fingerprint: str) -> tuple[ApiToken, User, bool] | None:
        """The token that is not revoked, its user, and whether her organization hosts the installation."""
        row = self.connection.execute(
            select(TOKEN).where((TOKEN.c.fingerprint == fingerprint) & TOKEN.c.revoked_at.is_(None))
        ).first()
        if row is None:
            return None
        owner = (USER.c.organization == row.organization) & (USER.c.id == row.user)
        query = select(ORGANIZATION.c.hosts, *USER.c).join(ORGANIZATION, ORGANIZATION.c.organization == USER.c.organization)
        user = self.connection.execute(query.where(owner)).one()
        return _token(row), _user(user), bool(user.hosts)

    def touch_token(self, token: str, at: datetime) -> None:
        mine = (TOKEN.c.organization == self.organization) & (TOKEN.c.id == token)
        self.connection.execute(update(TOKEN).where(mine).values(used_at=at))

    def revoke_token(self, token: str, at: datetime) -> None:
        mine = (TOKEN.c.organization == self.organization) & (TOKEN.c.id == token)
        self.connection.execute(update(TOKEN).where(mine).values(revoked_at=at))

    # one-time links

    def add_link(self, fingerprint: str, user: str, at: datetime, expires_at: datetime) -> None:
        row = {
            "organization": self.organization,
            "fingerprint": fingerprint,
            "user": user,
            "created_at": at,
            "expires_at": expires_at,
        }
        self.connection.execute(insert(LINK).values(row))

    def link(self, fingerprint: str) -> tuple[User, datetime] | None:
        """The user and the expiry of a link that was not used yet."""
        query = (
            select(LINK.c.expires_at.label("link_expires_at"), *USER.c)
            .join(USER, (USER.c.organization == LINK.c.organization) & (USER.c.id == LINK.c.user))
            .where((LINK.c.fingerprint == fingerprint) & LINK.c.used_at.is_(None))
        )
        row = self.connection.execute(query).first()
        return (_user(row), row.link_expires_at) if row else None

    def use_links_of(self, user: str, at: datetime) -> None:
        """A password was set: all her links have done their work."""
        mine = (LINK.c.organization == self.organization) & (LINK.c.user == user) & LINK.c.used_at.is_(None)
        self.connection.execute(update(LINK).where(mine).values(used_at=at))

    # failed sign-ins

    def lock_attempts(self, login_fingerprint: str, at: datetime) -> tuple[int, datetime, datetime | None]:
        """Failures, last time and end of waiting; others who try this login wait here until our transaction has ended."""
        mine = ATTEMPT.c.login == login_fingerprint
        lock = update(ATTEMPT).where(mine).values(failures=ATTEMPT.c.failures)
        if not self.connection.execute(lock).rowcount:
            row = {"organization": self.organization, "login": login_fingerprint, "failures": 0, "at": at}
            try:
                with self.connection.begin_nested():
                    self.connection.execute(insert(ATTEMPT).values(row))
            except IntegrityError:  # somebody else was first to try this login, a moment ago
                self.connection.execute(lock)
        found = self.connection.execute(select(ATTEMPT).where(mine)).one()
        return found.failures, found.at, found.blocked_until

    def keep_attempt(self, login_fingerprint: str, failures: int, at: datetime, blocked_until: datetime | None) -> None:
        changes = {"failures": failures, "at": at, "blocked_until": blocked_until}
        self.connection.execute(update(ATTEMPT).where(ATTEMPT.c.login == login_fingerprint).values(changes))

    def forget_attempts(self, login_fingerprint: str) -> None:
        self.connection.execute(delete(ATTEMPT).where(ATTEMPT.c.login == login_fingerprint))


def _organization(row: Row[Any]) -> Organization:
    return Organization(row.organization, Words.from_dict(row.words), row.created_at, row.hosts)


def _user(row: Row[Any]) -> User:
    return User(
        id=row.id,
        organization=row.organization,
        login=row.login,
        display=row.display,
        role=Role(row.role),
        created_at=row.created_at,
        disabled_at=row.disabled_at,
        language=row.language,
        time_zone=row.time_zone,
        has_password=row.password_hash is not None,
    )


def _token(row: Row[Any]) -> ApiToken:
    return ApiToken(
        id=row.id,
        organization=row.organization,
        user=row.user,
        words=row.words,
        scopes=frozenset(row.scopes),
        hint=row.hint,
        created_at=row.created_at,
        used_at=row.used_at,
        expires_at=row.expires_at,
    )
