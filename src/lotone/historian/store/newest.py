"""The newest sample of every tag, in memory; kept in a small file so that a start need not search the whole store."""

import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import structlog

from lotone.assets import Sample
from lotone.historian.store.columns import SCHEMA, Batch, samples_of
from lotone.historian.store.folder import write_durably

log = structlog.get_logger(__name__)
FILE = "newest.arrow"


class Newest:
    """The newest valid sample of every tag, by source time and sequence."""

    def __init__(self) -> None:
        self._samples: dict[str, dict[int, Sample]] = {}

    def of(self, organization: str) -> Mapping[int, Sample]:
        return self._samples.get(organization, {})

    def absorb(self, organization: str, samples: Iterable[Sample]) -> None:
        """Take over samples that are newer than what is known, or the valid correction of it."""
        known = self._samples.setdefault(organization, {})
        for sample in samples:
            current = known.get(sample.tag)
            if current is None or _order(sample) >= _order(current):
                known[sample.tag] = sample

    def absorb_table(self, table: pa.Table) -> None:
        for organization, sample in zip(table.column("organization").to_pylist(), samples_of(table), strict=True):
            self.absorb(organization, [sample])

    def table(self) -> pa.Table:
        tables = [_rows(name, list(tags.values())) for name, tags in self._samples.items()]
        return pa.concat_tables([SCHEMA.empty_table(), *tables])


def _order(sample: Sample) -> tuple[int, int, int]:
    return sample.source_time, sample.sequence, sample.receive_time


def _rows(organization: str, samples: Sequence[Sample]) -> pa.Table:
    rows = np.arange(len(samples))
    return Batch(organization, samples).table(rows, np.zeros(len(samples), "i8"))


def save_newest(folder: Path, newest: Newest, snapshot: int) -> None:
    """Keep what is newest as of a snapshot of the store."""
    table = newest.table().replace_schema_metadata({"snapshot": str(snapshot)})
    with pa.BufferOutputStream() as sink:
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        write_durably(folder / FILE, sink.getvalue().to_pybytes())


def load_newest(folder: Path, snapshot: int) -> tuple[Newest, int]:
    """What was newest, and as of which snapshot: nothing, as of -1, if the file does not fit a store that is at `snapshot`."""
    newest = Newest()
    try:
        with pa.ipc.open_stream(folder.joinpath(FILE).read_bytes()) as reader:
            table = reader.read_all()
        as_of = int(table.schema.metadata[b"snapshot"])
        if as_of <= snapshot:
            newest.absorb_table(table)
            return newest, as_of
    except FileNotFoundError:
        pass
    except (pa.ArrowInvalid, KeyError, ValueError, TypeError, struct.error) as fault:
        log.warning("historian.newest_unreadable", file=str(folder / FILE), fault=str(fault))
    return Newest(), -1
