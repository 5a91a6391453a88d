"""Identity: who may do what.

Organizations share nothing; users sign in with a password, programs with a token, shop visitors need neither. Whoever
asks becomes an `Actor`, and `allow(actor, "plan.read")` says once, from one table of roles and actions, whether she may.
Passwords are kept as argon2 hashes; of sessions, tokens and links only hashes are kept, so a stolen database opens no door.
"""

from lotone.identity.facts import (
    OrganizationCreated,
    PasswordSet,
    SignedIn,
    SignInRefused,
    TokenCreated,
    TokenRevoked,
    UserChanged,
    UserCreated,
)
from lotone.identity.model import (
    ACTIONS,
    ALL_ACTIONS,
    Actor,
    ApiToken,
    BadSecret,
    LoginTaken,
    NotAllowed,
    OneTimeLink,
    Organization,
    OrganizationTaken,
    Role,
    Session,
    TooManyAttempts,
    User,
    WeakPassword,
    WrongPassword,
    allow,
    caller_of,
    guest_actor,
    may,
)
from lotone.identity.service import Attempt, IdentityService
from lotone.identity.store import Store

__all__ = [
    "ACTIONS",
    "ALL_ACTIONS",
    "Actor",
    "ApiToken",
    "Attempt",
    "BadSecret",
    "IdentityService",
    "LoginTaken",
    "NotAllowed",
    "OneTimeLink",
    "Organization",
    "OrganizationCreated",
    "OrganizationTaken",
    "PasswordSet",
    "Role",
    "Session",
    "SignInRefused",
    "SignedIn",
    "Store",
    "TokenCreated",
    "TokenRevoked",
    "TooManyAttempts",
    "User",
    "UserChanged",
    "UserCreated",
    "WeakPassword",
    "WrongPassword",
    "allow",
    "caller_of",
    "guest_actor",
    "may",
]
