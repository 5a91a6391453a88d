"""Who may do what: organizations, roles and actions, actors, sessions, tokens, the rules of passwords and attempts."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, IPv6Network, ip_address

from lotone.kernel import Conflict, Forbidden, Invalid, NotFound, Words

SESSION_IDLE = timedelta(hours=12)
"""A session nobody used for this long has ended: one shift and a little."""
SESSION_LIFE = timedelta(days=30)
"""However busy, a session ends after this."""
SESSION_TOUCH = timedelta(minutes=5)
"""Use is noted at most this often, so that reading a page is not a write."""
LINK_LIFE = timedelta(days=7)
FREE_ATTEMPTS = 5
"""Wrong passwords in a row before waiting begins; then 2, 4, 8 ... seconds up to `LONGEST_WAIT`."""
LONGEST_WAIT = timedelta(minutes=15)
ATTEMPTS_FORGOTTEN = timedelta(hours=24)
FREE_ATTEMPTS_OF_ADDRESS = 50
"""Wrong passwords from one address, for whatever logins, before waiting begins. All people of a company often have one."""
LONGEST_WAIT_OF_ADDRESS = timedelta(minutes=1)
"""Short, since it may hit colleagues; long enough that nobody gets through a list of logins and passwords."""
ATTEMPTS_OF_ADDRESS_FORGOTTEN = timedelta(hours=1)
PASSWORD_LENGTH_MIN = 10
PASSWORD_LENGTH_MAX = 1024
_SLUG = re.compile(r"[a-z][a-z0-9-]{1,38}")


class NotAllowed(Forbidden):
    """The actor's role, or her token's scopes, do not include the action."""

    def __init__(self, actor: "Actor", action: str) -> None:
        who = f"the role {actor.role.value.replace('_', ' ')}" if actor.scopes is None else "this API token"
        super().__init__(f"{who} does not include {action}; an administrator of {actor.organization} can grant it")
        self.actor = actor
        self.action = action


class WrongPassword(Forbidden):
    """Login and password do not belong together; deliberately the same for an unknown login."""

    def __init__(self) -> None:
        super().__init__("login and password do not match; check both, or ask your administrator for a one-time link")


class TooManyAttempts(Forbidden):
    """Too many wrong passwords in a row for this login, or from this address: wait. The same for an unknown login."""

    def __init__(self, until: datetime, now: datetime, *, of: str = "for this login") -> None:
        self.wait_s = max(1, round((until - now).total_seconds()))
        super().__init__(f"too many attempts {of}; try again in {self.wait_s} s, or use a one-time link")
        self.until = until


class BadSecret(NotFound):
    """A session, token or link that is unknown, used up, expired or revoked; the cases are never told apart."""


class WeakPassword(Invalid):
    """The password breaks a rule; the message says which."""


class LoginTaken(Conflict):
    """Logins are unique in the whole installation, because one signs in before saying where one belongs."""


class OrganizationTaken(Conflict):
    """There is already an organization with this id."""


class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    PRODUCT_MANAGER = "product_manager"
    PLANNER = "planner"
    OPERATOR = "operator"
    ENGINEER = "engineer"
    CONSUMER = "consumer"


ROLE_WORDS = {
    Role.ADMINISTRATOR: Words("Administrator", "管理员"),
    Role.PRODUCT_MANAGER: Words("Product manager", "产品经理"),
    Role.PLANNER: Words("Planner", "计划员"),
    Role.OPERATOR: Words("Operator", "操作员"),
    Role.ENGINEER: Words("Engineer", "工程师"),
    Role.CONSUMER: Words("Consumer", "消费者"),
}

_PLANT_READ = frozenset(
    {
        "assets.read", "insight.read", "historian.read", "configure.read", "plan.read", "orders.read", "make.read",
        "market.read", "apps.read",
    }
)  # fmt: skip
_SHOP = frozenset({"configure.read", "orders.quote", "orders.place", "orders.own"})

ACTIONS: dict[Role, frozenset[str]] = {
    Role.CONSUMER: _SHOP,
    Role.OPERATOR: _PLANT_READ | {"make.write"},
    Role.ENGINEER: _PLANT_READ
    | {"assets.write", "connect.read", "connect.write", "connect.command", "historian.write", "insight.write", "apps.use"},
    Role.PLANNER: _PLANT_READ
    | {"plan.write", "orders.quote", "orders.place", "orders.own", "orders.write", "market.write", "make.write"},
    Role.PRODUCT_MANAGER: _PLANT_READ | _SHOP | {"configure.write", "orders.write"},
}
"""What each role may do, as `<capability>.<what>`. The administrator, last, may do everything in her own organization."""
_ADMINISTRATOR = frozenset({"identity.read", "identity.write", "connect.read", "apps.write"})
ACTIONS[Role.ADMINISTRATOR] = frozenset().union(_ADMINISTRATOR, *ACTIONS.values())
INSTALLATION_ACTIONS = frozenset({"installation.read", "installation.write"})
"""Only for administrators of the organization that hosts the installation: other organizations, processes, storage."""
ALL_ACTIONS = ACTIONS[Role.ADMINISTRATOR] | INSTALLATION_ACTIONS


@dataclass(frozen=True)
class Organization:
    """A company with everything that is its own. `hosts` is true for the one whose administrators run the installation."""

    id: str
    words: Words
    created_at: datetime
    hosts: bool = False

    def __post_init__(self) -> None:
        if not _SLUG.fullmatch(self.id):
            raise Invalid(
                f"{self.id!r} can't be the id of an organization: 2 to 39 lower-case letters, digits, hyphens, letter first",
                where="id",
            )


@dataclass(frozen=True)
class User:
    """A person who can sign in (or a buyer who gave only a name). `login` is unique in the installation."""

    id: str
    organization: str
    login: str
    display: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None = None
    language: str = ""
    """`en` or `zh`; empty follows the browser."""
    time_zone: str = ""
    has_password: bool = False


@dataclass(frozen=True)
class Actor:
    """Whoever asks: a signed-in user, a program with a token (then `scopes` narrows the role), or a guest of a shop."""

    organization: str
    user: str | None
    role: Role
    scopes: frozenset[str] | None = None
    guest: str | None = None
    hosts: bool = False
    display: str = ""
    token: str | None = None
    """The id of the API token that was used, if one was."""

    @property
    def who(self) -> str:
        """The id under which this actor's orders are kept. A guest keeps hers when she becomes a user by ordering."""
        return self.user or self.guest or f"system@{self.organization}"


def may(actor: Actor, action: str) -> bool:
    """Whether the actor's role includes the action and, for a token, its scopes do too (`plan.*` covers `plan.read`)."""
    allowed = ACTIONS[actor.role]
    if actor.hosts and actor.role is Role.ADMINISTRATOR:
        allowed = allowed | INSTALLATION_ACTIONS
    if action not in allowed:
        return False
    if actor.scopes is None:
        return True
    return action in actor.scopes or f"{action.partition('.')[0]}.*" in actor.scopes


def allow(actor: Actor, action: str) -> None:
    """Return if the actor may do it, raise NotAllowed otherwise; an action nobody knows is a fault in our code."""
    if action not in ALL_ACTIONS:
        raise ValueError(f"no role knows the action {action}; see lotone.identity.model.ACTIONS")
    if not may(actor, action):
        raise NotAllowed(actor, action)


def guest_actor(organization: str, secret: str) -> Actor:
    """The visitor of an organization's shop who holds this cookie; her id can't be guessed from outside."""
    return Actor(organization, None, Role.CONSUMER, guest=f"gst_{fingerprint(f'{organization}:{secret}')[:26]}")


@dataclass(frozen=True)
class Session:
    """A signed-in browser: who it is, and until when."""

    actor: Actor
    user: User
    seen_at: datetime
    expires_at: datetime

    def touch_due(self, now: datetime) -> bool:
        return now - self.seen_at >= SESSION_TOUCH


@dataclass(frozen=True)
class ApiToken:
    """A program's key, as it can be shown: the secret itself was seen once, when it was made."""

    id: str
    organization: str
    user: str
    words: str
    scopes: frozenset[str]
    hint: str
    """The first characters of the secret, to recognise it by."""
    created_at: datetime
    used_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class OneTimeLink:
    """What a one-time link opens: its user may set a password with it, once, until it expires."""

    user: User
    expires_at: datetime


def fingerprint(secret: str) -> str:
    """What is kept of a random secret. It has 256 bits of chance, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def waiting_time(failures: int, free: int = FREE_ATTEMPTS, longest: timedelta = LONGEST_WAIT) -> timedelta:
    """How long to wait after so many wrong passwords in a row."""
    if failures < free:
        return timedelta()
    return min(timedelta(seconds=2.0 ** min(failures - free + 1, 20)), longest)


def caller_of(address: str) -> str:
    """Who counts as one caller: an IPv4 address, or the 64 bits of IPv6 that one household gets; else the text itself."""
    try:
        known = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(known, IPv6Address):
        mapped = known.ipv4_mapped
        return str(mapped) if mapped else str(IPv6Network((int(known) >> 64 << 64, 64)))
    return str(known)


def check_password(password: str, login: str) -> None:
    """Length is what counts (NIST SP 800-63B, 5.1.1.2); a password that is the login, or one character, is none."""
    if len(password) < PASSWORD_LENGTH_MIN:
        raise WeakPassword(f"the password needs at least {PASSWORD_LENGTH_MIN} characters", where="password")
    if len(password) > PASSWORD_LENGTH_MAX:
        raise WeakPassword(f"the password may have at most {PASSWORD_LENGTH_MAX} characters", where="password")
    if len(set(password)) < 4 or password.casefold() == login.casefold():
        raise WeakPassword(
            "the password is too easy to guess: not the login, and more than a few characters repeated", where="password"
        )


def clean_login(login: str) -> str:
    """Logins are compared without case and surrounding space."""
    cleaned = login.strip().casefold()
    if not 2 <= len(cleaned) <= 120 or any(character.isspace() or not character.isprintable() for character in cleaned):
        raise Invalid("a login has 2 to 120 characters and no spaces; an e-mail address is fine", where="login")
    return cleaned


def check_scopes(scopes: frozenset[str]) -> None:
    """Raise Invalid for a scope that no action answers to."""
    capabilities = {action.partition(".")[0] for action in ALL_ACTIONS}
    for scope in scopes:
        if scope not in ALL_ACTIONS and not (scope.endswith(".*") and scope[:-2] in capabilities):
            raise Invalid(f"{scope!r} is not a scope; use an action such as plan.read, or plan.*", where="scopes")
