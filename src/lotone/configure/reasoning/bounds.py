"""Bounds of the price from the tree alone: every group at its cheapest or dearest, the rules across the tree left out."""

from collections.abc import Set

from lotone.configure.model.features import Feature, Group


def price_bound(feature: Feature, always: Set[str], never: Set[str], *, lowest: bool) -> int:
    """A sum of cents that no configuration with the feature undercuts (`lowest`) or exceeds.

    `always` and `never` are the features that are in every and in no configuration.
    """
    return feature.price_cents + sum(_of_group(group, always, never, lowest=lowest) for group in feature.groups)


def _of_group(group: Group, always: Set[str], never: Set[str], *, lowest: bool) -> int:
    members = [member for member in group.members if member.name not in never]
    certain = [price_bound(member, always, never, lowest=lowest) for member in members if member.name in always]
    open_ = [price_bound(member, always, never, lowest=lowest) for member in members if member.name not in always]
    open_.sort(reverse=not lowest)
    needed, room = max(0, group.low - len(certain)), max(0, group.high - len(certain))
    welcome = [price for price in open_[needed:room] if (price < 0 if lowest else price > 0)]
    return sum(certain) + sum(open_[:needed]) + sum(welcome)
