"""The simulated factory: machines in processes of their own, reached only over the protocols that real machines speak.

They stand for foreign devices, so they share nothing with the platform but the protocols: no database, no code of the
capabilities, and each process loads only the protocol that it speaks. To run one:
`python -m lotone.demo.machines --machine paint-1 --spec FILE.json`.
"""

from lotone.demo.machines.files import read_specs, write_specs
from lotone.demo.machines.journal import count_published
from lotone.demo.machines.model import (
    Behaviour,
    Broker,
    MachineSpec,
    PlantTime,
    Recording,
    SpecFault,
    Stop,
    TagSpec,
    machine_specs,
)
from lotone.demo.machines.reach import is_reachable
from lotone.demo.machines.station import hush

__all__ = [
    "Behaviour",
    "Broker",
    "MachineSpec",
    "PlantTime",
    "Recording",
    "SpecFault",
    "Stop",
    "TagSpec",
    "count_published",
    "hush",
    "is_reachable",
    "machine_specs",
    "read_specs",
    "write_specs",
]
