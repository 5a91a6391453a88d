"""Settings come from one place, and a wrong one is refused with its name."""

from pathlib import Path

import pytest

from lotone.kernel import WrongSetting, read_settings


def test_defaults_work_without_anything() -> None:
    settings = read_settings({})
    assert settings.state_url == "sqlite:///lotone-data/state.sqlite3"
    assert settings.hold_minutes == 15


def test_given_beats_variable_beats_file(tmp_path: Path) -> None:
    (tmp_path / "lotone.toml").write_text('port = 1\nhost = "::1"\nspeed = 2.0\n')
    settings = read_settings({"LOTONE_DATA": str(tmp_path), "LOTONE_PORT": "2", "LOTONE_SPEED": "3"}, port=4)
    assert (settings.port, settings.speed, settings.host) == (4, 3.0, "::1")


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"LOTONE_PORT": "eighty"}, "LOTONE_PORT"),
        ({"LOTONE_PROT": "80"}, "LOTONE_PROT: there is no such setting"),
        ({"LOTONE_DATABASE_URL": "mysql://x"}, "LOTONE_DATABASE_URL"),
        ({"LOTONE_SPEED": "0"}, "LOTONE_SPEED"),
    ],
)
def test_a_wrong_variable_is_refused_with_its_name(variables: dict[str, str], says: str) -> None:
    with pytest.raises(WrongSetting, match=says):
        read_settings(variables)


def test_a_wrong_line_of_the_file_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "lotone.toml").write_text("speed = -1\n")
    with pytest.raises(WrongSetting, match=r"speed in lotone.toml"):
        read_settings({}, data=tmp_path)
    (tmp_path / "lotone.toml").write_text("speed = \n")
    with pytest.raises(WrongSetting, match="not TOML"):
        read_settings({}, data=tmp_path)
