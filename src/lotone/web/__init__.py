"""Web: the pages and the HTTP API of a platform; `create_app(platform)` makes the application, `WebServer` serves it.

How to add pages (everything below is used by `account/`, `administration/` and `reference/`, which are good to copy
from)

**A folder per capability.** `web/<capability>/pages.py` (pages), `api.py` (JSON under `/api/v1`), `*.html` (templates),
`zh.po` (Chinese texts of this folder). It exports `ROOM = Room(routers=(router, api), menu=(Entry(...),),
search=search)`; add `<capability>.ROOM` to `web/rooms.py`, nothing else.

**A page.**

    router = APIRouter(prefix="/plan")

    @router.get("")
    def schedule(request: Request, actor: Actor = needs("plan.read")) -> Response:
        "The schedule and what is late."
        with platform_of(request).look(actor.organization) as work:
            late = work.plan.late()
        return page(request, "plan/schedule.html", late=late, thread=Thread.at("operation", machine="/plant"))

Write routes as plain `def` (they run in threads); `async def` only for streams. Every route declares who may use it, or
the application refuses to start: `needs("plan.read")` (role and token scopes), `signed_in()` (any user;
`in_person=True` refuses tokens), `shopper("orders.quote")` on a path with `{shop}` (a guest, or a user of that
organization; keep orders under `actor.who`, and call `work.identity.guest_user(actor)` when a guest orders),
`everyone()`. The same route then answers 401 (a browser: the sign-in page), 403, or 404 for what belongs to another
organization: always open `look`/`work` with `actor.organization`, and take the ids of things from the path, so that
foreign ones are simply not found. `look` reads, `work` writes and tells facts; keep both short.

**Changes.** POST routes; forms contain `{{ csrf_field }}` (htmx sends the token by itself). Answer with `go_to(request,
address)`, or with the changed fragment; `told(answer, text, undo=address)` shows a toast with an undo. Errors: raise
the platform's errors; they become a page, or problem+json with a number; if `where` names a field of the form, htmx
shows the sentence under that field.

**Templates** extend `frame/plant.html` (blocks title, heading, lead, actions, width ["full" | "narrow"], live,
content), `frame/shop.html` (title, shop_mark, shop_nav, live, content, footer) or `frame/bare.html`. They see `actor`,
`user`, `can("plan.write")`, `reader`, `demo`, `this_page(lang="zh")`, `icon("clock")` (names: web/src/icons.json), the
macros of `frame/parts.html` as `parts`: status, empty, note, figure, field, choice, api_call; and filters for the
reader's language and zone: `words`, `number("kW")`, `percent`, `money`, `minutes`, `duration`,
`moment("date|day|time|moment|second", plant_zone=...)`, `age(stale=60, clock="plant")`. A fragment that is included or
sent alone begins with `{% import "frame/parts.html" as parts with context %}`; `partial` is true for htmx. No inline
styles or scripts: the content policy blocks them (SVG uses attributes; `<progress value=...>` draws bars). See all
parts at `/reference`.

**Texts.** `_("...")` in templates, `reader_of(request).say("...")` in Python, `say("...")` in TypeScript (add the text
to `web/texts.py`), menu labels are `Words`. `tests/web/test_translations.py` prints what is missing in Chinese, ready
to be put into the folder's `zh.po`.

**Live.** Put `<lo-live src="/live?facts=ScheduleChanged,MachineStopped"></lo-live>` into the block `live` once a page;
every fact becomes an event on the body, so a fragment keeps itself fresh by `hx-get="/plan/late"
hx-trigger="lo:ScheduleChanged from:body throttle:1s" hx-swap="morph"`. `/live` carries facts whose capability the actor
may read. For a buyer, make a stream of your own: check what she may see, then `return stream(request, actor, lambda
fact: getattr(fact, "order", None) == order.id)` from an `async def` route.

**Elements.** `<lo-gantt src="/plan/schedule.json" refresh="lo:ScheduleChanged lo:MachineStopped" hours="48"
rows-label="...">`: JSON as in web/src/gantt/model.ts (asked with `from` and `to` in ms). `<lo-trend id="..."
src="/plant/trend.json?tag=7" minutes="60" live="2" group="plant">`: JSON as in web/src/elements/trend.ts (asked with
`from`, `to`, `points`). Both answers carry `now` (plant clock, ms) and `zone`. `<lo-table name="late">` around a table
with `th data-sort="text|number"` and `td data-value`; `<lo-age at= clock= stale=>`; `<lo-tabs>`; `<dialog id>` opened
by `data-dialog`; `data-copy`, `data-print`, `data-close`. A capability's own styles and scripts:
`web/src/pages/<capability>.css` and `.ts` are bundled without being listed (`@layer pages`; elements by `defineLater`);
then run `python build_hook.py`. Colours come from tokens only.

**For tests**: `routes_of(app)` lists method, path, action and audience of every route.
"""

from lotone.web.app import create_app, routes_of
from lotone.web.server import WebServer

__all__ = ["WebServer", "create_app", "routes_of"]
