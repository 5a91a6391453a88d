"""Reading a feature model of any kind that is known, by the end of its file's name."""

from pathlib import Path

from lotone.configure.model.features import Model
from lotone.configure.reading.uvl import read_uvl


def read_model(source: Path | str, *, name: str | None = None) -> Model:
    """Read a model from a file (a Path) or from a text in UVL (a str). Raises BrokenModel with every fault.

    >>> read_model("features\\n    Bike\\n        optional\\n            Rack\\n").options
    ('Rack',)
    """
    return read_uvl(source, name=name)
