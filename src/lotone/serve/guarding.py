"""Steps of the planner that must not end it."""

from collections.abc import Callable

import structlog

from lotone.kernel import LotOneError

log = structlog.get_logger(__name__)


def guarded(what: str, act: Callable[[], object]) -> None:
    """One organization's or one step's trouble is logged and tried again at the next tick; the planner goes on."""
    try:
        act()
    except LotOneError as fault:
        log.warning("planner.trouble", step=what, fault=str(fault))
    except Exception:
        log.exception("planner.failed", step=what)
