"""A reader with some tags, without any server, for tests of what messages mean."""

from collections.abc import Callable
from datetime import UTC, datetime

from lotone.assets import DataType, Meaning, Sample, Tag, microseconds
from lotone.connect import Birth, Connection, Plan
from lotone.connect.model import subject_of
from lotone.connect.reader import Reader
from lotone.connect.streams import Heard
from lotone.connect.taking import Taking
from lotone.kernel import PlantClock, Words

NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
AT = microseconds(NOW)
KINDS = {
    "temperature": DataType.NUMBER,
    "count": DataType.INTEGER,
    "ready": DataType.BOOLEAN,
    "recipe": DataType.TEXT,
}


def tags_of(
    asset: str, connection: str | None, address: Callable[[str], str] = lambda _name: "", *, base: int = 0
) -> list[Tag]:
    return [
        Tag(base + number, asset, name, Words(name), kind, Meaning.SENSOR, connection=connection, address=address(name))
        for number, (name, kind) in enumerate(KINDS.items(), start=1)
    ]


class Bench:
    """Reads messages as the intake would; `plan` and `births` may be changed in between."""

    def __init__(self, *connections: Connection, tags: list[Tag], speed: float = 1.0) -> None:
        self.plan = Plan(tags, list(connections))
        self.births: dict[tuple[str, str], Birth] = {}
        self.clock = PlantClock(NOW, NOW, speed, wall=lambda: NOW)
        self.sequence = 0
        self.restart()

    def restart(self) -> None:
        """A new process with the same database."""
        self.reader = Reader(lambda _organization: self.plan, lambda _organization: list(self.births.values()), self.clock)

    def hear(self, topic: str, payload: bytes, *, at: int = AT) -> Taking:
        self.sequence += 1
        taking = self.reader.read([Heard(subject_of(topic), payload, at, self.sequence)])
        for (_organization, node, device), birth in taking.births.items():
            self.births[node, device] = birth
        assert "could not be read" not in str(taking.refused), "every fault is known by name"
        return taking


def told(taking: Taking, organization: str = "demo") -> dict[str, object]:
    """The values of a taking by tag path."""
    return {tag.path: sample.value for tag, sample in taking.samples.get(organization, [])}


def samples(taking: Taking, path: str, organization: str = "demo") -> list[Sample]:
    return [sample for tag, sample in taking.samples.get(organization, []) if tag.path == path]


def reasons(taking: Taking) -> list[str]:
    return [f"{refused.subject}: {refused.reason}" for refused in taking.refused.values()]
