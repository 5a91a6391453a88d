"""Use cases of identity: organizations and their people, signing in and out, tokens for programs, one-time links."""

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy.exc import IntegrityError

from lotone.identity import facts, model
from lotone.identity.model import Actor, ApiToken, BadSecret, OneTimeLink, Organization, Role, Session, User
from lotone.identity.store import Store
from lotone.kernel import Clock, Conflict, Forbidden, NotFound, Tell, Words, new_id

HASHER = PasswordHasher()
"""Argon2id with the library's present defaults (RFC 9106, second recommended option); old hashes are renewed on sign-in."""
_NOBODY = HASHER.hash(secrets.token_urlsafe(24))
"""Checked when the login is unknown, so that the answer takes as long as for a known one."""
TOKEN_TOUCH = timedelta(hours=1)


@dataclass(frozen=True)
class Attempt:
    """A sign-in under way: counted, but not checked yet. `verify` is slow on purpose: call it outside of a transaction."""

    login: str
    user: User | None
    password_hash: str | None = field(repr=False)

    def verify(self, password: str) -> bool:
        known = self.password_hash or _NOBODY
        try:
            matches = HASHER.verify(known, password[: model.PASSWORD_LENGTH_MAX])
        except VerificationError:
            return False
        return matches and self.user is not None and self.password_hash is not None and self.user.disabled_at is None


class IdentityService:
    """Organizations, users, and the secrets by which they are known.

    A method that finds by a secret or a login works in the transaction of any organization; all others in their own.
    """

    def __init__(self, store: Store, clock: Clock, tell: Tell) -> None:
        self.store = store
        self.clock = clock
        self.tell = tell

    # organizations

    def create_organization(self, organization: str, words: Words) -> Organization:
        """Create it with a machine password; the first one hosts the installation. Raises Invalid, OrganizationTaken."""
        if organization != self.store.organization:
            raise ValueError(f"{organization} is to be created in a transaction of its own, not of {self.store.organization}")
        first = not self.store.all_organizations()
        created = Organization(organization, words, self.clock(), hosts=first)
        if self.store.organization_named(organization) is not None:
            raise model.OrganizationTaken(f"there is already an organization {organization}; choose another id", where="id")
        self.store.add_organization(created, secrets.token_urlsafe(24))
        self.tell(facts.OrganizationCreated(organization))
        return created

    def organizations(self) -> list[Organization]:
        """All organizations of the installation, oldest first."""
        return self.store.all_organizations()

    def organization(self, organization: str | None = None) -> Organization:
        """The organization with this id, or one's own. Raises NotFound."""
        found = self.store.organization_named(organization or self.store.organization)
        if found is None:
            raise NotFound(f"there is no organization {organization or self.store.organization}")
        return found

    def machine_password(self, organization: str | None = None) -> str:
        """The password by which this organization's machines log in to the message server (user: the organization's id)."""
        found = self.store.machine_password(organization or self.store.organization)
        if found is None:
            raise NotFound(f"there is no organization {organization or self.store.organization}")
        return found

    def renew_machine_password(self) -> str:
        """Machines must be given the new one; those with the old one lose their connection when the server reloads."""
        password = secrets.token_urlsafe(24)
        self.store.set_machine_password(password)
        return password

    # users

    def create_user(
        self,
        login: str,
        role: Role,
        *,
        display: str = "",
        password: str | None = None,
        language: str = "",
        time_zone: str = "",
    ) -> User:
        """A user of this organization; without a password she comes in by `one_time_link`. Raises LoginTaken, WeakPassword."""
        login = model.clean_login(login)
        self.organization()
        if self.store.user_with_login(login) is not None:
            raise model.LoginTaken(f"the login {login} is taken; choose another", where="login")
        if password is not None:
            model.check_password(password, login)
        user = User(
            new_id("usr"), self.store.organization, login, display.strip() or login, role, self.clock(), None,
            language, time_zone, password is not None,
        )  # fmt: skip
        return self._add(user, HASHER.hash(password) if password is not None else None)

    def guest_user(self, actor: Actor, display: str = "") -> User:
        """The consumer that a guest becomes when she orders: same id, no password. Repeating it finds the same user."""
        if actor.guest is None or actor.organization != self.store.organization:
            raise Conflict("only a guest of this shop can become its consumer")
        found = self.store.user(actor.guest)
        if found is not None:
            return found
        user = User(
            actor.guest, self.store.organization, f"{actor.guest}@{actor.organization}", display.strip() or "", Role.CONSUMER,
            self.clock(),
        )  # fmt: skip
        try:
            with self.store.connection.begin_nested():
                return self._add(user, None)
        except model.LoginTaken:  # two clicks at the same moment
            return self.user(actor.guest)

    def _add(self, user: User, password_hash: str | None) -> User:
        try:
            self.store.add_user(user, password_hash)
        except IntegrityError as fault:  # two at the same moment
            raise model.LoginTaken(f"the login {user.login} is taken; choose another", where="login") from fault
        self.tell(facts.UserCreated(user.id, user.login, user.role.value))
        return user

    def users(self) -> list[User]:
        return self.store.users()

    def user(self, user: str) -> User:
        """One user of this organization. Raises NotFound."""
        found = self.store.user(user)
        if found is None:
            raise NotFound(f"there is no user {user}")
        return found

    def change_user(
        self, user: str, *, display: str | None = None, role: Role | None = None, language: str | None = None,
        time_zone: str | None = None, disabled: bool | None = None,
    ) -> User:  # fmt: skip
        """Change what is given. A disabled user is signed out, her tokens stop working. Raises NotFound, Conflict."""
        before = self.user(user)
        after = replace(
            before,
            display=before.display if display is None else display.strip() or before.login,
            role=role or before.role,
            language=before.language if language is None else language,
            time_zone=before.time_zone if time_zone is None else time_zone,
            disabled_at=before.disabled_at if disabled is None else (before.disabled_at or self.clock()) if disabled else None,
        )
        self._keep_an_administrator(before, after)
        changed = ("display", "role", "language", "time_zone", "disabled_at")
        self.store.change_user(user, {name: getattr(after, name) for name in changed})
        if after.disabled_at is not None:
            self.store.end_sessions_of(user)
        if (before.role, before.disabled_at) != (after.role, after.disabled_at):
            self.tell(facts.UserChanged(user, after.role.value, after.disabled_at is not None))
        return after

    def _keep_an_administrator(self, before: User, after: User) -> None:
        was = before.role is Role.ADMINISTRATOR and before.disabled_at is None
        if not was or (after.role is Role.ADMINISTRATOR and after.disabled_at is None):
            return
        others = [user for user in self.users() if user.role is Role.ADMINISTRATOR and user.disabled_at is None]
        if [user.id for user in others] == [before.id]:
            raise Conflict(f"{before.login} is the last administrator of {self.store.organization}; appoint another one first")

    def set_password(self, user: str, password: str) -> None:
        """Set it, end all her sessions and use up her links. Raises NotFound, WeakPassword."""
        found = self.user(user)
        model.check_password(password, found.login)
        self.store.change_user(user, {"password_hash": HASHER.hash(password)})
        self.store.end_sessions_of(user)
        self.store.use_links_of(user, self.clock())
        self.store.forget_attempts(model.fingerprint(found.login))
        self.tell(facts.PasswordSet(user))

    # signing in with a password: begin (short transaction), verify (slow, in none), finish (short transaction)

    def organization_of_login(self, login: str) -> str:
        """Where the sign-in's transactions belong; empty for a login that nobody has (then they belong nowhere)."""
        found = self.store.user_with_login(login.strip().casefold())
        return found[0].organization if found else ""

    def begin_from(self, address: str) -> None:
        """Count an attempt of this network address, for whatever login, before it is checked. Raises TooManyAttempts.

        Who tries one password with many logins is slowed down here. In the transaction of no organization.
        """
        now, key = self.clock(), model.fingerprint(f"address {model.caller_of(address)}")
        failures, at, blocked_until = self.store.lock_attempts(key, now)
        if blocked_until is not None and now < blocked_until:
            raise model.TooManyAttempts(blocked_until, now, of="from this address")
        failures = failures + 1 if now - at < model.ATTEMPTS_OF_ADDRESS_FORGOTTEN else 1
        waiting = model.waiting_time(failures, model.FREE_ATTEMPTS_OF_ADDRESS, model.LONGEST_WAIT_OF_ADDRESS)
        self.store.keep_attempt(key, failures, now, now + waiting if waiting else None)

    def finish_from(self, address: str) -> None:
        """The attempt of this address was a good one: it does not count. Others before it still do."""
        now, key = self.clock(), model.fingerprint(f"address {model.caller_of(address)}")
        failures, at, _ = self.store.lock_attempts(key, now)
        self.store.keep_attempt(key, max(0, failures - 1), at, None)

    def begin_sign_in(self, login: str) -> Attempt:
        """Count the attempt before it is checked, so that many at once don't slip through. Raises TooManyAttempts."""
        login = login.strip().casefold()[:200]
        now = self.clock()
        failures, at, blocked_until = self.store.lock_attempts(model.fingerprint(login), now)
        if blocked_until is not None and now < blocked_until:
            raise model.TooManyAttempts(blocked_until, now)
        failures = failures + 1 if now - at < model.ATTEMPTS_FORGOTTEN else 1
        waiting = model.waiting_time(failures)
        self.store.keep_attempt(model.fingerprint(login), failures, now, now + waiting if waiting else None)
        found = self.store.user_with_login(login)
        if found and failures > 1:
            self.tell(facts.SignInRefused(found[0].id, failures - 1))
        return Attempt(login, found[0] if found else None, found[1] if found else None)

    def finish_sign_in(self, attempt: Attempt, password: str) -> str:
        """After `attempt.verify(password)` said yes: the secret of a new session."""
        if attempt.user is None or attempt.password_hash is None:
            raise model.WrongPassword
        self.store.forget_attempts(model.fingerprint(attempt.login))
        if HASHER.check_needs_rehash(attempt.password_hash):
            self.store.change_user(attempt.user.id, {"password_hash": HASHER.hash(password)})
        return self.open_session(attempt.user.id)

    def sign_in(self, login: str, password: str) -> str:
        """All three steps in one transaction, for a program of one's own. Raises WrongPassword, TooManyAttempts."""
        attempt = self.begin_sign_in(login)
        if not attempt.verify(password):
            raise model.WrongPassword
        return self.finish_sign_in(attempt, password)

    # sessions

    def open_session(self, user: str) -> str:
        """The secret of a new session for a user who has proved who she is. Raises NotFound, Forbidden."""
        found = self.user(user)
        if found.disabled_at is not None:
            raise Forbidden(f"the access of {found.login} was ended; ask your administrator")
        secret = secrets.token_urlsafe(32)
        now = self.clock()
        self.store.forget_before(now - model.SESSION_IDLE, now)
        self.store.add_session(model.fingerprint(secret), user, now, now + model.SESSION_LIFE)
        self.tell(facts.SignedIn(user))
        return secret

    def session(self, secret: str) -> Session:
        """Raises BadSecret when it is unknown or has ended."""
        found = self.store.session(model.fingerprint(secret))
        now = self.clock()
        if found is None or found.user.disabled_at or now >= found.expires_at or now - found.seen_at >= model.SESSION_IDLE:
            raise BadSecret("this session has ended; sign in again")
        return found

    def touch(self, secret: str) -> None:
        """Note that the session is in use (see `Session.touch_due`)."""
        self.store.touch_session(model.fingerprint(secret), self.clock())

    def sign_out(self, secret: str) -> None:
        self.store.end_session(model.fingerprint(secret))

    # API tokens

    def create_token(
        self, actor: Actor, scopes: frozenset[str], words: str, *, life: timedelta | None = None
    ) -> tuple[ApiToken, str]:
        """The token and its secret (starting with `lo_`), which is shown now and never again. No scopes allow nothing."""
        if actor.user is None or actor.token is not None:
            raise Forbidden("only a signed-in user can create an API token, not a guest or another token")
        model.check_scopes(scopes)
        secret = f"lo_{secrets.token_urlsafe(32)}"
        now = self.clock()
        token = ApiToken(
            new_id("tok"), self.store.organization, actor.user, words.strip()[:200], scopes, secret[:8], now, None,
            None if life is None else now + life,
        )  # fmt: skip
        self.store.add_token(token, model.fingerprint(secret))
        self.tell(facts.TokenCreated(token.id, token.user, token.words, sorted(scopes)))
        return token, secret

    def tokens(self, user: str | None = None) -> list[ApiToken]:
        """Tokens that are not revoked, of one user or of the whole organization."""
        return self.store.tokens(user)

    def revoke_token(self, token: str) -> None:
        """It stops working at once. Raises NotFound."""
        found = next((known for known in self.tokens() if known.id == token), None)
        if found is None:
            raise NotFound(f"there is no API token {token}")
        self.store.revoke_token(token, self.clock())
        self.tell(facts.TokenRevoked(token, found.user))

    def token(self, secret: str) -> Actor:
        """Who calls with this secret. Raises BadSecret when it is unknown, revoked or expired, or its user disabled."""
        found = self.store.token(model.fingerprint(secret))
        if found is None or found[1].disabled_at or (found[0].expires_at and self.clock() >= found[0].expires_at):
            raise BadSecret("this API token is unknown, revoked or expired; create a new one on the account page")
        token, user, hosts = found
        return Actor(user.organization, user.id, user.role, token.scopes, hosts=hosts, display=user.display, token=token.id)

    def note_token_use(self, token: str) -> None:
        self.store.touch_token(token, self.clock())

    # one-time links

    def one_time_link(self, user: str, *, life: timedelta = model.LINK_LIFE) -> str:
        """A secret with which the user can set her password once; earlier ones stop working. Raises NotFound."""
        found = self.user(user)
        now = self.clock()
        secret = secrets.token_urlsafe(32)
        self.store.use_links_of(found.id, now)
        self.store.add_link(model.fingerprint(secret), found.id, now, now + life)
        return secret

    def link(self, secret: str) -> OneTimeLink:
        """Whom the link is for. Raises BadSecret when it is unknown, used or expired."""
        found = self.store.link(model.fingerprint(secret))
        if found is None or self.clock() >= found[1] or found[0].disabled_at:
            raise BadSecret("this link was used already or has expired; ask your administrator for a new one")
        return OneTimeLink(*found)

    def redeem(self, secret: str, password: str) -> User:
        """Set the password that the link's user chose; the link is used up. Raises BadSecret, WeakPassword."""
        user = self.link(secret).user
        self.set_password(user.id, password)
        return user


def session_ends(session: Session) -> datetime:
    """When this session ends if nobody uses it any more."""
    return min(session.expires_at, session.seen_at + model.SESSION_IDLE)
