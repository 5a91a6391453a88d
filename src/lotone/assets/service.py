"""Use cases on what exists: describe a plant, look things up, receive and take material."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from lotone.assets.model import (
    Equipment,
    Level,
    Lot,
    LotExists,
    Part,
    Tag,
    Taken,
    UnknownEquipment,
    UnknownLot,
    UnknownPart,
    UnknownTag,
    check_equipment,
    check_tags,
    material_lot,
    oldest_first,
    quantity_of,
    thousandths,
)
from lotone.assets.store import Store
from lotone.kernel import Clock


class AssetService:
    """What exists in one organization. All adding may be repeated: what is already there is brought up to date."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock

    def add_equipment(self, items: Iterable[Equipment]) -> None:
        """Add or change equipment; parents and children may come in any order. Raises WrongEquipment."""
        wanted = list(items)
        existing = {item.id: item for item in self.store.equipment()}
        check_equipment((existing | {item.id: item for item in wanted}).values())
        self.store.save_equipment(wanted, set(existing))

    def equipment(self) -> list[Equipment]:
        """All equipment, in the order it was added."""
        return self.store.equipment()

    def equipment_called(self, equipment_id: str) -> Equipment:
        """One piece of equipment. Raises UnknownEquipment."""
        found = next((item for item in self.store.equipment() if item.id == equipment_id), None)
        if found is None:
            raise UnknownEquipment(f"there is no equipment {equipment_id}")
        return found

    def work_units(self) -> list[Equipment]:
        """The machines and places where operations are done."""
        return [item for item in self.store.equipment() if item.level is Level.WORK_UNIT]

    def add_tags(self, items: Iterable[Tag]) -> list[Tag]:
        """Add or change tags, known by asset and name, and return them with their numbers in the order given.

        A tag that comes with a number keeps it, so a tag can be renamed without losing its history.
        Raises WrongTag, UnknownEquipment, UnknownTag (a number that is not this organization's).
        """
        wanted = list(items)
        self._check_assets_exist({tag.asset for tag in wanted})
        saved = [self._save_tag(tag) for tag in wanted]
        by_asset: dict[str, list[Tag]] = {}
        for tag in self.store.tags({tag.asset for tag in wanted}):
            by_asset.setdefault(tag.asset, []).append(tag)
        for asset, tags in by_asset.items():
            check_tags(asset, tags)
        return saved

    def _check_assets_exist(self, assets: set[str]) -> None:
        unknown = assets - {item.id for item in self.store.equipment()}
        if unknown:
            raise UnknownEquipment(f"tags can't be added to {', '.join(sorted(unknown))}: there is no such equipment")

    def _save_tag(self, tag: Tag) -> Tag:
        existing = self.store.tag_named(tag.asset, tag.name)
        if existing is None and tag.number:
            existing = self.tag_numbered(tag.number)
        if existing is None:
            return replace(tag, number=self.store.add_tag(tag))
        numbered = replace(tag, number=existing.number)
        if numbered != existing:
            self.store.update_tag(numbered)
        return numbered

    def tags(self, asset: str | None = None) -> list[Tag]:
        """The tags of an asset, or of all."""
        return self.store.tags(None if asset is None else [asset])

    def tags_of(self, assets: Iterable[str]) -> list[Tag]:
        """The tags of several assets."""
        return self.store.tags(assets)

    def tag(self, path: str) -> Tag:
        """The tag with a path such as `paint-1/temperature`. Raises UnknownTag."""
        asset, _, name = path.partition("/")
        found = self.store.tag_named(asset, name)
        if found is None:
            raise UnknownTag(f"there is no tag {path}")
        return found

    def tag_numbered(self, number: int) -> Tag:
        """The tag with a number. Raises UnknownTag."""
        found = self.store.tags_numbered([number])
        if not found:
            raise UnknownTag(f"there is no tag number {number}")
        return found[0]

    def tags_numbered(self, numbers: Iterable[int]) -> dict[int, Tag]:
        """The tags with these numbers; numbers that are not this organization's are left out."""
        return {tag.number: tag for tag in self.store.tags_numbered(numbers)}

    def add_parts(self, items: Iterable[Part]) -> None:
        """Add or change kinds of material."""
        self.store.save_parts(items, set(self.parts()))

    def parts(self) -> dict[str, Part]:
        """All parts by id."""
        return {part.id: part for part in self.store.parts()}

    def receive(
        self,
        part: str,
        quantity: float,
        *,
        supplier: str | None = None,
        lot: str | None = None,
        at: datetime | None = None,
    ) -> Lot:
        """Book an arrival as a lot. With a lot id it may be repeated: the second time changes nothing.

        Raises UnknownPart, WrongQuantity, LotExists (the id is taken by another part or quantity).
        """
        counted = thousandths(quantity)
        self._check_known([part])
        known = None if lot is None else self.store.lot(lot)
        if known is not None:
            if (known.part, thousandths(known.quantity)) != (part, counted):
                raise LotExists(f"lot {known.id} is {known.quantity:g} of {known.part}, not {quantity:g} of {part}")
            return known
        received_at = at or self.clock()
        exact = quantity_of(counted)
        arrived = Lot(lot or self._next_lot(part, received_at), part, exact, received_at, supplier, exact)
        self.store.add_lot(arrived, counted)
        return arrived

    def _next_lot(self, part: str, at: datetime) -> str:
        number = 1 + self.store.lot_count(part, material_lot(part, at.date(), 0)[:-2])
        while self.store.lot(material_lot(part, at.date(), number)) is not None:
            number += 1
        return material_lot(part, at.date(), number)

    def on_hand(self) -> dict[str, float]:
        """How much of every part is in stock."""
        return {part: quantity_of(counted) for part, counted in self.store.on_hand().items()}

    def take(self, part: str, quantity: float) -> list[Taken]:
        """Take material out of stock, the oldest lot first: all of it or nothing.

        Raises NotEnough, UnknownPart, WrongQuantity.
        """
        return self.take_all({part: quantity})

    def take_all(self, quantities: Mapping[str, float]) -> list[Taken]:
        """Take quantities of several parts, of each the oldest lot first: all of it or nothing.

        Raises NotEnough (for the first part that is short), UnknownPart, WrongQuantity.
        """
        wanted = {part: thousandths(quantity) for part, quantity in quantities.items()}
        left = self.store.left(wanted)
        if wanted.keys() - left.keys():
            self._check_known(wanted)
        shares = {part: oldest_first(part, counted, left.get(part, [])) for part, counted in wanted.items()}
        self.store.take(share for found in shares.values() for share in found)
        return [Taken(part, each.lot, quantity_of(each.counted)) for part, found in shares.items() for each in found]

    def _check_known(self, parts: Iterable[str]) -> None:
        unknown = sorted(set(parts) - self.parts().keys())
        if unknown:
            raise UnknownPart(f"there is no part {', '.join(unknown)}")

    def lots(self, part: str | None = None) -> list[Lot]:
        """The lots of a part (or of all) in the order of arrival, the used up ones too."""
        return self.store.lots(part)

    def lots_named(self, ids: Iterable[str]) -> dict[str, Lot]:
        """Some lots by id; ids that are not known are left out."""
        return {lot.id: lot for lot in self.store.lots_named(ids)}

    def lot(self, lot_id: str) -> Lot:
        """One lot. Raises UnknownLot."""
        found = self.store.lot(lot_id)
        if found is None:
            raise UnknownLot(f"there is no lot {lot_id}")
        return found

    def next_number(self, series: str) -> int:
        """The next number of a series of this organization, from 1, without gaps: for numbers that people read."""
        return self.store.next_number(series)
