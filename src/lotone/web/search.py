"""What Ctrl-K finds: pages of the menu, and whatever each folder of pages knows by name."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from lotone.identity import Actor, may
from lotone.web.access import platform_of, signed_in
from lotone.web.live import may_hear, stream
from lotone.web.page import reader_of
from lotone.web.room import SECTION_WORDS, Found, Room

router = APIRouter()
MOST = 12


@router.get("/search.json")
def search(request: Request, q: str = "", actor: Actor = signed_in()) -> JSONResponse:
    """A dozen things whose name or id holds the query."""
    reader = reader_of(request)
    query = q.strip()[:100]
    found = _pages(request, actor, query)
    if query:
        with platform_of(request).look(actor.organization) as work:
            rooms: list[Room] = request.app.state.rooms
            for room in rooms:
                if room.search is not None and len(found) < MOST * 2:
                    found.extend(room.search(work, actor, query, reader))
    return JSONResponse({"found": [vars(one) for one in found[:MOST]]}, headers={"Cache-Control": "no-store"})


def _pages(request: Request, actor: Actor, query: str) -> list[Found]:
    reader = reader_of(request)
    wanted = query.casefold()
    return [
        Found(reader.words(entry.words), entry.href_for(actor), entry.icon, kind=reader.words(SECTION_WORDS[entry.section]))
        for entry in request.app.state.menu
        if may(actor, entry.action) and any(wanted in text.casefold() for text in entry.words.as_dict().values())
    ]


@router.get("/live")
async def live(request: Request, facts: str = "", actor: Actor = signed_in()) -> object:
    """Facts of one's organization that one may read, as they become true; `facts` narrows them by name."""
    names = frozenset(name for name in facts.split(",") if name)
    allowed = may_hear(actor)
    return stream(request, actor, lambda fact: (not names or fact.name in names) and allowed(fact))
