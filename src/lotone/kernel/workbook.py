"""What a workbook (XLSX) of a stranger holds, counted before anything reads it: a few kilobytes can unpack to gigabytes."""

import re
import zipfile
from typing import BinaryIO

from lotone.kernel.errors import Invalid

FILES_MAX = 200
MARKS_MAX = 50_000
"""Elements of everything but cells and texts: styles and names become large objects."""
_MARKS_OF_A_CELL = 8
_CHUNK = 1 << 20
_CELL = re.compile(rb"<(?:[^\s<>/:]{1,200}:)?(?:c|si)[\s/>]")
_BEGINNINGS = (b"<", b" ", b"\t", b"\r", b"\n", b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe", b"\0")
_OVERLAP = 256
"""Bytes of one chunk that are looked at again with the next, so that no element is missed between two."""


class HostileWorkbook(Invalid):
    """A file that is no workbook, or a larger one than may be read."""


def check_workbook(file: BinaryIO, *, bytes_max: int, cells_max: int) -> None:
    """Refuse what would not fit into memory when it is read row by row (openpyxl's `read_only`, which also leaves merged
    cells alone; unmerging one of a few bytes takes it hours). Leaves the file at its beginning. Raises HostileWorkbook.
    """
    try:
        with zipfile.ZipFile(file) as packed:
            entries = packed.infolist()
            if len(entries) > FILES_MAX or sum(entry.file_size for entry in entries) > bytes_max:
                raise HostileWorkbook(f"the workbook is larger than {bytes_max // 1_000_000} MB when it is unpacked")
            _count(packed, cells_max)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as fault:
        raise HostileWorkbook("this is no workbook; expected a file that ends with .xlsx") from fault
    file.seek(0)


def _count(packed: zipfile.ZipFile, cells_max: int) -> None:
    cells = marks = others = 0
    for entry in packed.infolist():
        found_cells, found_marks = _counted(packed, entry)
        cells += found_cells
        if entry.filename.startswith("xl/worksheets/") or entry.filename.endswith("sharedStrings.xml"):
            marks += found_marks
        else:
            others += found_marks
    if cells > cells_max or marks > _MARKS_OF_A_CELL * cells_max:
        raise HostileWorkbook(f"the workbook has more than {cells_max} cells")
    if others > MARKS_MAX:
        raise HostileWorkbook(f"the workbook has more than {MARKS_MAX} styles and names")


def _counted(packed: zipfile.ZipFile, entry: zipfile.ZipInfo) -> tuple[int, int]:
    """Cells (and shared texts), and all elements. The count may be a few too high, never too low."""
    cells = marks = 0
    before = b""
    with packed.open(entry) as part:
        while chunk := part.read(_CHUNK):
            if not before and not chunk.startswith(_BEGINNINGS):
                break  # a picture, whatever its name says: no reader takes it for XML
            if b"\0" in chunk or b"<!" in before[-8:] + chunk:
                raise HostileWorkbook("the workbook has entities, comments or letters that are not UTF-8")
            cells += len(_CELL.findall(before + chunk))
            marks += chunk.count(b"<")
            before = chunk[-_OVERLAP:]
    return cells, marks
