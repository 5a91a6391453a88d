"""Batches on their way to the recorder: how drivers and pushes put them into the stream, and how they are read back."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import orjson

from lotone.assets import BAD, Sample, Value
from lotone.connect.directory import Directory
from lotone.connect.drivers.telemetry import QUALITY_MAX, Unreadable, readings_of
from lotone.connect.model import (
    AHEAD_MAX,
    EARLIEST,
    NOTHING_YET,
    PAYLOAD_BYTES_MAX,
    Batch,
    Reading,
    Status,
    Way,
    WrongPush,
    misfit_words,
    time_fault,
)
from lotone.connect.streams import Heard
from lotone.connect.taking import Taking
from lotone.kernel import Words

READINGS_MAX = 5_000
"""Readings in one message."""
SEQUENCE_MAX = 2**31 - 1
TEXT_BYTES_MAX = 512 * 1024
AHEAD = AHEAD_MAX // timedelta(microseconds=1)


def messages_of(batch: Batch) -> Iterator[bytes]:
    """The batch as payloads for the stream, each below the limit."""
    for start in range(0, len(batch.readings), READINGS_MAX):
        yield from _packed(batch.readings[start : start + READINGS_MAX], batch.receive_time)


def _packed(readings: Sequence[Reading], receive_time: int) -> Iterator[bytes]:
    rows = [(one.address, one.source_time, _plain(one.value), one.quality, one.sequence) for one in readings]
    payload = orjson.dumps({"t": receive_time, "r": rows}, option=orjson.OPT_PASSTHROUGH_DATACLASS)
    if len(payload) <= TEXT_BYTES_MAX or len(readings) == 1:
        yield payload
        return
    half = len(readings) // 2
    yield from _packed(readings[:half], receive_time)
    yield from _packed(readings[half:], receive_time)


def _plain(value: Any) -> Any:
    """What JSON can carry; anything else arrives as a structure, which no tag takes, and shows in the quarantine."""
    if isinstance(value, str):
        return value.encode("utf-8", errors="replace").decode()
    if value is None or isinstance(value, bool | float) or (isinstance(value, int) and -(2**63) <= value < 2**64):
        return value
    return {"unsupported": str(value)[:200].encode("utf-8", errors="replace").decode()}


def read_push(organization: str, connection: str, payload: bytes, receive_time: int) -> Batch:
    """A payload pushed over HTTP, `{"time": ..., "values": {"<address>": ...}}` or a list of such. Raises WrongPush."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise WrongPush(
            f"the body has {len(payload)} bytes, at most {PAYLOAD_BYTES_MAX} are taken; send it in parts", where=connection
        )
    try:
        readings = readings_of(payload)
    except Unreadable as fault:
        raise WrongPush(fault.words.en, where=connection) from None
    return Batch(organization, connection, readings, receive_time)


class SamplesReader:
    """Of one organization: batches of drivers and pushes."""

    def __init__(self, directory: Directory, last: dict[int, Value]) -> None:
        self.directory = directory
        self.organization = directory.organization
        self.last = last

    def hear(self, topic: str, levels: list[str], heard: Heard, *, plant_at: int, plant_now: int, taking: Taking) -> None:
        """Take one message; `levels` are samples, organization, connection."""
        connection = levels[2] if len(levels) == 3 else ""
        try:
            batch = orjson.loads(heard.payload)
            receive_time, rows = int(batch["t"]), list(batch["r"])
            readings = [
                (str(address), time, value, int(quality), int(sequence)) for address, time, value, quality, sequence in rows
            ]
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            taking.refuse(self.organization, topic, _NOT_OURS, heard)
            return
        known = self.directory.connections.get(connection)
        if known is None and self.directory.refresh_for_unknown():
            known = self.directory.connections.get(connection)
        if known is None:
            taking.refuse(self.organization, topic, _NO_CONNECTION, heard, count=len(readings))
            return
        if known.protocol in (Way.HTTP, Way.MQTT):
            taking.sign(self.organization, connection, heard.at, Status.CONNECTED, _HEARD)
        else:
            taking.sign(self.organization, connection, heard.at)
        targets = self.directory.targets(connection)
        if any(reading[0] not in targets for reading in readings) and self.directory.refresh_for_unknown():
            targets = self.directory.targets(connection)
        samples = taking.samples_of(self.organization)
        latest = plant_now + AHEAD
        for address, time, value, quality, sequence in readings:
            target = targets.get(address)
            if target is None:
                taking.refuse(self.organization, f"{connection} {address}", _NO_TAG, heard)
                continue
            at = plant_at if time is None else time
            fitted = target.convert(value)
            if fitted is None and value is None and quality >= BAD:
                fitted = self.last.get(target.number, NOTHING_YET[target.data_type])
            if not isinstance(at, int) or not 0 <= quality <= QUALITY_MAX or not 0 <= sequence <= SEQUENCE_MAX:
                taking.refuse(self.organization, topic, _NOT_OURS, heard)
            elif fitted is None or not EARLIEST <= at <= latest:
                reason = time_fault(at, plant_now) or misfit_words(value, target.data_type)
                taking.refuse(self.organization, f"{connection} {target.tag.path}", reason, heard)
            else:
                if quality < BAD:
                    self.last[target.number] = fitted
                samples.append((target.tag, Sample(target.number, at, fitted, quality, sequence, receive_time)))


_NOT_OURS = Words("this is no batch of samples as our own drivers write them", "不是由本平台驱动写入的样本批次")
_NO_CONNECTION = Words("there is no such connection (any more)", "没有此连接（或已删除）")
_NO_TAG = Words(
    "the connection has no tag with this address: add it to record its values", "该连接没有此地址的标签：添加后即可记录其数值"
)
_HEARD = Words("connected: data arrives", "已连接：正在接收数据")
