"""/api/v1/avatars: delivery. The name is the permission (192 random bits): <img> sends no token.

The bytes were encoded by us, and still a browser is told to run nothing in them.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Header, Request, Response

from appinstance_app.dependencies import Context
from appinstance_app.problems import Problem

from .images import CONTENT_TYPE

router = APIRouter(prefix="/api/v1/avatars", tags=["avatars"])
# A name is never used twice, so what it stands for never changes. Kept by the browser alone: a
# cache that many share would go on showing what was removed.
HEADERS: Final = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Disposition": "inline",
    "X-Content-Type-Options": "nosniff",
}


class Picture(Response):
    """A WebP file; named so that the API's description says so."""

    media_type = CONTENT_TYPE


@router.get(
    "/{user_id}/{name}.webp",
    response_class=Picture,
    responses={304: {"description": "The picture that the browser has is this one."}},
)
async def avatar(
    user_id: str,
    name: str,
    request: Request,
    app: Context,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """A picture. Read whole before it is sent: it is small, and a slow client then holds no
    connection to S3."""
    address = request.state.client_address
    if not await app.avatars.is_shown(user_id, name, address=address):
        raise _nothing()
    headers = {**HEADERS, "ETag": etag(name)}
    # Judged after that: what was removed is not confirmed to who has kept it.
    if if_none_match is not None and is_known(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    content = await app.avatars.picture(user_id, name, address=address)
    if content is None:
        raise _nothing()
    return Picture(content, headers=headers)


def etag(name: str) -> str:
    """A strong one: under one name there are only ever the same bytes."""
    return f'"{name}"'


def is_known(if_none_match: str, tag: str) -> bool:
    """Whether the client has it (RFC 9110, 13.1.2: any, or one of these by weak comparison)."""
    given = [item.strip().removeprefix("W/") for item in if_none_match.split(",")]
    return given == ["*"] or tag in given


def _nothing() -> Problem:
    return Problem(404, "There is no such picture.")
