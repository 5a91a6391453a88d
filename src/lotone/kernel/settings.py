"""Settings of an installation: one typed place, read from LOTONE_* variables and from `lotone.toml` in the data folder."""

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lotone.kernel.errors import Invalid

PREFIX = "LOTONE_"
FILE = "lotone.toml"


class WrongSetting(Invalid):
    """A setting that is unknown or has a value that can't be used."""


class Settings(BaseModel):
    """Every setting with its default; `docs/settings.md` is made from this class."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    data: Path = Field(Path("lotone-data"), description="Folder for everything that LotOne keeps.")
    database_url: str = Field(
        "",
        description="State database: empty for SQLite in the data folder, or postgresql://user:password@host/name.",
        pattern=r"^$|^sqlite:///|^postgresql(\+psycopg)?://",
    )
    host: str = Field("127.0.0.1", description="Address that the web pages and the API are served on.")
    port: int = Field(8080, ge=0, le=65535, description="Port of the web pages; 0 takes a free one.")
    web_processes: int = Field(
        2,
        ge=1,
        le=64,
        description="Processes that answer requests side by side; more only where there are processors for them.",
    )
    public_url: str = Field("", description="Address under which people reach the pages, if a proxy stands before us.")
    trusted_proxies: str = Field(
        "127.0.0.1",
        description="Addresses or networks of proxies before us, with commas: their X-Forwarded-For is believed. Without it "
        "all who come through a proxy count as one caller when wrong passwords are counted.",
    )
    messages_port: int = Field(0, ge=0, le=65535, description="Port of the message server; 0 takes a free one and keeps it.")
    mqtt_host: str = Field("127.0.0.1", description="Address that machines reach the MQTT listener on.")
    mqtt_port: int = Field(0, ge=0, le=65535, description="Port of the MQTT listener; 0 takes a free one and keeps it.")
    speed: float = Field(1.0, gt=0, le=10_000, description="Plant seconds per second; other than 1 only for simulated plants.")
    demo: bool = Field(False, description="Offer visitors a sign-in as any role with one click. Never for real data.")
    hold_minutes: float = Field(15.0, gt=0, le=24 * 60, description="How long a quote keeps its capacity for the buyer.")
    expected_repair_minutes: float = Field(
        120.0, gt=0, description="How long a stop is expected to last while a machine has no history of stops."
    )
    guest_changes_per_minute: int = Field(
        60,
        ge=0,
        description="Quotes, orders and saved configurations of guests from one network address, counted by each web process "
        "for itself; 0 is no limit.",
    )
    improve_seconds: float = Field(3.0, ge=0, le=600, description="Solver time per improvement of the schedule; 0 is off.")
    improve_every_seconds: float = Field(10.0, gt=0, description="Least time between two improvements of the schedule.")
    body_bytes_max: int = Field(1024 * 1024, gt=0, description="Largest request body that is accepted.")
    files_folder: str = Field(
        "",
        description="Folder with a folder for each organization, named as its id, below which its connections read files; "
        "empty for `files` in the data folder. Only the operator may write there.",
    )
    historian_memory_mb: int = Field(1024, ge=64, description="Memory that the historian's engine may use.")
    reference_data: str = Field(
        "", description="Folder with public reference data, whose recordings the demonstration replays."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    log_format: Literal["text", "json"] = Field("text", description="Log lines for people, or JSON for a log store.")

    @property
    def state_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data / 'state.sqlite3'}"

    @property
    def historian_folder(self) -> Path:
        return self.data / "historian"

    @property
    def own_files_folder(self) -> Path:
        """Has a folder for each organization, with the files that its machines write."""
        return Path(self.files_folder) if self.files_folder else self.data / "files"

    @property
    def configure_folder(self) -> Path:
        """Compiled product models: made again when they are missing."""
        return self.data / "configure"

    @property
    def run_folder(self) -> Path:
        """What lives only while LotOne runs, or helps the next start: ports, clock, process ids."""
        return self.data / "run"


def read_settings(environment: dict[str, str] | None = None, **given: Any) -> Settings:
    """Settings from, in order of weight: what is given, LOTONE_* variables, `lotone.toml` in the data folder, defaults.

    Raises WrongSetting that names each wrong setting and where it came from.
    """
    variables = dict(os.environ) if environment is None else environment
    from_variables = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in variables.items()
        if name.startswith(PREFIX) and not name.startswith(f"{PREFIX}TEST_")
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    data = Path(chosen.get("data") or from_variables.get("data") or Settings.model_fields["data"].default)
    from_file = _read_file(data / FILE)
    try:
        return Settings(**{**from_file, **from_variables, **chosen})
    except ValidationError as fault:
        raise WrongSetting("; ".join(_explain(error, from_variables, from_file) for error in fault.errors())) from None


def _read_file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise WrongSetting(f"this is not TOML: {fault}", where=str(path)) from None


def _explain(error: Any, from_variables: dict[str, str], from_file: dict[str, Any]) -> str:
    name = str(error["loc"][0]) if error["loc"] else "settings"
    if name in from_variables:
        source = f"{PREFIX}{name.upper()}"
    elif name in from_file:
        source = f"{name} in {FILE}"
    else:
        source = name
    if error["type"] == "extra_forbidden":
        return f"{source}: there is no such setting"
    return f"{source}: {error['msg']} (it is {error['input']!r})"
