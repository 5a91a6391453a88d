"""The `lotone` command as somebody at a terminal meets it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lotone import __version__
from lotone.configure import Configurator, read_model
from lotone.serve.first import folder_of

MODEL = folder_of("ebike") / "product.uvl"


def lotone(*words: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lotone", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)


@pytest.mark.journey
def test_version_and_help() -> None:
    assert lotone("version").stdout.strip() == __version__
    shown = lotone("--help").stdout
    assert all(word in shown for word in ("up", "demo", "replay", "doctor", "version", "configure"))
    assert "migration" not in shown, "commands for builders are not shown"


@pytest.mark.journey
def test_configure_options_prints_one_object() -> None:
    done = lotone("configure", "options", str(MODEL), "--choose", "belt", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {"selected", "forced", "possible", "impossible", "price", "price_min", "price_max", "count"} <= found.keys()
    assert found["selected"] == ["belt"]


@pytest.mark.journey
def test_configure_explain_names_what_to_take_back() -> None:
    options = json.loads(lotone("configure", "options", str(MODEL), "--choose", "belt", "--json").stdout)
    wanted = options["impossible"][-1]
    done = lotone("configure", "explain", str(MODEL), "--choose", "belt", "--want", wanted, "--json")
    assert json.loads(done.stdout)["conflicts"]["choices"] == ["belt"]


@pytest.mark.journey
def test_configure_counts_samples_completes_and_changes_anyway() -> None:
    def told(*words: str) -> dict[str, Any]:
        done = lotone("configure", words[0], str(MODEL), *words[1:], "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)  # type: ignore[no-any-return]

    configurator = Configurator(read_model(MODEL))
    assert told("count", "--choose", "belt") == {"count": str(configurator.count(["belt"]))}
    drawn = told("sample", "--number", "2", "--seed", "x")
    assert drawn["uniform"] is True
    assert [configurator.check(one) == set(one) for one in drawn["samples"]] == [True, True]
    assert told("sample", "--number", "2", "--seed", "x") == drawn
    assert set(told("complete", "--choose", "belt")["configuration"]) == configurator.complete(["belt"])
    near = told("nearest", *(word for name in drawn["samples"][0] for word in ("--choose", name)), "--want", "belt")
    assert set(near["configuration"]) == configurator.nearest(drawn["samples"][0], "belt")
    assert told("check")["valid"] is True


@pytest.mark.journey
def test_configure_converts_and_takes_tables_and_values(tmp_path: Path) -> None:
    model = tmp_path / "window.uvl"
    model.write_text(
        "features\n    Window\n        optional\n            Safety\n            Wood\n            Blind\n"
        "            Integer Width\n"
        "constraints\n    Width > 1500 => Safety\n"
    )
    table = tmp_path / "goes.csv"
    table.write_text("Wood,Blind\nyes,no\nno,yes\n")
    words = ("configure", "options", str(model), "--set", "Width=1600", "--table", str(table), "--choose", "Wood", "--json")
    found = json.loads(lotone(*words).stdout)
    assert found["forced"] == ["Window", "Safety"]
    assert found["impossible"] == ["Blind"]
    assert found["values"] == {"Width": 1600}
    wrong = lotone("configure", "options", str(model), "--set", "Width")
    assert (wrong.returncode, "NAME=VALUE" in wrong.stderr) == (2, True)

    assert lotone("configure", "convert", str(MODEL), str(tmp_path / "ebike.dimacs")).returncode == 0
    assert lotone("configure", "convert", str(MODEL), str(tmp_path / "ebike.uvl")).returncode == 0
    counts = {
        lotone("configure", "count", str(path)).stdout for path in (MODEL, tmp_path / "ebike.uvl", tmp_path / "ebike.dimacs")
    }
    assert len(counts) == 1
    refused = lotone("configure", "convert", str(model), str(tmp_path / "window.dimacs"))
    assert (refused.returncode, "numbers or texts" in refused.stderr) == (2, True)


@pytest.mark.journey
def test_configure_starts_without_the_installation() -> None:
    """Nobody waits for the web to ask a question about a file."""
    code = "import sys, lotone.command.configure; print({'fastapi', 'lotone.wiring'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() == "set()", done.stderr


@pytest.mark.journey
def test_a_model_that_is_no_model_is_one_clear_sentence(tmp_path: Path) -> None:
    picture = tmp_path / "picture.uvl"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
    done = lotone("configure", "check", str(picture))
    assert done.returncode == 2
    assert "picture.uvl" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.journey
def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    done = lotone("doctor", "--data", str(tmp_path), environment={"LOTONE_PROT": "80", "PATH": "/usr/bin:/bin"})
    assert done.returncode == 2
    assert "LOTONE_PROT" in done.stderr


@pytest.mark.journey
def test_the_doctor_finds_nothing_wrong_with_a_fresh_installation(tmp_path: Path) -> None:
    done = lotone("doctor", "--data", str(tmp_path / "new"))
    assert "Nothing is wrong." in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


@pytest.mark.journey
def test_the_doctor_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    done = lotone("doctor", "--data", str(tmp_path / "file"))
    assert done.returncode == 1
    assert "BAD" in done.stdout
    assert "can't be written" in done.stdout


@pytest.mark.journey
def test_reset_never_deletes_what_is_no_demonstration(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("keep me")
    done = lotone("demo", "--reset", "--headless", "--data", str(tmp_path))
    assert done.returncode == 2
    assert "holds no demonstration" in done.stderr
    assert (tmp_path / "precious.txt").read_text() == "keep me"


@pytest.mark.journey
def test_configure_prove_says_for_how_many_configurations() -> None:
    done = lotone("configure", "prove", str(folder_of("ebike")), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["proved"] is True
    assert found["faults"] == []
    assert int(found["configurations"]) > 10_000_000
    assert found["rows"]["operations"] == 8


@pytest.mark.journey
def test_configure_prove_shows_the_configuration_that_breaks_it(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(folder_of("ebike"), tmp_path / "ebike"))
    table = folder / "parameters.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("paint,colour,4011,aurora\n", ""), encoding="utf-8")
    done = lotone("configure", "prove", str(folder), "--json")
    assert done.returncode == 1
    (fault,) = json.loads(done.stdout)["faults"]
    assert (fault["file"], fault["column"]) == ("parameters.csv", "when")
    assert fault["message"] == "'colour' of 'paint' gets no value, for example with aurora"
    configurator = Configurator(read_model(folder / "product.uvl"))
    assert "aurora" in configurator.check(fault["example"]), "the example is a whole configuration"
    assert "    the whole configuration: ebike, " in lotone("configure", "prove", str(folder)).stdout
