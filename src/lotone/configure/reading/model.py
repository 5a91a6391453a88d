"""Reading a feature model of any kind that is known, by the end of its file's name."""

from pathlib import Path

from lotone.configure.model.features import Model
from lotone.configure.reading.dimacs import read_dimacs
from lotone.configure.reading.uvl import read_uvl

DIMACS = (".dimacs", ".cnf")


def read_model(source: Path | str, *, name: str | None = None) -> Model:
    """Read a model from a file (a Path) or from a text in UVL (a str). Raises BrokenModel with every fault.

    A file whose name ends in `.dimacs` or `.cnf` is read as DIMACS, any other as UVL. A text counts as DIMACS when `name`
    ends so.

    >>> read_model("features\\n    Bike\\n        optional\\n            Rack\\n").options
    ('Rack',)
    """
    file = name or (source.name if isinstance(source, Path) else "")
    read = read_dimacs if file.lower().endswith(DIMACS) else read_uvl
    return read(source, name=name)
