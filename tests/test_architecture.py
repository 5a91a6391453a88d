"""Rule 4 of the house: another capability is entered only through its door."""

import ast
from pathlib import Path

import grimp
import pytest

SOURCE = Path(__file__).parents[1] / "src" / "lotone"
FREE = {"wiring", "web", "serve", "demo", "command", "loader", "__main__"}
"""Those who put the house together may look behind doors; loader only names models."""


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    return grimp.build_graph("lotone", cache_dir=None)


def test_others_enter_only_through_the_door(imports: grimp.ImportGraph) -> None:
    wrong = []
    for importer in imports.modules:
        room = importer.split(".")[1] if "." in importer else ""
        if room in FREE or not room:
            continue
        for imported in imports.find_modules_directly_imported_by(importer):
            parts = imported.split(".")
            if len(parts) > 2 and parts[0] == "lotone" and parts[1] not in (room, "kernel"):
                wrong.append(f"{importer} imports {imported}")
    assert not wrong, "\n".join(wrong)


def test_nothing_is_imported_inside_a_function() -> None:
    late = []
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                inner = [statement for statement in ast.walk(node) if isinstance(statement, ast.Import | ast.ImportFrom)]
                late += [f"{path}:{statement.lineno}" for statement in inner]
    assert not late, "\n".join(late)


def test_a_door_has_no_logic() -> None:
    for path in SOURCE.glob("*/__init__.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), f"{path} does not say what the room is for"
        if path.parent.name in FREE:
            continue
        logic = [type(node).__name__ for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.If)]
        assert not logic, f"{path} holds {logic}"
