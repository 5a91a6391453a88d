"""What has to be entered on machines that come to us: host, port, user and password of the message server, HTTP addresses."""

import json
from urllib.parse import urlsplit

from fastapi import Request

from lotone.connect import MachineUser, Way, machine_user
from lotone.identity import Actor, may
from lotone.kernel import Settings
from lotone.web.access import platform_of
from lotone.wiring import Work

LOOPBACK = ("127.0.0.1", "localhost", "::1")
ANYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not bound to
SCHEMES = {
    Way.OPCUA: ("opc.tcp", 4840),
    Way.MODBUS: ("modbus", 502),
    Way.S7: ("s7", 102),
    Way.MQTT_CLIENT: ("mqtt", 1883),
    Way.MTCONNECT: ("http", 5000),
}
TLS_SCHEMES = {Way.MQTT_CLIENT: ("mqtts", 8883)}


def mqtt_user(request: Request, work: Work, actor: Actor) -> MachineUser | None:
    """For those who may change connections; None for others, and while the message server's port is not known."""
    settings = platform_of(request).settings
    port = mqtt_port(settings)
    if port == 0 or not may(actor, "connect.write"):
        return None
    host = request.url.hostname or settings.mqtt_host if settings.mqtt_host in ANYWHERE else settings.mqtt_host
    return machine_user(actor.organization, work.identity.machine_password(), host=host or "", port=port)


def mqtt_port(settings: Settings) -> int:
    """The port of the MQTT listener: as set, else as chosen when this installation was started; 0 is unknown."""
    if settings.mqtt_port:
        return settings.mqtt_port
    try:
        return int(json.loads((settings.run_folder / "ports.json").read_text(encoding="utf-8"))["mqtt"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def is_only_here(settings: Settings) -> bool:
    """Whether only programs on this computer reach the MQTT listener."""
    return settings.mqtt_host in LOOPBACK


def push_address(request: Request, connection: str) -> str:
    """Where a machine pushes its samples to."""
    base = platform_of(request).settings.public_url or str(request.base_url)
    return f"{base.rstrip('/')}/api/v1/connections/{connection}/samples"


def tidy_address(protocol: str, text: str) -> str:
    """An address as people type it, completed: `10.0.0.5` is `opc.tcp://10.0.0.5:4840` for OPC UA."""
    address = text.strip()
    scheme, port = SCHEMES.get(Way(protocol), ("", 0)) if protocol in set(Way) else ("", 0)
    if not scheme or not address:
        return address
    tls, tls_port = TLS_SCHEMES.get(Way(protocol), ("", 0))
    if tls and address.startswith(f"{tls}://"):
        scheme, port = tls, tls_port
    if "://" not in address:
        address = f"{scheme}://{address}"
    parts = urlsplit(address)
    has_port = ":" in parts.netloc.rpartition("]")[2].rpartition("@")[2]
    if parts.scheme == scheme and parts.netloc and not has_port:
        address = address.replace(f"{scheme}://{parts.netloc}", f"{scheme}://{parts.netloc}:{port}", 1)
    return address
