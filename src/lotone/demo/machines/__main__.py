"""`python -m lotone.demo.machines --machine paint-1 --spec FILE.json`: one machine, until it is told to end."""

import argparse
import importlib
import logging
import os
import sys
from pathlib import Path

from lotone.demo.machines.files import read_specs
from lotone.demo.machines.model import SpecFault
from lotone.demo.machines.recording import RecordingFault

GIVES_WAY = 5
"""Steps of priority down: real machines do not run on the platform's computer, so simulated ones take what it leaves."""
PROTOCOLS = {name: f"lotone.demo.machines.{name}" for name in ("sparkplug", "opcua", "modbus")}
"""A machine loads the protocol that it speaks and no other: twelve of them share a small computer."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lotone.demo.machines", description="A simulated machine.")
    parser.add_argument("--spec", required=True, type=Path, help="JSON file with the machine's description, or with several")
    parser.add_argument("--machine", required=True, help="which machine of the file to be")
    chosen = parser.parse_args()
    if sys.platform != "win32":
        os.nice(GIVES_WAY)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("lotone.machine").setLevel(logging.INFO)
    try:
        specs = read_specs(chosen.spec)
        if chosen.machine not in specs:
            raise SpecFault(f"{chosen.spec} describes {', '.join(specs)}, but no {chosen.machine}")
        spec = specs[chosen.machine]
        if spec.protocol not in PROTOCOLS:
            raise SpecFault(f"machine {spec.machine}: no protocol {spec.protocol}, only {', '.join(PROTOCOLS)}")
        importlib.import_module(PROTOCOLS[spec.protocol]).run(spec)
    except (SpecFault, RecordingFault, OSError) as fault:
        print(fault, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
