"""Samples kept and read back: durable when `append` returns, each sample once, corrections visible, raw or in buckets.

`Historian` owns a folder of sorted Parquet files with a DuckLake catalog (DuckDB); `HistorianClient` answers the same
questions in other processes, over messages, once `serve` was called beside the owner. The files are open: whatever reads
Parquet or DuckLake can read them while LotOne is stopped, or from a copy.
"""

from lotone.historian.client import HistorianClient
from lotone.historian.model import (
    Appended,
    Buckets,
    Compacted,
    HistorianDown,
    HistorianTaken,
    Points,
    Series,
    WrongRange,
    WrongSample,
)
from lotone.historian.serve import serve
from lotone.historian.service import Historian

__all__ = [
    "Appended",
    "Buckets",
    "Compacted",
    "Historian",
    "HistorianClient",
    "HistorianDown",
    "HistorianTaken",
    "Points",
    "Series",
    "WrongRange",
    "WrongSample",
    "serve",
]
