"""Files of scheduling problems: read what the benchmark collections and we ourselves write, and write ours."""

from lotone.plan.formats.guess import FORMATS, read_instance
from lotone.plan.formats.own import write_instance
from lotone.plan.formats.solution import Answer, Row, operation_rows, read_answer, summary, write_answer
from lotone.plan.formats.text import NoFile, WrongFile

__all__ = [
    "FORMATS",
    "Answer",
    "NoFile",
    "Row",
    "WrongFile",
    "operation_rows",
    "read_answer",
    "read_instance",
    "summary",
    "write_answer",
    "write_instance",
]
