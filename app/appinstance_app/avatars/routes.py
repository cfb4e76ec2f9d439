"""/api/v1/avatars: delivery. The name is the permission (192 random bits): <img> sends no token.

The bytes were encoded by us, and still a browser is told to run nothing in them.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response

from appinstance_app.dependencies import Context
from appinstance_app.problems import Problem

from .images import CONTENT_TYPE

router = APIRouter(prefix="/api/v1/avatars", tags=["avatars"])
# A name is never used twice, so what it stands for never changes.
HEADERS: Final = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Disposition": "inline",
    "X-Content-Type-Options": "nosniff",
}


class Picture(Response):
    """A WebP file; named so that the API's description says so."""

    media_type = CONTENT_TYPE


@router.get("/{user_id}/{name}.webp", response_class=Picture)
async def avatar(user_id: str, name: str, request: Request, app: Context) -> Response:
    """A picture. Read whole before it is sent: it is small, and a slow client then holds no
    connection to S3."""
    content = await app.avatars.picture(user_id, name, address=request.state.client_address)
    if content is None:
        raise Problem(404, "There is no such picture.")
    return Picture(content, headers=HEADERS)
