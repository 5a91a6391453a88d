"""Files of scheduling problems: what they mean, and what is said of wrong ones."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from lotone.plan.formats import NoFile, WrongFile, own, read_answer, read_instance, shops, text, write_answer, write_instance
from lotone.plan.model.instance import After, Found, Instance, Job, Mode, Operation, Placed, Resource
from lotone.plan.solvers.instances import solve_instance
from made_up_instances import instances

JOBSHOP = "# two jobs\n2 2\n0 3 1 2\n\n1 4 0 1 1 5\n"
FJSP = "2 2 1.5\n2 2 0 3 1 4 1 1 2\n1 1 0 5\n"
ASSEMBLY = "# first line: operations arcs machines\n4 2 2\n0 2\n3 2\n1 0 3\n1 1 9\n2 0 4 1 5\n1 1 6\n"
RCPSP = "4 2\n3 1\n0 0 0 2 2 3\n4 2 0 1 4\n5 1 1\n1 4\n0 0 0 0\n"
TEXTS = {"jobshop": JOBSHOP, "fjsp": FJSP, "assembly": ASSEMBLY, "rcpsp": RCPSP}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "problem.txt"


def written(file: Path, content: str | bytes) -> Path:
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def on(machine: int, duration: int) -> Mode:
    return Mode(duration, ((machine, 1),))


def test_a_job_shop_whose_jobs_differ_in_length_and_come_again(file: Path) -> None:
    shop = read_instance(written(file, JOBSHOP), "jobshop")
    operations = (
        Operation(0, 0, (on(0, 3),)),
        Operation(0, 1, (on(1, 2),), (After(0),)),
        Operation(1, 0, (on(1, 4),)),
        Operation(1, 1, (on(0, 1),), (After(2),)),
        Operation(1, 2, (on(1, 5),), (After(3),)),
    )
    assert shop == Instance("problem", (Resource(), Resource()), operations, (Job(), Job()))


def test_a_flexible_job_shop_keeps_its_alternatives_in_order(file: Path) -> None:
    shop = read_instance(written(file, FJSP), "fjsp")
    assert [each.modes for each in shop.operations] == [(on(0, 3), on(1, 4)), (on(1, 2),), (on(0, 5),)]
    assert [(each.job, each.number) for each in shop.operations] == [(0, 0), (0, 1), (1, 0)]


def test_an_assembly_keeps_the_numbers_of_its_operations(file: Path) -> None:
    shop = read_instance(written(file, ASSEMBLY), "assembly")
    assert [(each.job, each.number) for each in shop.operations] == [(0, 0), (1, 1), (0, 2), (0, 3)]
    assert shop.operations[2].after == (After(0), After(3))
    assert len(shop.jobs) == 2


def test_a_project_keeps_its_activities_with_start_and_end(file: Path) -> None:
    project = read_instance(written(file, RCPSP), "rcpsp")
    assert [each.job for each in project.operations] == [0, 1, 2, 3]
    assert project.operations[1].modes == (Mode(4, ((0, 2),)),)
    assert project.operations[2].modes == (Mode(5, ((0, 1), (1, 1))),)
    assert project.operations[0].modes[0].machine == -1
    assert project.operations[3].after == (After(1), After(2))
    assert [each.capacity for each in project.resources] == [3, 1]


@pytest.mark.parametrize("format", TEXTS)
def test_the_content_tells_the_format(file: Path, format: str) -> None:
    shop = read_instance(written(file, TEXTS[format]))
    assert shop == read_instance(file, format)
    written(file, write_instance(shop))
    assert read_instance(file) == shop, "also what we write"


def test_what_may_be_two_formats_is_not_guessed(file: Path) -> None:
    written(file, "1 2\n1 1 0 5\n")
    with pytest.raises(WrongFile, match="jobshop or fjsp: say which with --format"):
        read_instance(file)
    assert len(read_instance(file, "jobshop").operations) == 2
    assert len(read_instance(file, "fjsp").operations) == 1


def test_what_is_in_no_format_is_told_for_each(file: Path) -> None:
    with pytest.raises(WrongFile, match=r"as jobshop: line 1: .*as rcpsp: line 1: "):
        read_instance(written(file, "Dear reader,\n"))


WRONG = [
    ("jobshop", "2 2\n0 3 1 2\n", None, "expected job 1 of 2, but the file ends"),
    ("jobshop", "2 2\n0 3 1 2\n1 4 0\n", 3, "expected a duration, a whole number from 0 to 1000000000000, but the line ends"),
    ("jobshop", "2 2\n0 3 1 2\n1 4 2 1\n", 3, "expected a machine, a whole number from 0 to 1, not 2"),
    ("jobshop", "2 2\n0 3 1 2\n1 4 0 -1\n", 3, "not '-1'"),
    ("jobshop", "1 1\n0 1.5\n", 2, "not '1.5'"),
    ("jobshop", "1 1\n0 ٣\n", 2, "not '٣'"),
    ("jobshop", "1 1\n0 3\n0 4\n", 3, "expected the file to end after 1 jobs"),
    ("jobshop", "1 1 1\n0 3\n", 1, "expected the line to end, not '1'"),
    ("jobshop", "1 1\n0 " + "9" * 5000 + "\n", 2, "not '999999999999999999999999999999' ..."),
    ("jobshop", "99999999999 1\n", 1, "how many jobs there are"),
    ("jobshop", "", None, "how many jobs and machines there are, but the file ends"),
    ("fjsp", "1 2\n2 1 0 3\n", 2, "how many alternatives the operation has"),
    ("fjsp", "1 2\n1 3 0 3 1 2 1 4\n", 2, "not 3"),
    ("fjsp", "1 2\n1 1 2 3\n", 2, "they are numbered from 0"),
    ("fjsp", "1 2\n1 1 0 3 7\n", 2, "expected the line to end, not '7'"),
    ("assembly", "2 1 1\n0 2\n1 0 3\n1 0 3\n", 2, "the operation after"),
    ("assembly", "2 2 1\n0 1\n1 0\n1 0 3\n1 0 3\n", None, "wait for each other"),
    ("assembly", "2 1 1\n0 1\n1 0 3\n", None, "expected operation 1 of 2, but the file ends"),
    ("rcpsp", "2 1\n3\n0 0 1 2\n4 4 0\n", 4, "what activity 2 takes of resource 1, a whole number from 0 to 3, not 4"),
    ("rcpsp", "2 1\n3\n0 0 1 3\n4 2 0\n", 3, "a successor"),
    ("rcpsp", "2 1\n3\n0 0 1\n", 3, "a successor, a whole number from 1 to 2, but the file ends"),
    ("rcpsp", "1 1\n3\n0 0 0 8\n", 3, "expected the file to end, not '8'"),
]


@pytest.mark.parametrize(("format", "content", "line", "words"), WRONG)
def test_a_fault_names_line_and_what_was_expected(file: Path, format: str, content: str, line: int | None, words: str) -> None:
    with pytest.raises(WrongFile) as caught:
        read_instance(written(file, content), format)
    assert words in str(caught.value)
    if line:
        assert caught.value.where == f"{file}, line {line}"
    else:
        assert str(caught.value).startswith(str(file))


def test_hostile_files_are_refused_before_they_are_read(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WrongFile, match="line 2: expected text, but this is binary"):
        read_instance(written(file, b"1 1\n0 3\0\xff"))
    with pytest.raises(WrongFile, match="line 1: expected text, but this is binary"):
        read_instance(written(file, b"\xff\xfe1 1"))
    with pytest.raises(WrongFile, match="not a file"):
        read_instance(tmp_path)
    with pytest.raises(NoFile):
        read_instance(tmp_path / "none.txt")
    with file.open("wb") as large:
        large.truncate(100_000_000)
    with pytest.raises(WrongFile, match="100,000,000 bytes, at most 32,000,000"):
        read_instance(file)
    monkeypatch.setattr(text, "MOST_LINE", 10)
    with pytest.raises(WrongFile, match=r"line 2: it has 11 characters"):
        read_instance(written(file, "1 1\n0 3        \n"), "jobshop")


def test_too_many_operations_are_refused_before_they_fill_the_memory(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "MOST_OPERATIONS", 1)
    with pytest.raises(WrongFile, match="at most 1 operations are read"):
        read_instance(written(file, OWN))
    monkeypatch.setattr(shops, "MOST_OPERATIONS", 4)
    with pytest.raises(WrongFile, match="line 5: at most 4 operations"):
        read_instance(written(file, JOBSHOP), "jobshop")


def test_a_format_that_nobody_knows(file: Path) -> None:
    with pytest.raises(WrongFile, match="no format excel, only jobshop, fjsp"):
        read_instance(written(file, JOBSHOP), "excel")


@settings(max_examples=30)
@given(instance=instances())
def test_our_format_says_everything(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("own") / "problem.json"
    file.write_text(write_instance(instance))
    assert read_instance(file) == instance


def test_the_example_of_the_documentation_is_one(file: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "plan.md").read_text(encoding="utf-8")
    shop = read_instance(written(file, page.split("```json\n")[1].split("```")[0]))
    assert (shop.name, len(shop.operations), shop.objective) == ("paint shop", 4, "tardiness")
    assert solve_instance(shop, seconds=20, workers=1).status == "optimal"


OWN = """{
  "format": "lotone plan 1",
  "resources": [{}],
  "jobs": [{"due": 5}],
  "operations": [
    {"job": 0, "operation": 0, "modes": [{"duration": 3, "takes": [[0, 1]]}]},
    {"job": 0, "operation": 1, "modes": [{"duration": 3, "takes": [[0, 1]]}],
     "after": [{"job": 0, "operation": 0}]}
  ]
}
"""
WRONG_OWN = [
    (
        '"duration": 3, "takes": [[0, 1]]}],',
        '"duration": 3.5, "takes": [[0, 1]]}],',
        7,
        r"operations\[1\].modes\[0\].duration",
    ),
    ('"duration": 3,', '"duration": 99999999999999999999,', 6, r"operations\[0\].modes\[0\].duration"),
    ('"due": 5', '"due": "soon"', 4, r"jobs\[0\].due"),
    ('"due": 5', '"dew": 5', 4, r"jobs\[0\].dew"),
    ('{"job": 0, "operation": 0}]', '{"job": 0}]', 8, r"operations\[1\].after\[0\].operation: Field required"),
    ("lotone plan 1", "lotone plan 9", 2, "format"),
    (
        '{"job": 0, "operation": 0}]',
        '{"job": 3, "operation": 0}]',
        None,
        "follows operation 0 of job 3, which is not in the file",
    ),
    ("[[0, 1]]", "[[4, 1]]", None, "no resource 4"),
    ('"jobs": [', '"jobs": [,', None, "line 4"),
    ("[{}]", "[" * 5000, None, "JSON"),
]


@pytest.mark.parametrize(("good", "bad", "line", "words"), WRONG_OWN)
def test_a_fault_in_our_format_names_line_and_place(file: Path, good: str, bad: str, line: int | None, words: str) -> None:
    assert len(read_instance(written(file, OWN)).operations) == 2
    with pytest.raises(WrongFile, match=words) as caught:
        read_instance(written(file, OWN.replace(good, bad, 1)))
    assert (caught.value.where or "").endswith(f", line {line}" if line else str(file))


def test_a_solution_is_read_as_it_was_written(file: Path) -> None:
    shop = read_instance(written(file, FJSP))
    schedule = (Placed(0, 1, 0, 4), Placed(1, 0, 4, 6), Placed(2, 0, 0, 5))
    found = Found(schedule, 6.0, 5.0, 0.01, "feasible", ((0.01, 6.0),))
    answer = read_answer(written(file, write_answer(shop, found)))
    assert [(each.job, each.operation, each.machine, each.mode, each.start) for each in answer.operations] == [
        (0, 0, 1, 1, 0),
        (0, 1, 1, 0, 4),
        (1, 0, 0, 0, 0),
    ]
    told = json.loads(file.read_text())
    assert (told["objective"], told["bound"], told["status"]) == (6, 5, "feasible")
    with pytest.raises(WrongFile, match=r"operations\[0\].start"):
        read_answer(written(file, file.read_text().replace('"start": 0', '"start": 0.5', 1)))
    unknown = replace(found, bound=None)
    assert json.loads(write_answer(shop, unknown))["bound"] is None
