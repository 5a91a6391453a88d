"""Whatever order samples come in, however often, with compactions and new starts between: the answers are those of a simple
list that keeps everything."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lotone.assets import BAD, GOOD, UNCERTAIN, Sample
from lotone.historian import Historian
from lotone.historian.model import Revision, is_duplicate, valid_revision

START = 1_770_000_000_000_000
SPAN = 40
RUNS = count(1)

samples = st.builds(
    Sample,
    tag=st.integers(1, 3),
    source_time=st.integers(0, SPAN).map(lambda place: START + place * 10_000_000_000),
    value=st.one_of(st.integers(-3, 3), st.floats(-2, 2, width=16), st.booleans(), st.sampled_from(["", "on", "off"])),
    quality=st.sampled_from([GOOD, GOOD, GOOD, UNCERTAIN, BAD]),
    sequence=st.integers(0, 1),
    receive_time=st.integers(0, 5).map(lambda place: START + place),
)
steps = st.lists(
    st.one_of(st.lists(samples, min_size=1, max_size=25), st.sampled_from(["compact", "again", "restart"])), max_size=8
)


class List:
    """The same rules, without an engine."""

    def __init__(self) -> None:
        self.kept: dict[tuple[int, int, int], list[Revision]] = {}

    def append(self, batch: list[Sample]) -> tuple[int, int, int]:
        counts = [0, 0, 0]
        for sample in batch:
            revisions = self.kept.setdefault((sample.tag, sample.source_time, sample.sequence), [])
            kind = 0 if not revisions else 1 if is_duplicate(sample, revisions) else 2
            counts[kind] += 1
            if kind != 1:
                revisions.append(Revision(len(revisions), sample.receive_time, sample.value, sample.quality))
        return counts[0], counts[1], counts[2]

    def read(self, tag: int, start: int, end: int) -> list[Sample]:
        found = sorted(identity for identity in self.kept if identity[0] == tag and start <= identity[1] < end)
        valid = [(identity, valid_revision(self.kept[identity])) for identity in found]
        return [
            Sample(*identity[:2], revision.value, revision.quality, identity[2], revision.receive_time)
            for identity, revision in valid
        ]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Historian]]:
    folder = tmp_path_factory.mktemp("historian")
    held = [Historian(folder, memory_mb=256)]
    yield held
    held[0].close()


@given(steps=steps)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_the_historian_answers_as_a_list_would(box: list[Historian], steps: list[list[Sample] | str]) -> None:
    run = next(RUNS)
    organization, first_tag = f"run-{run}", run * 10
    simple, batch = List(), [Sample(first_tag, START, 1)]
    for step in steps:
        if step == "compact":
            box[0].compact()
        elif step == "restart":
            folder: Path = box[0].folder
            box[0].close()
            box[0] = Historian(folder, memory_mb=256)
        else:
            batch = batch if isinstance(step, str) else [_of_run(sample, first_tag) for sample in step]
            did = box[0].append(organization, batch)
            assert (did.new, did.duplicate, did.corrected) == simple.append(batch)
    _compare(box[0], organization, simple, [first_tag + place for place in (1, 2, 3)])


def _of_run(sample: Sample, first_tag: int) -> Sample:
    return Sample(first_tag + sample.tag, *(getattr(sample, name) for name in Sample.__slots__[1:]))


def _compare(historian: Historian, organization: str, simple: List, tags: list[int]) -> None:
    for start, end in ((START, START + 10**12), (START + 50_000_000_000, START + 250_000_000_000)):
        series = historian.read(organization, tags, start, end)
        buckets = historian.read(organization, tags, start, end, buckets=4).buckets
        for tag in tags:
            expected = simple.read(tag, start, end)
            assert [_exact(sample) for sample in series.points[tag].samples(tag)] == [_exact(sample) for sample in expected]
            assert sum(buckets[tag].count) == len(expected)
    newest = {tag: simple.read(tag, 0, START + 10**12)[-1:] for tag in tags}
    assert historian.last(organization, tags) == {tag: found[0] for tag, found in newest.items() if found}
    assert historian.count(organization) == len(simple.kept)


def _exact(sample: Sample) -> tuple[object, ...]:
    """Booleans, integers and numbers are equal to Python; here they are not."""
    return (type(sample.value), *(getattr(sample, name) for name in Sample.__slots__))
