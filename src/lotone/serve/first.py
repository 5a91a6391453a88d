"""The first start of an installation: an organization and an administrator who sets her password by a one-time link."""

from lotone import identity
from lotone.kernel import Words, keep, wall_clock
from lotone.serve.installation import Installation

ORGANIZATION = "company"
LOGIN = "admin"


def first_administrator(installation: Installation) -> str:
    """On an installation without organizations: make both, and return the path of the one-time link. Else empty.

    When it was interrupted before the link was used, the next start gives a new link.
    """
    with installation.database.work() as connection:
        store = identity.Store(connection, ORGANIZATION)
        service = identity.IdentityService(
            store, wall_clock, lambda fact: void(keep(connection, ORGANIZATION, fact, wall_clock()))
        )
        known = service.organizations()
        if known and known[0].id != ORGANIZATION:
            return ""
        if not known:
            service.create_organization(ORGANIZATION, Words("My company", "我的公司"))
            service.create_user(LOGIN, identity.Role.ADMINISTRATOR, display="Administrator")
        administrator = next((user for user in service.users() if user.login == LOGIN), None)
        if administrator is None or administrator.has_password:
            return ""
        return f"/welcome/{service.one_time_link(administrator.id)}"


def void(_value: object) -> None:
    """A fact is kept for its effect, not for its number."""
