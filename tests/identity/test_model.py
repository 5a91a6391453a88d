"""Rules of identity: roles, scopes, passwords, waiting times."""

from datetime import UTC, datetime, timedelta

import pytest

from lotone import identity
from lotone.identity import ACTIONS, ALL_ACTIONS, Actor, NotAllowed, Role, allow, guest_actor, may
from lotone.identity.model import LONGEST_WAIT, check_password, check_scopes, clean_login, waiting_time
from lotone.kernel import Invalid, Words


def actor(role: Role, scopes: frozenset[str] | None = None, *, hosts: bool = False) -> Actor:
    return Actor("demo", "usr_1", role, scopes, hosts=hosts)


def test_each_role_may_what_its_work_needs_and_no_more() -> None:
    assert may(actor(Role.PLANNER), "plan.write")
    assert not may(actor(Role.OPERATOR), "plan.write")
    assert may(actor(Role.OPERATOR), "make.write")
    assert not may(actor(Role.CONSUMER), "plan.read")
    assert may(actor(Role.CONSUMER), "orders.own")
    assert not may(actor(Role.ENGINEER), "identity.write")


def test_the_administrator_may_everything_in_her_organization_and_the_hosts_one_runs_the_installation() -> None:
    assert all(may(actor(Role.ADMINISTRATOR), action) for role in ACTIONS for action in ACTIONS[role])
    assert not may(actor(Role.ADMINISTRATOR), "installation.read")
    assert may(actor(Role.ADMINISTRATOR, hosts=True), "installation.read")
    assert not may(actor(Role.ENGINEER, hosts=True), "installation.read")


def test_scopes_narrow_a_role_and_never_widen_it() -> None:
    program = actor(Role.OPERATOR, frozenset({"plan.*", "make.read", "identity.write"}))
    assert may(program, "plan.read")
    assert may(program, "make.read")
    assert not may(program, "make.write")
    assert not may(program, "plan.write")
    assert not may(program, "identity.write")
    assert not may(actor(Role.ADMINISTRATOR, frozenset()), "plan.read")


def test_allow_says_what_is_missing_and_who_can_grant_it() -> None:
    with pytest.raises(NotAllowed, match=r"operator does not include plan.write; an administrator of demo"):
        allow(actor(Role.OPERATOR), "plan.write")
    with pytest.raises(NotAllowed, match="this API token"):
        allow(actor(Role.PLANNER, frozenset()), "plan.write")


def test_an_action_nobody_knows_is_a_fault_in_the_code() -> None:
    with pytest.raises(ValueError, match=r"plan\.raed"):
        allow(actor(Role.PLANNER), "plan.raed")
    assert all(action.count(".") == 1 for action in ALL_ACTIONS)


def test_a_guest_is_the_same_for_the_same_cookie_and_another_in_another_shop() -> None:
    assert guest_actor("demo", "s").guest == guest_actor("demo", "s").guest
    assert guest_actor("demo", "s").who != guest_actor("other", "s").who
    assert len(guest_actor("demo", "s").who) <= 40
    assert guest_actor("demo", "s").role is Role.CONSUMER


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaa", "Planner@example", "x" * 2000])
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(identity.WeakPassword):
        check_password(password, "planner@example")


def test_a_long_phrase_is_a_good_password() -> None:
    check_password("four words of chance", "planner")


def test_waiting_doubles_after_five_failures_and_has_an_end() -> None:
    assert [waiting_time(failures).total_seconds() for failures in (1, 4, 5, 6, 7)] == [0, 0, 2, 4, 8]
    assert waiting_time(10_000) == LONGEST_WAIT
    assert waiting_time(0) == timedelta()


def test_logins_are_compared_without_case() -> None:
    assert clean_login("  Ada@Example.org ") == "ada@example.org"
    for wrong in ("", "a", "two words", "x" * 200, "nul\0l"):
        with pytest.raises(Invalid):
            clean_login(wrong)


def test_scopes_must_be_actions() -> None:
    check_scopes(frozenset({"plan.read", "orders.*"}))
    for wrong in ("plan", "plan.raed", "*", "nothing.*"):
        with pytest.raises(Invalid, match="is not a scope"):
            check_scopes(frozenset({wrong}))


def test_an_organization_needs_a_slug() -> None:
    for wrong in ("Demo", "d", "1st", "two words", "x" * 60, "a/b"):
        with pytest.raises(Invalid, match="can't be the id"):
            identity.Organization(wrong, Words("x"), datetime(2026, 3, 2, tzinfo=UTC))
