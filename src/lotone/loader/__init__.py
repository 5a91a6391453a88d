"""A company's starting data: a folder of tables, read and checked as a whole, then loaded into an organization.

`read_blueprint` reads a folder such as `lotone/blueprints/ebike` and raises `BrokenBlueprint` with every fault in it, each
with file, line and column; among them are faults that only a solver finds, such as a choice for which no machine
parameter has a value. `load` hands what was read to the capabilities; loading again doubles nothing.

**The files.** CSV in UTF-8 with a header; texts for people in `name` and `name_zh`; an empty cell is nothing. `when` is a
condition over features such as `belt & !(size_s | size_m)`, or over their values and attributes such as `width > 90`; empty
is always. Where a number is expected in operations, times, demand, parameters or checks, a formula may stand: `=width * 0.02`,
`=12 + 0.5 * len(engraving)`, `=sum(Weight)`. Files marked with * may be missing, columns in
brackets too.

- `blueprint.toml`: id, name, currency, time_zone, language; section `[product]`: id, name, hint, start (the first choices)
- `product.uvl`: the feature model, prices in the attribute `Price`
- `words.csv`*: feature, name, [hint]
- `picture.svg`*, `picture.csv`*: `data-when` on elements; property (a CSS custom property), value, [when]
- `suppliers.csv`: supplier, name, [automatic] (deliveries arrive by themselves, in simulated plants)
- `parts.csv`: part, name, [unit, stock]
- `offers.csv`: supplier, part, price, lead_time_days, [least]
- `calendars.csv`: calendar, weekdays (`Mon-Sat`), start, end, time_zone, [overtime, overtime_cost_per_hour]; several rows are
  several shifts, those with `yes` in overtime hours that may be opened at a cost
- `holidays.csv`*: calendar, start, end (`2026-12-24` or `2026-12-24 14:00`), [open, name]; closed, or open against the shifts
- `equipment.csv`: id, level (site, area, work_center, work_unit), parent, name, and of work units [calendar, capacity, batch,
  setups, state]: how much they do at a time, whether it begins and ends together, the setup matrix they follow, and what they
  are set up for now
- `crew.csv`*: id, kind (operator, tool), name, calendar, skills, [capacity, work_center]
- `setups.csv`*: matrix, before, after, minutes; a row with `*` in both is for all changes that are not listed
- `transport.csv`*: before, after (work centers), minutes
- `maintenance.csv`*: resource, start, end, [name]
- `connections.csv`: connection, protocol, address (with `{port}`, `{organization}`), work_units, [settings] (JSON)
- `tags.csv`: asset (a work unit, a work center for its units, `*` for all units; the narrowest row counts), tag, type,
  meaning, name, [unit, resolution, low, high, writable, connection, address]
- `operations.csv`: operation, name, work_center, minutes, [work_units, after, wait_after_minutes, when, setup, batch, size,
  also, wait_most_minutes]; `setup` is the parameter that says what the machine must be set up for, `batch` the parameters
  that units of one batch have in common (`*`: none need to), `also` the skills that are needed too
- `times.csv`*: operation, when, add_minutes
- `demand.csv`: part, quantity, operation, [when, slot]. Two different parts of one slot, such as `motor`, never come together,
  and every configuration has one; a slot with a question mark, `basket?`, may stay empty
- `parameters.csv`*: operation, parameter (a tag), value, [when]; exactly one row applies in every configuration
- `checks.csv`*: operation, check (a tag), [low, high, when]

A tag without `connection` is reached over the first connection that lists its work unit; without `address` over Sparkplug B as
`machine/<tag>`, over OPC UA as `ns=2;s=<tag>`, over MQTT and HTTP by its name. Modbus needs a register.

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
