"""Bounds of the price from the tree alone: every group at its cheapest or dearest, the rules across the tree left out."""

from collections.abc import Mapping, Set

from lotone.configure.model.features import Feature, Group


def price_bound(root: Feature, always: Set[str], never: Set[str], *, lowest: bool) -> int:
    """A sum of cents that no configuration with the root undercuts (`lowest`) or exceeds.

    `always` and `never` are the features that are in every and in no configuration.
    """
    bound: dict[str, int] = {}
    for feature in reversed([*root]):  # what is below a feature comes after it
        below = sum(_of_group(group, bound, always, never, lowest=lowest) for group in feature.groups)
        bound[feature.name] = feature.price_cents + below
    return bound[root.name]


def _of_group(group: Group, bound: Mapping[str, int], always: Set[str], never: Set[str], *, lowest: bool) -> int:
    members = [member.name for member in group.members if member.name not in never]
    certain = [bound[name] for name in members if name in always]
    open_ = sorted((bound[name] for name in members if name not in always), reverse=not lowest)
    needed, room = max(0, group.low - len(certain)), max(0, group.high - len(certain))
    welcome = [price for price in open_[needed:room] if (price < 0 if lowest else price > 0)]
    return sum(certain) + sum(open_[:needed]) + sum(welcome)
