"""All folders of pages. A new one adds its line here and nothing else."""

from lotone.web.account import pages as account
from lotone.web.administration import pages as administration
from lotone.web.reference import pages as reference
from lotone.web.room import Room

ROOMS: list[Room] = [
    account.ROOM,
    administration.ROOM,
    reference.ROOM,
]
