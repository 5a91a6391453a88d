"""The pages of the shop."""

from lotone.web.room import Room
from lotone.web.shop.api import router as api

ROOM = Room(routers=(api,))
