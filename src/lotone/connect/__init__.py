"""Machines in, commands out: drivers turn protocols into samples, and writes into what each machine understands.

MQTT machines (Sparkplug B, plain telemetry) publish to the message server; our own drivers (OPC UA, Modbus) and HTTP pushes
put batches into the same durable stream. In the recorder process the `Intake` turns the stream into samples and
acknowledges what is recorded, and the `Gateway` runs the drivers; any process writes to machines with a `Writer` and hands
on pushed data with a `Pusher`. `ConnectService` keeps which machine is reached how. What can't be taken is kept in the
quarantine, never dropped.
"""

from lotone.connect.directory import Load, Plan
from lotone.connect.drivers.sparkplug_state import MqttDoor
from lotone.connect.facts import (
    ConnectionAdded,
    ConnectionChanged,
    ConnectionLost,
    ConnectionRemoved,
    ConnectionRestored,
)
from lotone.connect.gateway import Gateway, UnknownTag, WrongWrite
from lotone.connect.intake import Intake
from lotone.connect.model import (
    MARK,
    Batch,
    Connection,
    ConnectionExists,
    ConnectionState,
    Deliver,
    Driver,
    DriverKind,
    Found,
    MachineUser,
    Misfit,
    Node,
    NotConnected,
    NotWritable,
    Quarantined,
    Reading,
    Status,
    Surroundings,
    UnknownConnection,
    Way,
    WriteRefused,
    WrongConnection,
    WrongPush,
    machine_user,
    other_drivers,
)
from lotone.connect.probe import probe
from lotone.connect.server import ProgramMissing, ServerConfig, prepare, reload, server_program
from lotone.connect.service import ConnectService
from lotone.connect.store import Birth, Store
from lotone.connect.streams import INGEST, prepare_streams
from lotone.connect.taking import Record, Recorded
from lotone.connect.writer import NotTaken, Pusher, Writer

__all__ = [
    "INGEST",
    "MARK",
    "Batch",
    "Birth",
    "ConnectService",
    "Connection",
    "ConnectionAdded",
    "ConnectionChanged",
    "ConnectionExists",
    "ConnectionLost",
    "ConnectionRemoved",
    "ConnectionRestored",
    "ConnectionState",
    "Deliver",
    "Driver",
    "DriverKind",
    "Found",
    "Gateway",
    "Intake",
    "Load",
    "MachineUser",
    "Misfit",
    "MqttDoor",
    "Node",
    "NotConnected",
    "NotTaken",
    "NotWritable",
    "Plan",
    "ProgramMissing",
    "Pusher",
    "Quarantined",
    "Reading",
    "Record",
    "Recorded",
    "ServerConfig",
    "Status",
    "Store",
    "Surroundings",
    "UnknownConnection",
    "UnknownTag",
    "Way",
    "WriteRefused",
    "Writer",
    "WrongConnection",
    "WrongPush",
    "WrongWrite",
    "machine_user",
    "other_drivers",
    "prepare",
    "prepare_streams",
    "probe",
    "reload",
    "server_program",
]
