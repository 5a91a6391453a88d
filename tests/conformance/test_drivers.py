"""The drivers that ship, against real peers of their protocols."""

import pytest

from conformance.driver_suite import DriverSuite
from conformance.peers import (
    BrokerPeer,
    FilesPeer,
    ModbusPeer,
    MtConnectPeer,
    OpcUaPeer,
    PushPeer,
    S7Peer,
    SparkplugPeer,
    TelemetryPeer,
)

pytestmark = pytest.mark.journey


class TestSparkplug(DriverSuite):
    peer_class = SparkplugPeer


class TestTelemetry(DriverSuite):
    peer_class = TelemetryPeer


class TestPush(DriverSuite):
    peer_class = PushPeer


class TestOpcUa(DriverSuite):
    peer_class = OpcUaPeer


class TestModbus(DriverSuite):
    peer_class = ModbusPeer


class TestS7(DriverSuite):
    peer_class = S7Peer


class TestMqttClient(DriverSuite):
    peer_class = BrokerPeer


class TestMtConnect(DriverSuite):
    peer_class = MtConnectPeer


class TestFiles(DriverSuite):
    peer_class = FilesPeer
