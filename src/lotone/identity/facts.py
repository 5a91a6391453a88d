"""What became true about organizations and users; never a secret, so that the facts can be read as an audit trail."""

from dataclasses import dataclass

from lotone.kernel import Fact


@dataclass(frozen=True)
class OrganizationCreated(Fact):
    id: str


@dataclass(frozen=True)
class UserCreated(Fact):
    user: str
    login: str
    role: str


@dataclass(frozen=True)
class UserChanged(Fact):
    """Role, name or access of a user was changed."""

    user: str
    role: str
    disabled: bool


@dataclass(frozen=True)
class PasswordSet(Fact):
    user: str


@dataclass(frozen=True)
class SignedIn(Fact):
    user: str


@dataclass(frozen=True)
class SignInRefused(Fact):
    """A wrong password for a user who exists; `failures` in a row."""

    user: str
    failures: int


@dataclass(frozen=True)
class TokenCreated(Fact):
    token: str
    user: str
    words: str
    scopes: list[str]


@dataclass(frozen=True)
class TokenRevoked(Fact):
    token: str
    user: str
