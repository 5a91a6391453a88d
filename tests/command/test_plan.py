"""`lotone plan` as somebody with a file meets it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lotone.command.plan import NotWritten, Progress, app
from lotone.plan import read_instance
from lotone.plan.formats import WrongFile
from lotone.plan.solvers.instances import WrongSolver

FT06 = """6 6
2 1 0 3 1 6 3 7 5 3 4 6
1 8 2 5 4 10 5 10 0 10 3 4
2 5 3 4 5 8 0 9 1 1 4 7
1 5 0 5 2 5 3 3 4 8 5 9
2 9 1 3 4 5 5 4 0 3 3 1
1 3 3 3 5 9 0 10 4 4 2 1
"""
"""Fisher and Thompson 1963; the shortest makespan is 55."""


@pytest.fixture
def problem(tmp_path: Path) -> Path:
    file = tmp_path / "ft06.txt"
    file.write_text(FT06)
    return file


def lotone_plan(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def answer(*words: str | Path) -> Any:
    done = lotone_plan(*words)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.parametrize("solver", ["auto", "cpsat"])
def test_solve_prints_what_it_found_and_writes_what_check_accepts(problem: Path, tmp_path: Path, solver: str) -> None:
    out = tmp_path / "solution.json"
    told = answer("solve", problem, "--seconds", "20", "--workers", "1", "--solver", solver, "--json", "-o", out)
    assert told.keys() == {"objective", "bound", "first_feasible_s", "status"}
    assert (told["objective"], told["bound"], told["status"]) == (55, 55, "optimal"), "small ones are proven, and end early"
    written = json.loads(out.read_text())
    assert len(written["operations"]) == 36
    assert {"job", "operation", "machine", "start", "end"} <= written["operations"][0].keys()
    machines = {(each["job"], each["operation"]): each["machine"] for each in written["operations"]}
    assert [machines[0, number] for number in range(6)] == [2, 0, 1, 3, 5, 4], "numbered as in the file"
    assert answer("check", problem, out, "--json") == {"valid": True, "objective": 55, "violations": []}
    assert "the schedule holds, makespan 55" in lotone_plan("check", problem, out).output


def test_solve_prints_the_operations_when_no_file_is_named(problem: Path) -> None:
    told = answer("solve", problem, "--format", "jobshop", "--seconds", "0.2", "--workers", "1", "--json")
    assert len(told["operations"]) == 36
    shown = lotone_plan("solve", problem, "--seconds", "0.2", "--workers", "1")
    assert shown.stdout.startswith("objective: ")


def test_check_tells_what_is_wrong_and_ends_with_one(problem: Path, tmp_path: Path) -> None:
    out = tmp_path / "solution.json"
    answer("solve", problem, "--seconds", "0.2", "--workers", "1", "--json", "-o", out)
    solution = json.loads(out.read_text())
    last = max(solution["operations"], key=lambda each: (each["job"] == 0, each["operation"]))
    last["start"], last["end"] = 0, last["end"] - last["start"]
    out.write_text(json.dumps({**solution, "objective": 3, "bound": None}))
    done = lotone_plan("check", problem, out)
    assert done.exit_code == 1
    assert "operation 5 of job 0 begins at 0, operation 4 of job 0 ends at" in done.stdout
    assert "it says its objective is 3, but it is" in done.stdout
    told = lotone_plan("check", problem, out, "--json")
    assert told.exit_code == 1
    found = json.loads(told.stdout)
    assert found["valid"] is False
    assert {"kind", "operations", "words"} == found["violations"][0].keys()
    assert {"job": 0, "operation": 5} in found["violations"][0]["operations"]


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"bound": 56}, "nothing is better than 56"),
        ({"bound": 54, "status": "optimal"}, "its bound 54 is not its objective 55"),
    ],
)
def test_check_compares_what_a_solution_says_of_itself(
    problem: Path, tmp_path: Path, claims: dict[str, object], words: str
) -> None:
    out = tmp_path / "solution.json"
    answer("solve", problem, "--seconds", "4", "--workers", "1", "--json", "-o", out)
    out.write_text(json.dumps({**json.loads(out.read_text()), **claims}))
    done = lotone_plan("check", problem, out)
    assert done.exit_code == 1
    assert words in done.stdout


def test_check_tells_that_an_operation_is_missing(problem: Path, tmp_path: Path) -> None:
    out = tmp_path / "solution.json"
    out.write_text('{"operations": []}')
    done = lotone_plan("check", problem, out)
    assert done.exit_code == 1
    assert "operation 0 of job 0 is not there" in done.stdout
    assert "and 16 more; --json tells them all" in done.stdout
    assert len(json.loads(lotone_plan("check", problem, out, "--json").stdout)["violations"]) == 36


def test_draw_and_convert(problem: Path, tmp_path: Path) -> None:
    out, picture, own = tmp_path / "solution.json", tmp_path / "gantt.svg", tmp_path / "own.json"
    answer("solve", problem, "--seconds", "0.2", "--workers", "1", "--json", "-o", out)
    assert lotone_plan("draw", problem, out, "-o", picture).exit_code == 0
    assert picture.read_text().count('class="bar"') == 36
    assert lotone_plan("convert", problem, own).exit_code == 0
    assert read_instance(own) == read_instance(problem)
    assert lotone_plan("check", own, out).exit_code == 0
    out.write_text('{"operations": [{"job": 9, "operation": 0, "start": 0, "end": 1}]}')
    done = lotone_plan("draw", problem, out, "-o", picture)
    assert isinstance(done.exception, WrongFile)
    assert "no operation 0 of job 9" in str(done.exception)


def test_what_can_not_be_written_is_said_before_the_search(problem: Path, tmp_path: Path) -> None:
    done = lotone_plan("solve", problem, "--seconds", "1000", "-o", tmp_path / "none" / "solution.json")
    assert isinstance(done.exception, NotWritten)
    assert isinstance(lotone_plan("solve", problem, "--seconds", "1000", "-o", tmp_path).exception, NotWritten)
    assert isinstance(lotone_plan("convert", problem, tmp_path).exception, NotWritten)
    assert isinstance(lotone_plan("solve", problem, "--solver", "magic").exception, WrongSolver)


INTERRUPTED = """
import signal, sys, threading
from pathlib import Path
from lotone.plan import read_instance, verify
from lotone.plan.solvers.instances import solve_instance

shop = read_instance(Path(sys.argv[1]))
interrupted = threading.Event()

def interrupt(seconds, objective):
    if threading.current_thread() is not threading.main_thread() and not interrupted.is_set():
        interrupted.set()
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

found = solve_instance(shop, seconds=60, workers=2, told=interrupt, solver=sys.argv[2])
print(interrupted.is_set(), verify(shop, found.schedule).holds)
"""


@pytest.mark.journey
@pytest.mark.parametrize("solver", ["engine", "cpsat"])
def test_ctrl_c_ends_early_with_the_best_so_far(solver: str, tmp_path: Path) -> None:
    """Fifteen jobs on fifteen machines: nobody proves the best in a test, so only the interruption ends the search."""
    file = tmp_path / "large.txt"
    lines = [
        " ".join(f"{(job * 7 + step * 4) % 15} {(job * 37 + step * 61) % 97 + 2}" for step in range(15)) for job in range(15)
    ]
    file.write_text("15 15\n" + "\n".join(lines) + "\n")
    words = [sys.executable, "-c", INTERRUPTED, str(file), solver]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split() == ["True", "True"], done.stderr


def test_the_line_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    progress = Progress()
    progress.told(1.5, 55.0)
    progress.end()
    assert "1.5 s   objective 55" in capsys.readouterr().err


@pytest.mark.journey
def test_a_wrong_file_ends_with_two_and_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "cut.txt"
    file.write_text(FT06[:60])
    words = [sys.executable, "-m", "lotone", "plan", "solve", str(file), "--format", "jobshop"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"lotone: {file}, line 4: expected ")
    assert done.stderr.count("\n") == 1
