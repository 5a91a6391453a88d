"""Adding a machine: choose a protocol, find the machine, tick what it offers, name it, save."""

from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Form, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from lotone.assets import DataType, Equipment, Level, Meaning
from lotone.connect import Connection, Way, other_drivers
from lotone.identity import Actor
from lotone.kernel import Invalid, LotOneError, Words, newest_number
from lotone.web.access import needs, platform_of
from lotone.web.connect.adding import NewMachine, WrongMachine, add_machine, as_measured, machine_id, offers, tags_from_form
from lotone.web.connect.doors import is_only_here, mqtt_user, tidy_address
from lotone.web.connect.forms import any_form
from lotone.web.connect.heard import READ_BACK, machines_heard
from lotone.web.page import go_to, page
from lotone.web.room import Thread
from lotone.wiring import Work

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/connect")
Text = Annotated[str, Form()]
SETTINGS = {
    "opcua": ("user", "password"),
    "mqtt_client": ("user", "password", "topics", "value", "time", "version", "ca"),
    "files": ("pattern", "time", "time_zone", "tag", "value", "encoding", "done"),
}
"""What the page asks for besides the address."""
RESERVED = frozenset({"add", "quarantine", "list"})
"""Ids that are addresses of pages."""
PROTOCOLS = {
    "opcua": Words("OPC UA"),
    "modbus": Words("Modbus TCP"),
    "s7": Words("Siemens S7", "西门子 S7"),
    "sparkplug": Words("MQTT Sparkplug B"),
    "mqtt": Words("MQTT"),
    "http": Words("HTTP"),
    "mqtt_client": Words("MQTT broker", "MQTT 代理"),
    "mtconnect": Words("MTConnect"),
    "files": Words("Files", "文件"),
}
HINTS = {
    "opcua": Words(
        "Controllers and machines of the last ten years. We read its list of values.",
        "近十年的控制器与设备。可自动读取其变量列表。",
    ),
    "modbus": Words(
        "Drives, meters, older controllers. You need its register table.", "变频器、仪表、较早的控制器。需要寄存器表。"
    ),
    "s7": Words(
        "S7-300, 400, 1200 and 1500 with PUT/GET. You need the addresses of its program.",
        "启用 PUT/GET 的 S7-300、400、1200、1500。需要控制程序中的地址。",
    ),
    "sparkplug": Words(
        "Edge gateways that announce their values. Found by themselves.", "会主动公布变量的边缘网关。可自动发现。"
    ),
    "mqtt": Words("Sensors and scripts that publish a value per topic.", "按主题发布数值的传感器与脚本。"),
    "http": Words("Programs that push values with a POST request.", "通过 POST 请求推送数值的程序。"),
    "mqtt_client": Words(
        "Machines that publish to a broker you have already. We read along there.", "设备已发布到现有代理。由我们去订阅。"
    ),
    "mtconnect": Words("Machine tools with an agent. We read its list of values.", "带代理程序的机床。可自动读取其变量列表。"),
    "files": Words("Machines that write CSV, Excel or Parquet into a folder.", "将 CSV、Excel 或 Parquet 写入文件夹的设备。"),
}
EXAMPLES = {
    "opcua": "opc.tcp://10.0.0.5:4840",
    "modbus": "modbus://10.0.0.5:502/1",
    "s7": "s7://10.0.0.5:102/0/1",
    "sparkplug": "spBv1.0/…/edge-1",
    "mqtt_client": "mqtt://10.0.0.5:1883",
    "mtconnect": "http://10.0.0.5:5000",
    "files": "press-1",
}
TYPE_WORDS = {
    DataType.NUMBER: Words("number", "数值"),
    DataType.INTEGER: Words("whole number", "整数"),
    DataType.BOOLEAN: Words("yes or no", "布尔"),
    DataType.TEXT: Words("text", "文本"),
}
MEANINGS = {
    Meaning.SENSOR: Words("measured value", "测量值"),
    Meaning.PARAMETER: Words("setting", "设定值"),
    Meaning.STATE: Words("machine state (0–3)", "设备状态（0–3）"),
    Meaning.ENERGY: Words("energy counter", "电能计数"),
    Meaning.GOOD: Words("good count", "合格计数"),
    Meaning.SCRAP: Words("scrap count", "报废计数"),
    Meaning.CHECK: Words("check result", "检验结果"),
    Meaning.JOB: Words("job number", "任务号"),
    Meaning.JOB_STATE: Words("job state", "任务状态"),
    Meaning.PROGRESS: Words("job progress", "任务进度"),
    Meaning.JOB_ENERGY: Words("energy of the job", "任务能耗"),
    Meaning.REQUEST: Words("job request", "任务请求"),
}
TICKED_MOST = 40
"""A machine that offers no more values than this has all of them ticked at first."""


class Protocols(dict[str, Words]):
    """Names of protocols; one whose driver was removed is called as it is saved."""

    def __missing__(self, protocol: str) -> Words:
        return Words(protocol)


def protocols() -> Protocols:
    """What can be chosen: our protocols and those of installed drivers."""
    return Protocols(PROTOCOLS | {name: kind.words for name, kind in other_drivers().items()})


def _values(request: Request, work: Work, actor: Actor, protocol: str, machine: str) -> dict[str, Any]:
    """What the steps need to know."""
    equipment = work.assets.equipment()
    known = next((item for item in equipment if item.id == machine and item.level is Level.WORK_UNIT), None)
    return {
        "protocol": protocol,
        "protocols": protocols(),
        "hints": HINTS | {name: kind.hint for name, kind in other_drivers().items()},
        "examples": EXAMPLES | {name: kind.example for name, kind in other_drivers().items()},
        "types": TYPE_WORDS,
        "meanings": MEANINGS,
        "machine": machine,
        "known": known,
        "units": [item for item in equipment if item.level is Level.WORK_UNIT],
        "centers": _centers(equipment),
        "user": mqtt_user(request, work, actor),
        "only_here": is_only_here(platform_of(request).settings),
        "proposed_id": machine_id(machine or protocols()[protocol].en, _ids(work)) if protocol else "",
        "newest": newest_number(work.connection),
        "thread": Thread.at("machine", operation="/plan"),
    }


def _centers(equipment: list[Equipment]) -> list[Equipment]:
    return [item for item in equipment if item.level is Level.WORK_CENTER]


def _ids(work: Work) -> set[str]:
    return {item.id for item in work.assets.equipment()} | {one.id for one in work.connect.connections()} | RESERVED


@router.get("/add")
def add(request: Request, protocol: str = "", machine: str = "", actor: Actor = needs("connect.write")) -> Response:
    """The first steps: which protocol, and where the machine is (or what to enter on it)."""
    chosen = protocol if protocol in protocols() else ""
    with platform_of(request).look(actor.organization) as work:
        values = _values(request, work, actor, chosen, machine)
        births = _waiting(work)
        heard = machines_heard(actor.organization, work.connect.quarantine(limit=READ_BACK)) if chosen == "mqtt" else []
        return page(request, "connect/add.html", births=births, heard=heard, **values)


@router.get("/add/discovered")
def discovered(request: Request, protocol: str = "sparkplug", actor: Actor = needs("connect.write")) -> Response:
    """Edge nodes that announced themselves, and machines that send MQTT, of which nothing is known yet."""
    with platform_of(request).look(actor.organization) as work:
        heard = machines_heard(actor.organization, work.connect.quarantine(limit=READ_BACK))
        return page(request, "connect/discovered.html", births=_waiting(work), heard=heard, protocol=protocol)


def _waiting(work: Work) -> list[tuple[str, bool, int]]:
    """Edge nodes that nobody has added: name, whether it is there now, how many metrics it announced."""
    found: dict[str, tuple[bool, int]] = {}
    for birth in work.connect.discovered():
        online, count = found.get(birth.node, (False, 0))
        found[birth.node] = (online or birth.online, count + len(birth.metrics))
    return [(node, online, count) for node, (online, count) in sorted(found.items())]


@router.post("/add/probe")
def try_address(request: Request, form: FormData = any_form(), actor: Actor = needs("connect.write")) -> Response:
    """Try an address and show what is there."""
    protocol, address, machine = (str(form.get(name, "")) for name in ("protocol", "address", "machine"))
    if protocol not in protocols():
        raise Invalid(f"there is no protocol '{protocol}'", where="protocol")
    platform = platform_of(request)
    place = tidy_address(protocol, address)
    if protocol == Way.SPARKPLUG and place and "/" not in place:
        place = f"spBv1.0/{actor.organization}/{place}"
    settings = _settings(protocol, form)
    found, fault = None, None
    try:
        found = platform.writer.probe(actor.organization, protocol, place, settings)
    except LotOneError as refused:
        fault = refused
    with platform.look(actor.organization) as work:
        values = _values(request, work, actor, protocol, machine)
    offered = offers(found.nodes) if found else []
    if protocol == Way.SPARKPLUG:
        offered = as_measured(offered)
    return page(
        request,
        "connect/found.html",
        found=found,
        fault=fault,
        address=place,
        settings=settings,
        offers=offered,
        ticks=len(offered) <= TICKED_MOST,
        **(values | {"proposed_name": _name_for(protocol, place, offered), "machine": machine}),
    )


def _settings(protocol: str, form: FormData) -> dict[str, str]:
    """What was entered besides the address; what was left empty is as if it were not asked for."""
    entered = {name: str(form.get(name, "")).strip() for name in SETTINGS.get(protocol, ())}
    return {name: value for name, value in entered.items() if value}


def _name_for(protocol: str, address: str, offered: list[Any]) -> str:
    """A first guess at the machine's name: the edge node, or the object that all of a server's values belong to."""
    if protocol == Way.SPARKPLUG:
        return address.split("/")[2] if address.count("/") >= 2 else ""
    roots = {each.label.split("/")[0] for each in offered if "/" in each.label}
    return roots.pop() if len(roots) == 1 else ""


@router.post("/add")
def save(request: Request, form: FormData = any_form(), actor: Actor = needs("connect.write")) -> Response:
    """Save the machine; its values appear as soon as the connection is made."""
    with platform_of(request).work(actor.organization) as work:
        machine = _machine_from(form, work, actor)
        saved = add_machine(work, machine)
    log.info("connect.added", organization=actor.organization, by=actor.user, connection=saved.id, protocol=saved.protocol)
    return go_to(request, f"/connect/{saved.id}?new=true")


def _machine_from(form: FormData, work: Work, actor: Actor) -> NewMachine:
    """Raises WrongMachine."""

    def text(name: str) -> str:
        return str(form.get(name, "")).strip()

    protocol, unit, name = text("protocol"), text("work_unit"), text("name")
    if protocol not in protocols():
        raise WrongMachine(f"there is no protocol '{protocol}'", where="protocol")
    if not unit and not name:
        raise WrongMachine("give the machine a name", where="name")
    ids = _ids(work)
    if not unit:
        unit = text("id") or machine_id(name, ids)
        if unit in {item.id for item in work.assets.equipment()}:
            raise WrongMachine(f"there is already something called {unit}; choose another id", where="id")
    connections = {one.id for one in work.connect.connections()} | RESERVED
    connection = unit if unit not in connections else machine_id(f"{unit}-{protocol}", ids)
    settings = _settings(protocol, form)
    address = tidy_address(protocol, text("address"))
    if protocol == Way.MQTT and not address:
        address = f"telemetry/{actor.organization}/{unit}"
    return NewMachine(
        Connection(connection, protocol, address, settings, words=Words(name)),
        work_unit=unit,
        words=Words(name),
        work_center=text("work_center"),
        tags=tags_from_form(form),
    )
