"""Changes from their JSON, each value by its type; what is wrong is named by its field."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import UTC, date, datetime
from typing import Any

from lotone.kernel import Words
from lotone.plan.model.altering.change import KINDS, Change, WrongChange
from lotone.plan.model.demand import Demand


def change_of(values: Mapping[str, Any]) -> Change:
    """A change from its JSON. Raises WrongChange naming the field."""
    cls = KINDS.get(str(values.get("kind", "")))
    if cls is None:
        raise WrongChange(f"{values.get('kind')!r} is no kind of change; take one of {', '.join(sorted(KINDS))}", where="kind")
    known = {each.name: each for each in fields(cls)}
    unknown = sorted(set(values) - set(known) - {"kind"})
    if unknown:
        raise WrongChange(f"a change of kind {cls.kind} has no {', '.join(unknown)}", where=unknown[0])
    read = {name: _read(cls, known[name].type, name, value) for name, value in values.items() if name != "kind"}
    missing = [each for each in known if each not in read and known[each].default is MISSING]
    if missing:
        raise WrongChange(f"a change of kind {cls.kind} needs {', '.join(missing)}", where=missing[0])
    return cls(**read)


def _read(cls: type[Change], wanted: Any, name: str, value: Any) -> Any:
    try:
        return READERS[wanted](value)
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise WrongChange(f"{name} of a change of kind {cls.kind} can't be {value!r}", where=name) from fault


def _moment(value: Any) -> datetime:
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return found.astimezone(UTC)


def _number(value: Any) -> float:
    found = float(value)
    if not abs(found) < 1e12:
        raise ValueError("not a number")
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 200:
        raise ValueError("not a short text")
    return value


READERS: dict[Any, Callable[[Any], Any]] = {
    str: _text,
    float: _number,
    int: int,
    bool: bool,
    datetime: _moment,
    Words: Words.from_dict,
    Demand: Demand.from_json,
    tuple[int, ...]: lambda value: tuple(int(each) for each in value),
    tuple[date, ...]: lambda value: tuple(date.fromisoformat(each) for each in value),
}
"""How the values of a change are read, by their type."""
