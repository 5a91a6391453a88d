"""The passport of a unit, put together from everything that is known of it."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from lotone.assets import Meaning, Tag
from lotone.kernel import Money, Unavailable, Words
from lotone.make.model.compare import PartUsed, differences, results_of
from lotone.make.model.passport import BuiltPart, Choice, OperationRecord, Passport, Signal, gaps
from lotone.make.model.unit import UnknownUnit, WorkOrder
from lotone.make.service.floor import Floor


class Passports:
    """Reads only."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.units = floor.store.units

    def passport(self, serial: str) -> Passport:
        """Everything that is known of a unit. Raises UnknownUnit. What can't be read at the moment is named in `missing`."""
        unit = self.units.unit_with_serial(serial)
        if unit is None:
            raise UnknownUnit(f"there is no unit {serial}")
        order = self.floor.orders.order(unit.order)
        product = self.floor.configure.product(unit.product, unit.version)
        work = [each for each in self.units.work_of([unit.id]) if each.started_at is not None]
        tags: dict[str, list[Tag]] = {}
        for tag in self.floor.assets.tags_of(each.work_unit for each in work if each.work_unit):
            tags.setdefault(tag.asset, []).append(tag)
        names = {item.id: item.words for item in self.floor.assets.equipment()}
        used = self.units.parts_in(unit.id)
        features = self.floor.configure.configurator(unit.product, unit.version).model.features
        chosen = [feature for feature in unit.configuration if not features[feature].abstract]
        choices = tuple(Choice(feature, product.words_of(feature)) for feature in chosen)
        records = tuple(self._record(each, tags.get(each.work_unit or "", []), names) for each in work)
        return Passport(
            unit=unit,
            product_words=product.words,
            order_number=order.number,
            placed_at=order.placed_at,
            choices=choices,
            price=Money(order.price.cents // order.quantity, order.price.currency),
            first_promised=order.first_promised,
            promised=order.promised,
            promise_history=tuple(self.floor.orders.history(order.id)),
            delivered_at=order.delivered_at,
            kept=order.kept,
            parts=tuple(self._built(used)),
            operations=records,
            differences=tuple(differences(unit.demand, used, work, _resolutions(tags))),
            missing=tuple(gaps(unit, choices, records)),
        )

    def _built(self, used: list[PartUsed]) -> Iterable[BuiltPart]:
        parts = self.floor.assets.parts()
        lots = self.floor.assets.lots_named(each.lot for each in used)
        suppliers = {supplier.id: supplier.words for supplier in self.floor.market.suppliers()}
        for each in used:
            part, lot = parts[each.part], lots[each.lot]
            yield BuiltPart(
                part=each.part,
                words=part.words,
                quantity=each.quantity,
                measure=part.unit,
                step=each.step,
                lot=each.lot,
                supplier=lot.supplier,
                supplier_words=suppliers.get(lot.supplier or ""),
                received_at=lot.received_at,
            )

    def _record(self, work: WorkOrder, tags: list[Tag], names: Mapping[str, Words]) -> OperationRecord:
        sensors = [tag for tag in tags if tag.meaning is Meaning.SENSOR]
        return OperationRecord(
            work=work,
            work_unit_words=names.get(work.work_unit or "", Words(work.work_unit or "")),
            checks=results_of(work),
            signals=self._signals(work, sensors),
            has_sensors=bool(sensors),
            parameter_units={tag.name: tag.unit for tag in tags if tag.meaning is Meaning.PARAMETER},
        )

    def _signals(self, work: WorkOrder, sensors: list[Tag]) -> tuple[Signal, ...] | None:
        if not sensors or work.work_unit is None or work.started_at is None:
            return ()
        end: datetime = work.ended_at or self.floor.clock()
        try:
            measured = self.floor.signals(work.work_unit, work.started_at, end)
        except Unavailable:
            return None
        return tuple(
            Signal(tag.name, tag.words, tag.unit, found.count, found.low, found.high, found.mean)
            for tag in sensors
            if (found := measured.get(tag.name)) is not None
        )


def _resolutions(tags: Mapping[str, list[Tag]]) -> dict[tuple[str, str], float]:
    return {(asset, tag.name): tag.resolution for asset, own in tags.items() for tag in own if tag.resolution is not None}
