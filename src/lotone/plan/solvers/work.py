"""The process behind `child.Child`: `python -m lotone.plan.solvers.work`."""

import os
import signal
import sys

from lotone.plan.solvers.child import own_output, serve
from lotone.plan.solvers.rounds import repair, solve


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who asks: he closes our input
    serve(sys.stdin.buffer, own_output(), {"solve": solve, "repair": repair})
    os._exit(0)  # what still searches is no longer wanted


if __name__ == "__main__":
    main()
