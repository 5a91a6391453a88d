"""Compiles the models of products in the background, a few at a time, and keeps what it made in a folder."""

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from threading import BoundedSemaphore, Condition, Event, Thread

import structlog

from lotone.configure.reasoning.artefact import key_of, load, load_or_compile
from lotone.configure.reasoning.circuit import Circuit
from lotone.configure.reasoning.compiling import compile_clauses
from lotone.configure.reasoning.configurator import Configurator
from lotone.configure.reasoning.limits import Limits, NoCompiler, TooHard
from lotone.configure.reasoning.search import CLICK
from lotone.configure.reasoning.small import compile_small

log = structlog.get_logger(__name__)

AT_ONCE = 2
"""Models that one process compiles at once; others wait, and are answered by search meanwhile. So many may be waited for."""
WAITING_MAX = 64
"""Models that wait to be compiled, as many as there are configurators kept. The newest is next, and beyond, the one that waits
for longest stays with its search: drafts of one organization, however many, keep another's product waiting for one turn."""


@dataclass(frozen=True)
class _Job:
    configurator: Configurator
    done: Event = field(default_factory=Event)


class Workshop:
    """Gives configurators their reasoner: at once what is small or stored, else a search until the circuit is compiled.

    Without a folder nothing is stored. The folder is shared by all processes of an installation: each model is compiled once.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.folder: Path | None = None
        self._jobs: deque[_Job] = deque()
        self._news = Condition()
        self._threads = 0
        self._waited_for = BoundedSemaphore(AT_ONCE)

    def furnish(self, configurator: Configurator) -> Event | None:
        """Let a configurator answer at once. What is given back is set when it answers as well as it ever will; None: now."""
        formula = configurator.formula
        if formula.clauses.is_typed:
            configurator.use(formula.typed(CLICK))
            return None
        small = compile_small(formula.all, formula.variables)
        circuit = Circuit(small) if small is not None else self._stored(configurator)
        configurator.use(circuit or formula.search())
        if circuit is not None:
            return None
        job = _Job(configurator)
        with self._news:
            self._jobs.append(job)
            if len(self._jobs) > WAITING_MAX:
                self._jobs.popleft().done.set()
            self._hire()
            self._news.notify()
        return job.done

    def wait(self, done: Event) -> None:
        """Wait until it is compiled, no longer than the limits, and not at all where as many wait as are compiled at once."""
        if self._waited_for.acquire(blocking=False):
            try:
                done.wait(self.limits.seconds)
            finally:
                self._waited_for.release()

    def _stored(self, configurator: Configurator) -> Circuit | None:
        if self.folder is None:
            return None
        key = key_of(configurator.formula.all, configurator.formula.variables)
        return load(self.folder / f"{key}.circuit", key)

    def _hire(self) -> None:
        if self._threads < AT_ONCE:
            self._threads += 1
            Thread(target=self._work, name=f"compile {self._threads}", daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._jobs)
                job = self._jobs.pop()
            try:
                job.configurator.use(self._compiled(job.configurator))
            except (TooHard, NoCompiler) as fault:
                log.info("a model is answered by search", model=job.configurator.model.name, reason=fault.message)
            except Exception:
                log.exception("a model could not be compiled, a search answers", model=job.configurator.model.name)
            finally:
                job.done.set()
                del job

    def _compiled(self, configurator: Configurator) -> Circuit:
        formula = configurator.formula
        if self.folder is None:
            return compile_clauses(formula.all, formula.variables, self.limits)
        self.folder.mkdir(parents=True, exist_ok=True)
        return load_or_compile(self.folder, formula.all, formula.variables, self.limits)
