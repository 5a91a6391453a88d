"""Machines for the conformance suite: one small real server or client per protocol, each on a thread or loop of its own."""

from conformance.peers.broker import BrokerPeer
from conformance.peers.files import FilesPeer
from conformance.peers.machine import ASSET, Peer, machine_tags
from conformance.peers.modbus import ModbusPeer
from conformance.peers.mtconnect import MtConnectPeer
from conformance.peers.opcua import OpcUaPeer
from conformance.peers.push import PushPeer
from conformance.peers.s7 import S7Peer
from conformance.peers.sparkplug import SparkplugPeer
from conformance.peers.telemetry import TelemetryPeer

__all__ = [
    "ASSET",
    "BrokerPeer",
    "FilesPeer",
    "ModbusPeer",
    "MtConnectPeer",
    "OpcUaPeer",
    "Peer",
    "PushPeer",
    "S7Peer",
    "SparkplugPeer",
    "TelemetryPeer",
    "machine_tags",
]
