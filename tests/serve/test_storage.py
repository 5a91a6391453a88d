"""What the data of an installation take on the disk."""

from pathlib import Path

from lotone.kernel import Settings
from lotone.serve.doctor import examine
from lotone.serve.storage import sizes


def test_folders_count_all_that_is_below_them_and_the_largest_comes_first(tmp_path: Path) -> None:
    (tmp_path / "historian" / "deep").mkdir(parents=True)
    (tmp_path / "historian" / "a.parquet").write_bytes(bytes(300))
    (tmp_path / "historian" / "deep" / "b.parquet").write_bytes(bytes(50))
    (tmp_path / "state.sqlite3").write_bytes(bytes(200))
    assert sizes(tmp_path) == [("historian", 350), ("state.sqlite3", 200)]


def test_a_link_does_not_count_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(bytes(10_000))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "link").symlink_to(tmp_path / "elsewhere")
    assert sizes(tmp_path / "data")[0][1] < 10_000


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert sizes(tmp_path / "missing") == []


def test_the_doctor_says_what_takes_the_room(tmp_path: Path) -> None:
    (tmp_path / "historian").mkdir()
    (tmp_path / "historian" / "a.parquet").write_bytes(bytes(3 * 2**20))
    findings = {finding.subject: finding for finding in examine(Settings(data=tmp_path))}
    assert "historian 3 MB" in findings["Storage"].found
    assert findings["Storage"].in_order
