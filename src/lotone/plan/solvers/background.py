"""Long calculations that leave the processor to whoever waits for an answer."""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Result = TypeVar("Result")
NICE = 10
"""Ten steps down: a fraction of a busy processor, all of an idle one."""


def in_background(calculate: Callable[[], Result]) -> Result:
    """What `calculate` gives or raises, made on a thread of low priority, with those it starts.

    Only Linux has priorities of threads; elsewhere it runs as any other. Fit for native code: Python code of low priority
    would keep the interpreter's lock for too long.
    """
    future: Future[Result] = Future()

    def run() -> None:
        try:
            if sys.platform == "linux":
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
            future.set_result(calculate())
        except BaseException as fault:
            future.set_exception(fault)

    threading.Thread(target=run, name="background", daemon=True).start()
    return future.result()
