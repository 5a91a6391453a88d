"""A company's starting data: a folder of tables, read and checked as a whole, then loaded into an organization.

`read_blueprint` reads a folder such as `lotone/blueprints/ebike` and raises `BrokenBlueprint` with every fault in it, each
with file, line and column; among them are faults that only a solver finds, such as a choice for which no machine
parameter has a value. `load` hands what was read to the capabilities; loading again doubles nothing.

>>> from importlib.resources import files
>>> from pathlib import Path
>>> blueprint = read_blueprint(Path(str(files("lotone") / "blueprints" / "ebike")))
>>> blueprint.product.id, len(blueprint.resources)
('ebike', 12)
"""

from lotone.loader.loading import load
from lotone.loader.model import Blueprint, BrokenBlueprint
from lotone.loader.reading import read_blueprint

__all__ = ["Blueprint", "BrokenBlueprint", "load", "read_blueprint"]
