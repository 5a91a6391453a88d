"""What everyone needs and no business words: errors, ids, clocks, words and money, facts with outbox, database, messages."""

from lotone.kernel.clock import Clock, PlantClock, wall_clock
from lotone.kernel.database import Database, UtcTime, tables
from lotone.kernel.errors import Conflict, Forbidden, Invalid, LotOneError, NotFound, Unavailable
from lotone.kernel.facts import Fact, Tell, Told, fact_from_json
from lotone.kernel.ids import new_id
from lotone.kernel.messages import Messages
from lotone.kernel.native import native_library
from lotone.kernel.outbox import Bus, Relay, Trouble, facts_after, keep, newest_number, troubles, waiting
from lotone.kernel.settings import Settings, WrongSetting, read_settings
from lotone.kernel.words import LANGUAGES, Money, Words
from lotone.kernel.workbook import HostileWorkbook, check_workbook

__all__ = [
    "LANGUAGES",
    "Bus",
    "Clock",
    "Conflict",
    "Database",
    "Fact",
    "Forbidden",
    "HostileWorkbook",
    "Invalid",
    "LotOneError",
    "Messages",
    "Money",
    "NotFound",
    "PlantClock",
    "Relay",
    "Settings",
    "Tell",
    "Told",
    "Trouble",
    "Unavailable",
    "UtcTime",
    "Words",
    "WrongSetting",
    "check_workbook",
    "fact_from_json",
    "facts_after",
    "keep",
    "native_library",
    "new_id",
    "newest_number",
    "read_settings",
    "tables",
    "troubles",
    "waiting",
    "wall_clock",
]
