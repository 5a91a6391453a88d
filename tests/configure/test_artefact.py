"""A stored circuit answers as the one that was stored; whatever else is in the file is not taken for one."""

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from configure.circuits import formulas
from lotone.configure.reasoning import artefact
from lotone.configure.reasoning.artefact import key_of, load, load_or_compile, save
from lotone.configure.reasoning.circuit import Circuit
from lotone.configure.reasoning.compiling import compile_clauses
from lotone.configure.reasoning.limits import Limits, TooHard

CLAUSES = [[1, 2, 3], [-1, 4], [-2, -3, 5], [5, 6]]
VARIABLES = 8
KEY = key_of(CLAUSES, VARIABLES)
COST = np.arange(VARIABLES + 1, dtype=np.int64) - 4


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    path = tmp_path / "bike.circuit"
    save(compile_clauses(CLAUSES, VARIABLES), path, KEY)
    return path


def says(circuit: Circuit) -> tuple[object, ...]:
    answer = circuit.answer([2], COST)
    assert answer is not None
    assert answer.low_with is not None
    marks = answer.can_be_in.tolist(), answer.can_be_out.tolist(), answer.low_with.tolist()
    return answer.low, answer.high, answer.log2_count, *marks, circuit.count([2]), circuit.sample([2], Random(4))


@given(formulas())
def test_a_stored_circuit_is_the_one_that_was_stored(
    tmp_path_factory: pytest.TempPathFactory, formula: tuple[int, list[list[int]]]
) -> None:
    variables, clauses = formula
    path = tmp_path_factory.mktemp("circuits") / "one"
    made = compile_clauses(clauses, variables)
    save(made, path, "key")
    found = load(path, "key")
    assert found is not None
    assert found.layout.variables == variables
    for name in artefact.ARRAYS:
        assert getattr(found.layout, name).tolist() == getattr(made.layout, name).tolist()
    assert found.count([]) == made.count([])


def test_it_answers_and_nobody_can_write_to_it(stored: Path) -> None:
    found = load(stored, KEY)
    assert found is not None
    assert says(found) == says(compile_clauses(CLAUSES, VARIABLES))
    assert not found.layout.literals.flags.writeable


def test_saving_again_replaces_the_file_while_the_old_one_answers(stored: Path) -> None:
    old = load(stored, KEY)
    assert old is not None
    said = says(old)
    save(compile_clauses([[1]], 2), stored, "other")
    assert says(old) == said
    new = load(stored, "other")
    assert new is not None
    assert new.count([]) == 2
    assert [path.name for path in stored.parent.iterdir()] == [stored.name]


def test_a_missing_file_is_no_circuit_and_nothing_to_log(tmp_path: Path) -> None:
    with capture_logs() as lines:
        assert load(tmp_path / "none", KEY) is None
    assert lines == []


def changed(data: bytes, **told: object) -> bytes:
    """The same file with another description of the same length."""
    first, after = 16, 16 + int.from_bytes(data[8:16], "little")
    text = json.dumps({**json.loads(data[first:after]), **told}).encode()
    return data[:first] + text.ljust(after - first)[: after - first] + data[after:]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: b"", "cannot mmap an empty file"),
        (lambda data: b"PK\3\4" + data, "no stored circuit"),
        (lambda data: data[:100], ""),
        (lambda data: data[:-1], "bytes"),
        (lambda data: data + b"\0", "bytes"),
        (lambda data: data[:-200] + bytes([data[-200] ^ 1]) + data[-199:], "checksum"),
        (lambda data: changed(data, format=9), "format 9"),
        (lambda data: changed(data, key="0" * 64), "another model"),
        (lambda data: changed(data, variables=7), "do not fit"),
        (lambda data: changed(data, arrays={}), ""),
        (lambda data: data[:8] + b"\xff" * 8 + data[16:], ""),
    ],
)
def test_what_is_no_circuit_of_ours_is_told_and_left(stored: Path, damage: Callable[[bytes], bytes], reason: str) -> None:
    stored.write_bytes(damage(stored.read_bytes()))
    with capture_logs() as lines:
        assert load(stored, KEY) is None
    assert [line["log_level"] for line in lines] == ["warning"]
    assert reason in lines[0]["reason"]


@given(st.data())
def test_no_changed_byte_gives_another_answer(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("circuits") / "one"
    made = compile_clauses(CLAUSES, VARIABLES)
    save(made, path, KEY)
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    found = load(path, KEY)
    assert found is None or says(found) == says(made)  # what lies between the parts is nobody's


def test_a_key_tells_clauses_and_variables_apart() -> None:
    keys = [key_of([[1, 2]], 2), key_of([[1], [2]], 2), key_of([[1, 2]], 3), key_of([[1, -2]], 2), key_of([], 2)]
    assert len(set(keys)) == len(keys)
    assert key_of(((1, 2),), 2) == keys[0]


def test_what_was_compiled_is_not_compiled_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "new" / "folder"
    made = load_or_compile(folder, CLAUSES, VARIABLES, Limits())
    monkeypatch.setattr(artefact, "compile_clauses", None)
    assert says(load_or_compile(folder, CLAUSES, VARIABLES, Limits())) == says(made)


def test_a_damaged_circuit_is_made_anew(tmp_path: Path) -> None:
    load_or_compile(tmp_path, CLAUSES, VARIABLES, Limits())
    stored = tmp_path / f"{KEY}.circuit"
    whole = stored.read_bytes()
    stored.write_bytes(whole[:-7])
    load_or_compile(tmp_path, CLAUSES, VARIABLES, Limits())
    assert stored.read_bytes() == whole


def test_what_was_too_hard_is_tried_again_only_with_more_time_or_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def too_hard(clauses: object, variables: int, limits: Limits) -> Circuit:
        tried.append(limits)
        raise TooHard("it does not compile within 2 seconds")

    monkeypatch.setattr(artefact, "compile_clauses", too_hard)
    two, less, more = Limits(2, 100), Limits(1, 100), Limits(2, 200)
    for limits in (two, two, less, more, more):
        with pytest.raises(TooHard, match="within 2 seconds"):
            load_or_compile(tmp_path, CLAUSES, VARIABLES, limits)
    assert tried == [two, more]
    long_ago = time.time() - 2 * 24 * 3600
    os.utime(tmp_path / f"{KEY}.hard", (long_ago, long_ago))
    with pytest.raises(TooHard):
        load_or_compile(tmp_path, CLAUSES, VARIABLES, two)
    assert tried == [two, more, two]


def test_a_folder_that_can_not_be_written_costs_no_answer(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with capture_logs() as lines:
        assert load_or_compile(tmp_path / "file", CLAUSES, VARIABLES, Limits()).count([1]) > 0
    assert "can't be stored" in lines[-1]["event"]


def test_many_ask_at_once_and_one_compiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def counted(*args: object) -> Circuit:
        made.append(1)
        return compile_clauses(CLAUSES, VARIABLES)

    monkeypatch.setattr(artefact, "compile_clauses", counted)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: load_or_compile(tmp_path, CLAUSES, VARIABLES, Limits()), range(16)))
    assert len(made) == 1
    assert all(says(each) == says(found[0]) for each in found)
