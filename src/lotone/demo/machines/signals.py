"""Sensor signals that make physical sense: each kind of quantity has its own levels, pace and noise."""

import math
import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lotone.demo.machines.model import DataType, Meaning, State, TagSpec, Value


@dataclass(frozen=True)
class Kind:
    """A kind of quantity. Levels are parts of the tag's range; it settles to them exponentially (time constant in plant
    seconds); noise is a part of the range; `grows` is what an hour of running without repair adds to the running level."""

    words: tuple[str, ...]
    units: tuple[str, ...]
    idle: float
    running: float
    down: float
    settles_s: float
    noise: float
    grows: float = 0.0
    span: tuple[float, float] = (0.0, 100.0)
    """The range of tags that name none."""


KINDS = (
    Kind(("weld", "charge"), (), 0.0, 0.60, 0.0, 2, 0.015, 0.0, (0, 100)),
    Kind(("vibration", "acceleration"), ("mm/s", "g", "m/s2", "m/s²"), 0.03, 0.35, 0.01, 5, 0.012, 0.01, (0, 10)),
    Kind(("temperature", "temp", "thermo"), ("°C", "C", "K", "degC"), 0.12, 0.72, 0.10, 480, 0.002, 0.0, (10, 120)),
    Kind(("pressure", "vacuum"), ("bar", "mbar", "kPa", "Pa", "hPa"), 0.15, 0.65, 0.02, 20, 0.006, 0.0, (0, 10)),
    Kind(("power",), ("kW", "W"), 0.05, 0.60, 0.02, 4, 0.010, 0.0, (0, 10)),
    Kind(("current",), ("A", "mA"), 0.05, 0.55, 0.01, 4, 0.012, 0.001, (0, 50)),
    Kind(("voltage",), ("V", "mV", "kV"), 0.50, 0.48, 0.50, 2, 0.004, 0.0, (0, 400)),
    Kind(("speed", "revolutions"), ("rpm", "1/min", "m/min", "km/h", "Hz"), 0.0, 0.70, 0.0, 6, 0.004, 0.0, (0, 3000)),
    Kind(("flow",), ("l/min", "m3/h", "m³/h", "ml/min", "g/min"), 0.0, 0.60, 0.0, 6, 0.010, 0.0, (0, 100)),
    Kind(("torque",), ("Nm", "N m", "N·m"), 0.0, 0.55, 0.0, 3, 0.015, 0.001, (0, 100)),
    Kind(("force", "tension"), ("N", "kN"), 0.02, 0.55, 0.0, 3, 0.012, 0.0, (0, 1000)),
    Kind(("humidity",), ("%rH", "%RH", "rH"), 0.45, 0.40, 0.46, 900, 0.003, 0.0, (0, 100)),
    Kind(("level", "fill"), (), 0.70, 0.60, 0.70, 1800, 0.002, 0.0, (0, 100)),
    Kind((), (), 0.10, 0.60, 0.05, 30, 0.008, 0.0, (0, 100)),
)
"""The last one is for everything else."""

FAULT_WORDS = {"fault", "stop", "alarm", "error", "reason", "code"}


def words_of(name: str) -> set[str]:
    return {word for word in re.split(r"[^a-z0-9]+", name.lower()) if word}


def kind_of(tag: TagSpec) -> Kind:
    """By the tag's name first (a torque in N m is no energy), then by its unit."""
    words = words_of(tag.name)
    by_name = next((kind for kind in KINDS if any(word.startswith(known) for known in kind.words for word in words)), None)
    return by_name or next((kind for kind in KINDS if tag.unit and tag.unit in kind.units), KINDS[-1])


def span_of(tag: TagSpec) -> tuple[float, float]:
    low, high = kind_of(tag).span
    return (low if tag.low is None else tag.low, high if tag.high is None else tag.high)


def rounded(tag: TagSpec, value: float) -> float | int:
    """The value as the sensor can say it: within its range, on its resolution."""
    low, high = tag.low, tag.high
    if low is not None:
        value = max(value, low)
    if high is not None:
        value = min(value, high)
    if tag.data_type == DataType.INTEGER:
        return round(value)
    if not tag.resolution:
        return round(value, 6)
    digits = max(0, math.ceil(-math.log10(tag.resolution) - 1e-9)) + 2
    return round(round(value / tag.resolution) * tag.resolution, digits)


@dataclass
class Sensor:
    """One sensor of the machine with the parameter that is its set point, where there is one."""

    tag: TagSpec
    kind: Kind
    low: float
    high: float
    set_point: str | None = None

    def target(self, state: State, *, used: Mapping[str, Value], load: float, wear_hours: float) -> float:
        """Where the signal settles in this state."""
        span = self.high - self.low
        if state == State.RUNNING:
            wanted = used.get(self.set_point) if self.set_point else None
            if isinstance(wanted, int | float) and not isinstance(wanted, bool):
                return min(max(float(wanted), self.low), self.high)
            part = self.kind.running * load + min(self.kind.grows * wear_hours, 0.35)
            return self.low + span * min(part, 0.97)
        return self.low + span * (self.kind.down if state in (State.DOWN, State.STOPPED) else self.kind.idle)

    def settled(self, level: float, target: float, seconds: float) -> float:
        return target + (level - target) * math.exp(-seconds / self.kind.settles_s)

    def noisy(self, level: float, state: State, chance: random.Random) -> float:
        part = self.kind.noise * (1.0 if state == State.RUNNING else 0.4)
        return level + chance.gauss(0.0, part * (self.high - self.low))


def sensors_of(tags: Iterable[TagSpec]) -> list[Sensor]:
    """The numeric sensors. A sensor's set point is the parameter with the same unit and a word of its name."""
    tags = list(tags)
    parameters = [tag for tag in tags if tag.meaning == Meaning.PARAMETER and tag.unit]
    sensors = []
    for tag in tags:
        if tag.meaning != Meaning.SENSOR or tag.data_type not in (DataType.NUMBER, DataType.INTEGER) or is_fault(tag):
            continue
        words = words_of(tag.name)
        wanted = (each.name for each in parameters if each.unit == tag.unit and words & words_of(each.name))
        sensors.append(Sensor(tag, kind_of(tag), *span_of(tag), set_point=next(wanted, None)))
    return sensors


def is_fault(tag: TagSpec) -> bool:
    """Whether the tag says why the machine is down."""
    return tag.meaning == Meaning.SENSOR and tag.data_type != DataType.NUMBER and bool(words_of(tag.name) & FAULT_WORDS)


def measured(tag: TagSpec, chance: random.Random) -> Value:
    """A good result of a check: within the tag's limits, most often near their middle."""
    if tag.data_type == DataType.BOOLEAN:
        return True
    if tag.data_type == DataType.TEXT:
        return "ok"
    low = tag.low if tag.low is not None else min(0.0, (tag.high or 0.0) - 1.0)
    high = tag.high if tag.high is not None else low + max(1.0, abs(low) / 4)
    value = chance.gauss((low + high) / 2, (high - low) / 10)
    margin = (high - low) * 0.05
    return rounded(tag, min(max(value, low + margin), high - margin))
