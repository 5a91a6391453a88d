"""Choices as a few letters: their places among the features of one version of a product, so that an address fits on a phone.

`3-AwECBw` is version 3 and, in URL-safe base64, the distance from each chosen feature to the next, seven bits a byte.
"""

import base64
import binascii
from collections.abc import Iterable, Iterator

from lotone.configure import Model
from lotone.kernel import Invalid


class WrongCode(Invalid):
    """These letters stand for no choices."""

    def __init__(self, code: str) -> None:
        super().__init__(f"'{code[:40]}' stands for no configuration; was the address copied whole?", where="k")


def code_of(model: Model, version: int, choices: Iterable[str]) -> str:
    """The letters for some choices of a version's model."""
    places = {name: number for number, name in enumerate(model.features)}
    bytes_, last = bytearray(), 0
    for place in sorted(places[name] for name in set(choices)):
        step, last = place - last, place
        while step > 0x7F:
            bytes_.append(0x80 | step & 0x7F)
            step >>= 7
        bytes_.append(step)
    return f"{version}-{base64.urlsafe_b64encode(bytes_).decode().rstrip('=')}"


def version_of(code: str) -> int:
    """The version that a code speaks of. Raises WrongCode."""
    version = code.partition("-")[0]
    if not (version.isascii() and version.isdigit() and len(version) < 7):
        raise WrongCode(code)
    return int(version)


def choices_of(model: Model, code: str) -> list[str]:
    """The choices that a code stands for, in the version that it names. Raises WrongCode."""
    letters = code.partition("-")[2]
    try:
        steps = list(_steps(base64.b64decode(letters + "=" * (-len(letters) % 4), b"-_", validate=True)))
    except (binascii.Error, ValueError) as fault:
        raise WrongCode(code) from fault
    names, place, found = list(model.features), 0, []
    for step in steps:
        place += step
        if place >= len(names):
            raise WrongCode(code)
        found.append(names[place])
    return found


def _steps(bytes_: bytes) -> Iterator[int]:
    step = shift = 0
    for byte in bytes_:
        step |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            yield step
            step = shift = 0
    if shift:
        raise ValueError("the last number is cut off")
