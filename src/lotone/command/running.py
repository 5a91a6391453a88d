"""Commands that run things: an installation, its processes, the demonstration, a replay; and the doctor."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from lotone.demo.headless import failed, headless_options, run_headless
from lotone.demo.machines import Broker
from lotone.demo.replay import Replay, replay_over_mqtt
from lotone.demo.run import Demo
from lotone.demo.show import show_demo, show_options
from lotone.kernel import Database, NotFound, Settings, read_settings
from lotone.kernel.log import start_logging
from lotone.serve import planner, recorder, webserver
from lotone.serve.doctor import examine
from lotone.serve.first import first_administrator, load_blueprint, read_ports
from lotone.serve.folder import Folder
from lotone.serve.installation import Installation, message_server, open_platform
from lotone.serve.process import give_way, stop_signal

DataFolder = Annotated[Path | None, typer.Option("--data", help="Folder for everything that LotOne keeps.")]
Port = Annotated[int | None, typer.Option("--port", help="Port of the web pages.")]
DEMO_SPEED = 60.0
HEADLESS_SPEED = 480.0
REPAIR_MINUTES = 300.0


def up(
    data: DataFolder = None,
    host: Annotated[str | None, typer.Option(help="Address that the pages are served on.")] = None,
    port: Port = None,
) -> None:
    """Serve an installation until Ctrl-C. On an empty data folder it is made, with an administrator and a one-time link."""
    settings = read_settings(data=data, host=host, port=port)
    start_logging("supervisor", level="warning", form=settings.log_format)
    installation = Installation(settings, typer.echo)
    with stop_signal() as stop:
        installation.prepare()
        link = first_administrator(installation)
        try:
            installation.start()
            typer.secho(f"LotOne is ready: {installation.address}", bold=True)
            if link:
                typer.echo(f"Set the administrator's password (once, within three days): {installation.address}{link}")
            stop.wait()
            typer.echo("Stopping")
        finally:
            installation.stop()


def demo(
    data: DataFolder = None,
    port: Port = None,
    reset: Annotated[bool, typer.Option("--reset", help="Begin anew: delete the demonstration's data.")] = False,
    headless: Annotated[bool, typer.Option("--headless", help="Run a bounded time without pages, check, and end.")] = False,
    report: Annotated[Path | None, typer.Option("--report", help="Where the headless run writes its figures (JSON).")] = None,
    speed: Annotated[float | None, typer.Option("--speed", help="Plant seconds per second.", min=1, max=5000)] = None,
    seed: Annotated[int, typer.Option("--seed", help="Chance of machines and shoppers.")] = 1,
    hours: Annotated[float, typer.Option("--hours", help="Plant time of the headless run.", min=1)] = 31,
    recording: Annotated[
        Path | None, typer.Option("--recording", help="CSV whose columns become the signals of the leak test rig.")
    ] = None,
) -> None:
    """Run the whole loop with a simulated factory that speaks the real protocols, and simulated shoppers."""
    folder = data or read_settings().data.with_name("lotone-demo")
    chosen = speed or (HEADLESS_SPEED if headless else DEMO_SPEED)
    settings = read_settings(data=folder, port=port, speed=chosen, demo=True, expected_repair_minutes=REPAIR_MINUTES)
    start_logging("demo", level="warning", form=settings.log_format)
    signals = recording or recorded_signals(settings.reference_data)
    if headless:
        options = headless_options(seed=seed, recording=signals, hours=hours, speed=chosen)
        counted = run_headless(Demo(settings, options, typer.echo), timedelta(hours=hours), report)
        raise typer.Exit(1 if failed(counted) else 0)
    show_demo(Demo(settings, show_options(seed=seed, recording=signals, reset=reset), typer.echo))


def recorded_signals(reference_data: str) -> Path | None:
    """Recorded data of a water circulation testbed, when the reference data are there."""
    found = sorted(Path(reference_data).glob("analytics/skab/valve1/*.csv")) if reference_data else []
    return found[0].resolve() if found else None


def serve(name: str) -> None:
    """Run one process of an installation; the supervisor calls this."""
    settings = read_settings()
    start_logging(name, level=settings.log_level, form=settings.log_format)
    platform = open_platform(settings, name)
    runs = {"recorder": recorder.run, "planner": planner.run}
    try:
        if name in runs:
            give_way()
            runs[name](platform)
        else:
            webserver.run(platform, name)
    finally:
        platform.close()


def replay(
    file: Annotated[Path, typer.Argument(help="CSV with a time column and value columns.")],
    tag_prefix: Annotated[str, typer.Option("--tag-prefix", help="Asset (`leak-1`), or asset and begin of the tags' names.")],
    speed: Annotated[float, typer.Option(help="1 is as fast as it was recorded.")] = 1.0,
    time_column: Annotated[str, typer.Option(help="Name of the time column; found by itself when left out.")] = "",
    delimiter: Annotated[str, typer.Option(help="Between columns; found by itself when left out.")] = "",
    loop: Annotated[bool, typer.Option("--loop", help="Begin again at the end, until Ctrl-C.")] = False,
    times: Annotated[str, typer.Option(help="`original` times of the file, or `now`.")] = "now",
    organization: Annotated[
        str | None, typer.Option(help="Whose machine it is; the first organization when left out.")
    ] = None,
    data: DataFolder = None,
) -> None:
    """Publish recorded data as MQTT telemetry into a running installation."""
    settings = read_settings(data=data)
    start_logging("replay", level="warning")
    wanted = Replay(file, tag_prefix, speed, time_column, delimiter, loop, times)
    database = Database(settings.state_url)
    server = message_server(settings, database)
    database.close()
    whose = organization or next(iter(server.machines), "")
    if whose not in server.machines:
        raise NotFound(f"there is no organization {whose or 'yet'}; start `lotone up` first")
    broker = Broker(server.mqtt_host, server.mqtt_port, whose, server.machines[whose], whose)
    with stop_signal() as stop:
        report = replay_over_mqtt(wanted, broker, clock=Folder(settings).clock(), say=typer.echo, stop=stop)
    typer.echo(str(report))
    raise typer.Exit(1 if report.bad_rows or report.bad_values else 0)


def load(
    blueprint: Annotated[str, typer.Argument(help="Folder of a blueprint, or the name of one that LotOne brings.")],
    organization: Annotated[str, typer.Option(help="Whose starting data it becomes; made when it does not exist.")],
    port: Annotated[list[str] | None, typer.Option(help="Port of a machine that is a server: `frame-1=4840`.")] = None,
    data: DataFolder = None,
) -> None:
    """Load a blueprint into an organization. A broken one is refused whole, with file, line and fault of everything wrong."""
    settings = read_settings(data=data)
    start_logging("load", level="warning")
    loaded = load_blueprint(settings, blueprint, organization, read_ports(port or []))
    typer.echo(f"{loaded.id} is loaded into {organization}: {len(loaded.resources)} machines, product {loaded.product.id}")


def doctor(data: DataFolder = None) -> None:
    """Say in words what is wrong with this installation; exit code 1 when something is."""
    settings: Settings = read_settings(data=data)
    start_logging("doctor", level="error")
    ill = 0
    for finding in examine(settings):
        mark = typer.style("ok  ", fg=typer.colors.GREEN) if finding.in_order else typer.style("BAD ", fg=typer.colors.RED)
        typer.echo(f"{mark} {finding.subject}: {finding.found}")
        if not finding.in_order:
            ill += 1
            typer.echo(f"     {finding.remedy}")
    typer.echo("Nothing is wrong." if not ill else f"{ill} of these need attention.")
    raise typer.Exit(1 if ill else 0)
