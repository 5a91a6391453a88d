"""The owner answers the historian's questions for other processes, on `historian.<verb>`."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import orjson

from lotone.historian import wire
from lotone.historian.service import Historian
from lotone.kernel import Messages

READERS = 4
"""Questions answered at the same time."""


def serve(messages: Messages, historian: Historian) -> None:
    """Answer `read`, `last`, `count` and `increase` from now on, on threads of their own."""
    threads = ThreadPoolExecutor(READERS, thread_name_prefix="historian")

    def bytes_max() -> int:
        return min(wire.BYTES_MAX, messages.client.max_payload - 1024)

    def read(payload: bytes) -> bytes:
        question = wire.question_from(payload, ("organization", "tags", "start", "end", "origin", "width", "limit"))
        return wire.answer_to_bytes(historian.answer(**question), bytes_max())

    def last(payload: bytes) -> bytes:
        question = wire.question_from(payload, ("organization", "tags"))
        return wire.samples_to_bytes(**question, samples=historian.last(**question), bytes_max=bytes_max())

    def count(payload: bytes) -> bytes:
        return orjson.dumps(historian.count(**wire.question_from(payload, ("organization", "tags", "sequence_max"))))

    def increase(payload: bytes) -> bytes:
        grown = historian.increase(**wire.question_from(payload, ("organization", "tags", "start", "end")))
        return orjson.dumps([[tag, amount] for tag, amount in grown.items()])

    def answer(verb: str, act: Callable[[bytes], bytes]) -> None:
        async def handle(_subject: str, payload: bytes) -> bytes:
            return await asyncio.get_running_loop().run_in_executor(threads, act, payload)

        messages.serve(f"{wire.SUBJECT}.{verb}", handle)

    for act in (read, last, count, increase):
        answer(act.__name__, act)
