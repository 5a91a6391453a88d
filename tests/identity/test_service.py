"""Use cases of identity on a real database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Connection, text

from lotone import identity
from lotone.identity import BadSecret, IdentityService, Role, Store, User, guest_actor, may
from lotone.kernel import Conflict, Database, Fact, Forbidden, Invalid, NotFound, Words

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real argon2 hashes with the least cost, so that tests don't wait for what is slow on purpose."""
    monkeypatch.setattr(identity.service, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@dataclass
class House:
    """One connection, and the identity service of any organization on it."""

    connection: Connection
    now: datetime
    facts: list[Fact] = field(default_factory=list)

    def of(self, organization: str) -> IdentityService:
        return IdentityService(Store(self.connection, organization), lambda: self.now, self.facts.append)

    def pass_time(self, time: timedelta) -> None:
        self.now += time

    def told(self, kind: type[Fact]) -> list[Fact]:
        return [fact for fact in self.facts if isinstance(fact, kind)]


@pytest.fixture
def house(database: Database, now: datetime) -> Iterator[House]:
    with ExitStack() as stack:
        house = House(stack.enter_context(database.work()), now)
        house.of("demo").create_organization("demo", Words("Demo", "演示"))
        yield house


@pytest.fixture
def demo(house: House) -> IdentityService:
    return house.of("demo")


@pytest.fixture
def planner(demo: IdentityService) -> User:
    return demo.create_user("pia", Role.PLANNER, display="Pia", password=PASSWORD)


def test_the_first_organization_hosts_the_installation(house: House, demo: IdentityService) -> None:
    house.of("other").create_organization("other", Words("Other"))
    assert [(one.id, one.hosts) for one in demo.organizations()] == [("demo", True), ("other", False)]
    assert demo.organization().words.zh == "演示"
    assert demo.machine_password("demo") != demo.machine_password("other")
    with pytest.raises(identity.OrganizationTaken):
        demo.create_organization("demo", Words("Again"))
    with pytest.raises(ValueError, match="transaction of its own"):
        demo.create_organization("third", Words("Third"))
    with pytest.raises(NotFound):
        demo.machine_password("nobody")


def test_a_machine_password_can_be_renewed(demo: IdentityService) -> None:
    before = demo.machine_password()
    assert demo.renew_machine_password() == demo.machine_password() != before


def test_signing_in_opens_a_session_and_signing_out_ends_it(demo: IdentityService, planner: User, house: House) -> None:
    secret = demo.sign_in(" PIA ", PASSWORD)
    session = demo.session(secret)
    assert (session.actor.user, session.actor.role, session.actor.organization) == (planner.id, Role.PLANNER, "demo")
    assert house.told(identity.SignedIn) == [identity.SignedIn(planner.id)]
    demo.sign_out(secret)
    with pytest.raises(BadSecret):
        demo.session(secret)


def test_unknown_login_and_wrong_password_get_the_same_answer(demo: IdentityService, planner: User) -> None:
    answers = set()
    for login in ("pia", "nobody"):
        with pytest.raises(identity.WrongPassword) as refused:
            demo.sign_in(login, "not the password")
        answers.add(str(refused.value))
    assert len(answers) == 1


def test_after_five_wrong_passwords_one_waits_known_or_not(demo: IdentityService, planner: User, house: House) -> None:
    for login in ("pia", "nobody"):
        for _ in range(5):
            with pytest.raises(identity.WrongPassword):
                demo.sign_in(login, "not the password")
        with pytest.raises(identity.TooManyAttempts, match="try again in 2 s"):
            demo.sign_in(login, PASSWORD)
    house.pass_time(timedelta(seconds=3))
    assert demo.session(demo.sign_in("pia", PASSWORD)).user == demo.user(planner.id)
    for _ in range(4):
        with pytest.raises(identity.WrongPassword):
            demo.sign_in("pia", "not the password")
    assert [fact.failures for fact in house.told(identity.SignInRefused)][:5] == [1, 2, 3, 4, 5]


def test_attempts_are_counted_before_they_are_checked(demo: IdentityService, planner: User) -> None:
    for _ in range(5):
        demo.begin_sign_in("pia")
    with pytest.raises(identity.TooManyAttempts):
        demo.begin_sign_in("pia")


def test_one_password_for_many_logins_is_slowed_down_by_address(demo: IdentityService, planner: User, house: House) -> None:
    for number in range(50):
        demo.begin_from("203.0.113.7")
        with pytest.raises(identity.WrongPassword):
            demo.sign_in(f"user-{number}", "Spring2026!")
    with pytest.raises(identity.TooManyAttempts, match="too many attempts from this address; try again in 2 s"):
        demo.begin_from("203.0.113.7")
    demo.begin_from("203.0.113.8")
    house.pass_time(timedelta(seconds=3))
    demo.begin_from("203.0.113.7")
    with pytest.raises(identity.TooManyAttempts, match="try again in 4 s"):
        demo.begin_from("203.0.113.7")
    house.pass_time(timedelta(hours=1, seconds=5))
    for _ in range(50):
        demo.begin_from("203.0.113.7")


def test_good_sign_ins_of_one_address_do_not_count(demo: IdentityService, planner: User) -> None:
    for _ in range(120):
        demo.begin_from("198.51.100.4")
        demo.finish_from("198.51.100.4")
    for _ in range(50):
        demo.begin_from("198.51.100.4")
    with pytest.raises(identity.TooManyAttempts):
        demo.begin_from("198.51.100.4")


@pytest.mark.parametrize(
    ("one", "other"),
    [("2001:db8:1:2::7", "2001:db8:1:2:ffff::1"), ("::ffff:203.0.113.7", "203.0.113.7"), ("unix:", "unix:")],
)
def test_addresses_of_one_household_count_together(demo: IdentityService, one: str, other: str) -> None:
    for _ in range(25):
        demo.begin_from(one)
        demo.begin_from(other)
    with pytest.raises(identity.TooManyAttempts):
        demo.begin_from(one)
    demo.begin_from("2001:db8:1:3::7")


def test_a_session_ends_when_idle_and_after_its_life(demo: IdentityService, planner: User, house: House) -> None:
    secret = demo.open_session(planner.id)
    for _ in range(3):
        house.pass_time(timedelta(hours=11))
        assert demo.session(secret).touch_due(house.now)
        demo.touch(secret)
    assert not demo.session(secret).touch_due(house.now)
    house.pass_time(timedelta(hours=12))
    with pytest.raises(BadSecret):
        demo.session(secret)
    secret = demo.open_session(planner.id)
    for _ in range(2 * 30):
        house.pass_time(timedelta(hours=11, minutes=30))
        demo.touch(secret)
    demo.session(secret)
    for _ in range(3):
        house.pass_time(timedelta(hours=11, minutes=30))
        demo.touch(secret)
    with pytest.raises(BadSecret):
        demo.session(secret)


def test_no_secret_is_kept_readable(demo: IdentityService, planner: User, house: House) -> None:
    session = demo.open_session(planner.id)
    actor = demo.session(session).actor
    _, token = demo.create_token(actor, frozenset({"plan.read"}), "notebook")
    link = demo.one_time_link(planner.id)
    kept = ""
    for table in ("identity_session", "identity_token", "identity_link", "identity_user"):
        kept += str(house.connection.execute(text(f"SELECT * FROM {table}")).all())
    for secret in (session, token, link, PASSWORD):
        assert secret not in kept
        assert all(secret not in str(fact) for fact in house.facts)


def test_a_token_carries_its_scopes_until_it_is_revoked_or_expires(demo: IdentityService, planner: User, house: House) -> None:
    actor = demo.session(demo.open_session(planner.id)).actor
    token, secret = demo.create_token(actor, frozenset({"plan.*"}), "notebook", life=timedelta(days=1))
    assert secret.startswith("lo_")
    assert token.hint == secret[:8]
    program = demo.token(secret)
    assert may(program, "plan.write")
    assert not may(program, "orders.read")
    demo.note_token_use(token.id)
    assert demo.tokens(planner.id)[0].used_at == house.now
    with pytest.raises(Forbidden):
        demo.create_token(program, frozenset({"plan.read"}), "a token's token")
    house.pass_time(timedelta(days=2))
    with pytest.raises(BadSecret):
        demo.token(secret)
    _, secret = demo.create_token(actor, frozenset({"plan.read"}), "another")
    demo.revoke_token(demo.tokens()[-1].id)
    with pytest.raises(BadSecret):
        demo.token(secret)
    with pytest.raises(NotFound):
        demo.revoke_token("tok_unknown")
    with pytest.raises(Invalid):
        demo.create_token(actor, frozenset({"everything"}), "too much")


def test_a_one_time_link_sets_a_password_once(demo: IdentityService, house: House) -> None:
    user = demo.create_user("ines", Role.ENGINEER)
    first = demo.one_time_link(user.id)
    link = demo.one_time_link(user.id)
    assert demo.link(link).user.login == "ines"
    with pytest.raises(BadSecret):
        demo.link(first)
    with pytest.raises(identity.WeakPassword):
        demo.redeem(link, "short")
    assert demo.redeem(link, PASSWORD).id == user.id
    with pytest.raises(BadSecret):
        demo.redeem(link, PASSWORD)
    assert demo.session(demo.sign_in("ines", PASSWORD)).user.has_password
    late = demo.one_time_link(user.id)
    house.pass_time(timedelta(days=8))
    with pytest.raises(BadSecret):
        demo.link(late)


def test_a_new_password_ends_all_sessions(demo: IdentityService, planner: User) -> None:
    secret = demo.open_session(planner.id)
    demo.set_password(planner.id, "another good one")
    with pytest.raises(BadSecret):
        demo.session(secret)
    with pytest.raises(identity.WrongPassword):
        demo.sign_in("pia", PASSWORD)


def test_a_disabled_user_is_out_everywhere(demo: IdentityService, planner: User, house: House) -> None:
    session = demo.open_session(planner.id)
    _, token = demo.create_token(demo.session(session).actor, frozenset({"plan.read"}), "notebook")
    demo.change_user(planner.id, disabled=True)
    with pytest.raises(BadSecret):
        demo.session(session)
    with pytest.raises(BadSecret):
        demo.token(token)
    with pytest.raises(identity.WrongPassword):
        demo.sign_in("pia", PASSWORD)
    with pytest.raises(Forbidden, match="access of pia was ended"):
        demo.open_session(planner.id)
    demo.change_user(planner.id, disabled=False)
    assert demo.token(token).user == planner.id
    assert [fact.disabled for fact in house.told(identity.UserChanged)] == [True, False]


def test_a_new_role_counts_at_once(demo: IdentityService, planner: User) -> None:
    session = demo.open_session(planner.id)
    demo.change_user(planner.id, role=Role.OPERATOR)
    assert not may(demo.session(session).actor, "plan.write")


def test_the_last_administrator_stays(demo: IdentityService) -> None:
    first = demo.create_user("ada", Role.ADMINISTRATOR)
    with pytest.raises(Conflict, match="last administrator"):
        demo.change_user(first.id, role=Role.PLANNER)
    second = demo.create_user("bea", Role.ADMINISTRATOR)
    demo.change_user(first.id, disabled=True)
    with pytest.raises(Conflict, match="last administrator"):
        demo.change_user(second.id, disabled=True)
    assert demo.change_user(second.id, display="Bea").display == "Bea"


def test_logins_are_unique_in_the_installation_and_users_are_not_seen_from_outside(
    house: House, demo: IdentityService
) -> None:
    other = house.of("other")
    other.create_organization("other", Words("Other"))
    user = other.create_user("otto", Role.PLANNER, password=PASSWORD)
    with pytest.raises(identity.LoginTaken):
        demo.create_user("Otto", Role.PLANNER)
    for act in (demo.user, demo.one_time_link, demo.open_session):
        with pytest.raises(NotFound):
            act(user.id)
    assert demo.users() == []
    assert demo.organization_of_login("otto") == "other"
    assert demo.organization_of_login("nobody") == ""
    _, secret = other.create_token(other.session(other.sign_in("otto", PASSWORD)).actor, frozenset({"plan.read"}), "t")
    assert demo.tokens() == []
    with pytest.raises(NotFound):
        demo.revoke_token(other.tokens()[0].id)
    assert demo.token(secret).organization == "other"


def test_nobody_is_created_where_there_is_no_organization(house: House) -> None:
    with pytest.raises(NotFound):
        house.of("nowhere").create_user("ada", Role.ADMINISTRATOR)


def test_a_guest_keeps_her_id_when_she_orders(demo: IdentityService) -> None:
    guest = guest_actor("demo", "random")
    user = demo.guest_user(guest, "A buyer")
    assert user.id == guest.who
    assert demo.guest_user(guest) == user
    assert not user.has_password
    with pytest.raises(Conflict):
        demo.guest_user(guest_actor("other", "random"))
    with pytest.raises(identity.WrongPassword):
        demo.sign_in(user.login, "")


def test_many_attempts_at_once_do_not_slip_through(state_url: str, now: datetime) -> None:
    database = Database(state_url)
    with database.work() as connection:
        service = IdentityService(Store(connection, "demo"), lambda: now, lambda fact: None)
        service.create_organization("demo", Words("Demo"))
        service.create_user("pia", Role.PLANNER)

    def attempt(_number: int) -> bool:
        try:
            with database.work() as connection:
                IdentityService(Store(connection, "demo"), lambda: now, lambda fact: None).begin_sign_in("pia")
        except identity.TooManyAttempts:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        let_through = list(threads.map(attempt, range(24)))
    database.close()
    assert sum(let_through) == 5
