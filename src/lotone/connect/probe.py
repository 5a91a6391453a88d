"""Trying an address before it is saved as a connection: does something answer, and what does it offer?"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from lotone.connect.drivers import files as folders
from lotone.connect.drivers import mqtt_client, mtconnect, s7
from lotone.connect.drivers.opcua import TROUBLE, browse, open_client, unreachable
from lotone.connect.drivers.sparkplug import nodes_of
from lotone.connect.model import (
    Connection,
    Found,
    NotConnected,
    Way,
    check_connection,
    edge_node_of,
    host_and_port,
    modbus_unit,
    other_drivers,
)
from lotone.connect.store import Birth
from lotone.kernel import Words

PROBE_S = 15.0
TRIAL_ID = "trial"


async def probe(
    protocol: str, address: str, settings: Mapping[str, Any], *, organization: str, files: Path, births: Sequence[Birth] = ()
) -> Found:
    """What is found at an address; `files` is the organization's own folder.

    Raises WrongConnection when it can't be one, NotConnected when nothing answers.
    """
    connection = check_connection(Connection(TRIAL_ID, protocol, address, settings), organization)
    try:
        async with asyncio.timeout(PROBE_S):
            if connection.way is Way.FILES:
                return await folders.probe(connection, files)
            if connection.way is not None:
                return await _PROBES[connection.way](connection, births)
            return await other_drivers()[connection.protocol].probe(connection)
    except TimeoutError:
        raise NotConnected(f"nothing answers at {address} within {PROBE_S:g} s") from None


async def _probe_opcua(connection: Connection, _births: Sequence[Birth]) -> Found:
    client = open_client(connection.address, connection.settings)
    try:
        async with client:
            nodes = await browse(client)
    except TROUBLE as fault:
        raise NotConnected(unreachable(connection.address, fault).en) from None
    return Found(
        Words(f"an OPC UA server with {len(nodes)} variables", f"OPC UA 服务器，共 {len(nodes)} 个变量"), tuple(nodes)
    )


async def _probe_modbus(connection: Connection, _births: Sequence[Birth]) -> Found:
    host, port = host_and_port(connection.address, "modbus", 502)
    client = AsyncModbusTcpClient(host, port=port, timeout=3, retries=0, reconnect_delay=0)
    try:
        if not await client.connect():
            raise NotConnected(f"nothing answers at {host}:{port}; check that the machine is on and in this network")
        answer = await client.read_holding_registers(0, count=1, device_id=modbus_unit(connection.address))
    except (ModbusException, OSError) as fault:
        raise NotConnected(f"something answers at {host}:{port}, but not as a Modbus device: {fault}") from None
    finally:
        client.close()
    if answer.isError() and answer.exception_code in (10, 11):
        raise NotConnected(f"the Modbus device at {host}:{port} has no unit {modbus_unit(connection.address)}")
    return Found(
        Words(
            "a Modbus device; it has no names: take the registers from its manual",
            "Modbus 设备；其数据没有名称：请从设备手册查找寄存器地址",
        )
    )


async def _probe_sparkplug(connection: Connection, births: Sequence[Birth]) -> Found:
    node = edge_node_of(connection)
    known = [birth for birth in births if birth.node == node]
    if not known:
        others = ", ".join(sorted({birth.node for birth in births})) or "none"
        raise NotConnected(f"the edge node {node} has not announced itself yet (those that have: {others})")
    nodes = nodes_of(known)
    words = Words(f"the edge node {node} with {len(nodes)} metrics", f"边缘节点 {node}，共 {len(nodes)} 个指标")
    return Found(words, tuple(nodes))


async def _probe_broker(connection: Connection, _births: Sequence[Birth]) -> Found:
    return await mqtt_client.probe(connection)


async def _probe_agent(connection: Connection, _births: Sequence[Birth]) -> Found:
    return await mtconnect.probe(connection)


async def _probe_s7(connection: Connection, _births: Sequence[Birth]) -> Found:
    return await s7.probe(connection)


async def _probe_passive(_connection: Connection, _births: Sequence[Birth]) -> Found:
    return Found(Words("the machine will come to us: save it and let it send", "设备将主动连接：保存后让设备发送数据即可"))


_PROBES = {
    Way.OPCUA: _probe_opcua,
    Way.MODBUS: _probe_modbus,
    Way.S7: _probe_s7,
    Way.SPARKPLUG: _probe_sparkplug,
    Way.MQTT: _probe_passive,
    Way.HTTP: _probe_passive,
    Way.MQTT_CLIENT: _probe_broker,
    Way.MTCONNECT: _probe_agent,
}
