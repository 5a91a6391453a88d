"""Commands that run things: an installation, its processes, the demonstration, a replay; and the doctor."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from lotone.demo.headless import run_headless
from lotone.demo.run import Demo, DemoOptions
from lotone.demo.show import show_demo
from lotone.kernel import Settings, read_settings
from lotone.kernel.log import start_logging
from lotone.serve import planner, recorder, webserver
from lotone.serve.doctor import examine
from lotone.serve.first import first_administrator
from lotone.serve.installation import Installation, open_platform
from lotone.serve.process import stop_signal

DataFolder = Annotated[Path | None, typer.Option("--data", help="Folder for everything that LotOne keeps.")]
Port = Annotated[int | None, typer.Option("--port", help="Port of the web pages.")]
DEMO_SPEED = 60.0
HEADLESS_SPEED = 720.0


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
    hours: Annotated[float, typer.Option("--hours", help="Plant time of the headless run.", min=1)] = 40,
    recording: Annotated[
        Path | None, typer.Option("--recording", help="CSV whose columns become the signals of the leak test rig.")
    ] = None,
) -> None:
    """Run the whole loop with a simulated factory that speaks the real protocols, and simulated shoppers."""
    folder = data or read_settings().data.with_name("lotone-demo")
    chosen = speed or (HEADLESS_SPEED if headless else DEMO_SPEED)
    settings = read_settings(data=folder, port=port, speed=chosen, demo=True)
    start_logging("demo", level="warning", form=settings.log_format)
    options = DemoOptions(seed=seed, recording=recording, reset=reset)
    if headless:
        run_headless(Demo(settings, options, typer.echo), timedelta(hours=hours), report)
    else:
        show_demo(Demo(settings, options, typer.echo))


def serve(name: str) -> None:
    """Run one process of an installation; the supervisor calls this."""
    settings = read_settings()
    start_logging(name, level=settings.log_level, form=settings.log_format)
    platform = open_platform(settings, name)
    runs = {"recorder": recorder.run, "planner": planner.run, "web": webserver.run}
    try:
        runs[name](platform)
    finally:
        platform.close()


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


