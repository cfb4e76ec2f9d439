"""/api/v1/users/me: the caller's own account and picture."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from appinstance_app.auth.clients import client_of
from appinstance_app.avatars.schemas import UPLOAD_BODY
from appinstance_app.dependencies import Calling, Context
from appinstance_app.store.records import Event
from appinstance_app.workers import Busy

from .schemas import Profile, UserOut, user_out

AVATAR_PATH: Final = "/api/v1/users/me/avatar"
_UPLOAD: Final[dict[str, Any]] = {"requestBody": UPLOAD_BODY}

router = APIRouter(prefix="/api/v1/users", tags=["users"])


@router.get("/me")
async def me(caller: Calling, app: Context) -> UserOut:
    """The caller's account."""
    return user_out(caller.user, app.avatars.address(caller.user))


@router.patch("/me")
async def patch_me(body: Profile, request: Request, caller: Calling, app: Context) -> UserOut:
    """The account under another name."""
    user = await app.users.rename(caller, body.display_name, client_of(request))
    return user_out(user, app.avatars.address(user))


@router.delete("/me", status_code=204)
async def delete_me(caller: Calling, app: Context) -> Response:
    """The end of the account, with its sessions and its picture."""
    await app.users.delete(caller)
    return Response(status_code=204, headers=app.cookies.cleared())


@router.put("/me/avatar", openapi_extra=_UPLOAD)
async def put_avatar(request: Request, caller: Calling, app: Context) -> UserOut:
    """A new picture. The body is read here, after the caller is known, and not by the framework."""
    try:
        await app.avatars.count_upload(caller.user)
        async with app.uploads.file(request, caller.user.id) as file:
            changed = await app.avatars.replace(caller.user, file)
    except HTTPException as problem:
        app.metrics.uploads.labels(str(problem.status_code)).inc()
        raise
    except Busy:
        app.metrics.uploads.labels("503").inc()
        raise
    app.metrics.uploads.labels("200").inc()
    await app.history.note(
        changed.id, Event.PICTURE_CHANGED, client_of(request), now=app.sessions.clock()
    )
    return user_out(changed, app.avatars.address(changed))


@router.delete("/me/avatar", status_code=204)
async def delete_avatar(request: Request, caller: Calling, app: Context) -> Response:
    """No picture any more."""
    await app.avatars.remove(caller.user)
    await app.history.note(
        caller.user.id, Event.PICTURE_REMOVED, client_of(request), now=app.sessions.clock()
    )
    return Response(status_code=204)
