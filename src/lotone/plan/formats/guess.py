"""Read a problem in the format it is said to have, or in the only one it can have."""

from collections.abc import Callable, Mapping
from pathlib import Path

from lotone.plan.formats.own import read_own
from lotone.plan.formats.rcpsp import read_rcpsp
from lotone.plan.formats.shops import read_assembly, read_fjsp, read_jobshop
from lotone.plan.formats.text import WrongFile, read_text
from lotone.plan.model.instance import Instance, WrongInstance

Reader = Callable[[Path, str], Instance]
FORMATS: Mapping[str, Reader] = {
    "jobshop": read_jobshop,
    "fjsp": read_fjsp,
    "assembly": read_assembly,
    "rcpsp": read_rcpsp,
    "lotone": read_own,
}
BY_SUFFIX = {".rcp": "rcpsp", ".json": "lotone", ".fjs": "fjsp", ".jsp": "jobshop", ".jss": "jobshop"}


def read_instance(path: Path | str, format: str | None = None) -> Instance:
    """The problem in a file. `format` is one of `FORMATS`; without it, it is told by the file's name or content.

    Raises NoFile; WrongFile with line and what was expected there.
    """
    path = Path(path)
    if format is not None and format not in FORMATS:
        raise WrongFile(f"there is no format {format}, only {', '.join(FORMATS)}", where=str(path))
    text = read_text(path)
    known = format or BY_SUFFIX.get(path.suffix.lower()) or ("lotone" if text.lstrip().startswith("{") else None)
    return _read(known, path, text) if known else _read_unknown(path, text)


def _read(format: str, path: Path, text: str) -> Instance:
    try:
        return FORMATS[format](path, text)
    except WrongInstance as fault:
        raise WrongFile(str(fault), where=str(path)) from None


def _read_unknown(path: Path, text: str) -> Instance:
    """In the only format that fits. Reading takes no guess for an answer, so a file that fits two is told apart by nobody."""
    fitting: dict[str, Instance] = {}
    reasons = []
    for format in FORMATS:
        try:
            fitting[format] = _read(format, path, text)
        except WrongFile as fault:
            reasons.append(f"as {format}: {(fault.where or '').removeprefix(f'{path}, ')}: {fault.message}")
    if len(fitting) == 1:
        return next(iter(fitting.values()))
    if fitting:
        raise WrongFile(f"this may be {' or '.join(fitting)}: say which with --format", where=str(path))
    raise WrongFile(f"this is in no format that is known here. {'. '.join(reasons)}", where=str(path))
