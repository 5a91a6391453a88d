"""Forms whose fields are not known beforehand, for routes that run on worker threads."""

from typing import Any

from fastapi import Depends, Request
from starlette.datastructures import FormData


async def _form(request: Request) -> FormData:
    return await request.form()


def any_form() -> Any:
    """`form: FormData = any_form()`: all fields of the request's form."""
    return Depends(_form)
