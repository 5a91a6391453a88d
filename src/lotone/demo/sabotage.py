"""Kill -9 of every process in turn during a run: what was acknowledged must be neither lost nor doubled."""

import os
import signal
from itertools import cycle

from lotone.demo.run import Demo

PROCESSES = ("web", "recorder", "planner", "message server")
FIRST, LAST = 0.08, 0.85
"""Kills begin when the first orders are placed, and end early enough for everything to be counted in calm."""


class Saboteur:
    """Kills each of the four kinds of processes (all web processes at once) and one machine, in `rounds` rounds spread over
    the run; machines take turns."""

    def __init__(self, rounds: int) -> None:
        machines = cycle(["machine paint-1", "machine frame-1", "machine oven-1", "machine asm-1", "machine test-1"])
        victims = [victim for _ in range(rounds) for victim in (*PROCESSES, next(machines))]
        step = (LAST - FIRST) / max(len(victims), 1)
        self.due = [(FIRST + place * step, victim) for place, victim in enumerate(victims)]
        self.killed: list[str] = []

    def __call__(self, demo: Demo, part: float) -> None:
        """Kill what is due when this part of the run has passed."""
        while self.due and part >= self.due[0][0]:
            _, victim = self.due.pop(0)
            programs = demo.installation.supervisor.programs
            processes = [programs[name].process for name in programs if name == victim or name.startswith(f"{victim}-")]
            alive = [process for process in processes if process is not None and process.poll() is None]
            for process in alive:
                os.kill(process.pid, signal.SIGKILL)
            if alive:
                self.killed.append(victim)
                demo.said(f"killed {victim}")
