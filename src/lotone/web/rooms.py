"""All folders of pages. A new one adds its line here and nothing else."""

from lotone.web.account import pages as account
from lotone.web.administration import pages as administration
from lotone.web.connect import pages as connect
from lotone.web.demand import pages as demand
from lotone.web.make import pages as make
from lotone.web.market import pages as market
from lotone.web.orders import pages as orders
from lotone.web.plan import pages as plan
from lotone.web.plant import pages as plant
from lotone.web.products import pages as products
from lotone.web.reference import pages as reference
from lotone.web.room import Room
from lotone.web.shop import pages as shop
from lotone.web.whatif import pages as whatif

ROOMS: list[Room] = [
    shop.ROOM,
    demand.ROOM,
    account.ROOM,
    products.ROOM,
    administration.ROOM,
    plan.ROOM,
    whatif.ROOM,
    make.ROOM,
    plant.ROOM,
    connect.ROOM,
    orders.ROOM,
    market.ROOM,
    reference.ROOM,
]
