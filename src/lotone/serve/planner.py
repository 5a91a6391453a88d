"""The planner process: delivers facts to their reactions, keeps the schedule true, sends jobs, improves the plan."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial

import structlog

from lotone import connect, identity, make
from lotone.kernel import LotOneError
from lotone.serve.guarding import guarded
from lotone.serve.improving import Improver
from lotone.serve.installation import message_server, messages_folder
from lotone.serve.process import answer_evenly, say_ready, stop_signal
from lotone.serve.studies import Studies
from lotone.wiring import FACTS, Platform, relay

log = structlog.get_logger(__name__)

TICK_S = 0.25
LEAST_TICK_S = 0.05
"""New facts are acted on at once, but not more often than this."""
WRITERS = 8
"""Machines written to at the same time: one that does not answer must not keep the others waiting."""


class Planner:
    """One process plans for all organizations of the installation."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.relay = relay(platform)
        self.relay.bus.on(
            identity.OrganizationCreated, lambda _work, _fact: admit_machines(platform), name="messages.admit_machines"
        )
        self.wake = threading.Event()
        self.writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="write")
        self.improver = Improver(platform)
        self.tidied: dict[str, date] = {}

    def run(self, stop: threading.Event) -> None:
        self.platform.messages.listen(f"{FACTS}.>", lambda _subject, _payload: self.wake.set())
        improver = threading.Thread(target=self.improver.run, args=(stop,), name="improve", daemon=True)
        improver.start()
        studies = threading.Thread(
            target=Studies(self.platform, self.improver.child.solve).run, args=(stop,), name="studies", daemon=True
        )
        studies.start()
        while not stop.is_set():
            begun = time.monotonic()
            self.wake.clear()
            guarded("facts", self.relay.deliver)
            self.tick()
            stop.wait(max(0.0, LEAST_TICK_S - (time.monotonic() - begun)))
            self.wake.wait(max(0.0, TICK_S - (time.monotonic() - begun)))
        self.writers.shutdown(cancel_futures=True)
        self.improver.child.close()
        improver.join(self.platform.settings.improve_seconds + 5)

    def tick(self) -> None:
        """What must happen by itself as time passes: arrivals, overruns, expired holds, hand-overs, dispatch."""
        for organization in self.platform.organizations():
            guarded("keep true", partial(self._keep_true, organization))
            guarded("dispatch", partial(self._dispatch, organization))
            guarded("tidy", partial(self._tidy, organization))
            guarded("releases", partial(self._releases, organization))

    def _keep_true(self, organization: str) -> None:
        """Look first: a transaction that may write keeps all others waiting, and most of the time nothing is due."""
        now = self.platform.plant()
        with self.platform.look(organization) as work:
            is_late = work.plan.is_behind(now) or work.plan.count_expired() > 0
            is_due = is_late or bool(work.market.due(now) or work.orders.hand_over_due(now))
        if is_due:
            with self.platform.work(organization) as work:
                work.plan.drop_expired()
                work.market.deliver_due(now)
                work.plan.right_shift(now)
                work.orders.hand_over(now)

    def _releases(self, organization: str) -> None:
        """A version whose moment has come is sold by itself; that it is gets told here."""
        with self.platform.look(organization) as work:
            is_due = work.configure.has_news()
        if is_due:
            with self.platform.work(organization) as work:
                work.configure.tell_releases()

    def _tidy(self, organization: str) -> None:
        """Once a plant day: delete counts of shoppers' interest that are older than the organization keeps them."""
        today = self.platform.today()
        if self.tidied.get(organization) == today:
            return
        with self.platform.look(organization) as work:
            is_due = work.interest.has_old()
        if is_due:
            with self.platform.work(organization) as work:
                work.interest.forget_old()
        self.tidied[organization] = today

    def _dispatch(self, organization: str) -> None:
        now = self.platform.plant()
        with self.platform.look(organization) as work:
            is_due = work.make.is_dispatch_due(now)
        if not is_due:
            return
        with self.platform.work(organization) as work:
            releases = work.make.dispatch(now)
        for release in releases:
            self.writers.submit(self._write, organization, release)

    def _write(self, organization: str, release: make.Release) -> None:
        """Send a job to its machine. If the machine can't be reached the release stays unacknowledged: it is sent again."""
        try:
            self.platform.writer.write(organization, release.work_unit, release.values)
        except LotOneError as fault:
            log.warning("dispatch.not_written", work_unit=release.work_unit, job=release.work_order, fault=str(fault))


def admit_machines(platform: Platform) -> None:
    """Machines of a new organization may connect at once: the message server reads its users anew."""
    folder = messages_folder(platform.settings)
    message_server(platform.settings, platform.database).write(folder)
    connect.reload(folder)


def run(platform: Platform) -> None:
    """Plan until asked to stop."""
    with stop_signal() as stop:
        planner = Planner(platform)
        answer_evenly()
        say_ready(platform.settings.run_folder, "planner")
        planner.run(stop)
