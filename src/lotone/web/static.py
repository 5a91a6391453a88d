"""Files of the front end: read once, served compressed, cached by browsers for ever because their names hold a hash."""

import gzip
import json
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lotone.kernel import Unavailable

FOLDER = Path(__file__).parent / "static"
mimetypes.add_type("font/woff2", ".woff2")
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("image/svg+xml", ".svg")


@dataclass(frozen=True)
class File:
    content: bytes
    compressed: bytes | None
    media_type: str
    is_hashed: bool


@cache
def _files(changed_ns: int) -> dict[str, File]:
    found = {}
    for path in FOLDER.rglob("*"):
        if path.is_file() and path.suffix != ".sha256":
            content = path.read_bytes()
            small = gzip.compress(content, 9, mtime=0)
            media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            name = path.relative_to(FOLDER).as_posix()
            is_hashed = name.startswith("built/") and path.name != "manifest.json"
            found[name] = File(content, small if len(small) < 0.9 * len(content) else None, media_type, is_hashed)
    return found


@cache
def _manifest(changed_ns: int) -> dict[str, str]:
    return dict(json.loads((FOLDER / "built" / "manifest.json").read_text(encoding="utf-8")))


def _changed_ns() -> int:
    try:
        return (FOLDER / "built" / "manifest.json").stat().st_mtime_ns
    except FileNotFoundError as fault:
        reason = "the front end was not built; run `python build_hook.py` in the source tree, or install the package again"
        raise Unavailable(reason) from fault


def asset(name: str) -> str:
    """The address of a built file by its plain name: `app.css`, `icons.svg`."""
    return f"/static/built/{_manifest(_changed_ns())[name]}"


async def serve(request: Request) -> Response:
    """GET /static/{path}."""
    file = _files(_changed_ns()).get(request.path_params["path"])
    if file is None:
        raise HTTPException(404)
    lasting = "public, max-age=31536000, immutable" if file.is_hashed else "public, max-age=3600"
    headers = {"Cache-Control": lasting, "Vary": "Accept-Encoding"}
    if file.compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(file.compressed, headers=headers, media_type=file.media_type)
    return Response(file.content, headers=headers, media_type=file.media_type)
