"""/api/v1/users/me: the caller's own account and picture."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from starlette.exceptions import HTTPException

from appinstance_app.avatars.schemas import UPLOAD_BODY
from appinstance_app.dependencies import AppContext, context, current_user
from appinstance_app.store.records import User
from appinstance_app.workers import Busy

from .schemas import UserOut, user_out

AVATAR_PATH: Final = "/api/v1/users/me/avatar"
_UPLOAD: Final[dict[str, Any]] = {"requestBody": UPLOAD_BODY}

router = APIRouter(prefix="/api/v1/users", tags=["users"])
Context = Annotated[AppContext, Depends(context)]
Caller = Annotated[User, Depends(current_user)]


@router.get("/me")
async def me(user: Caller) -> UserOut:
    """The caller's account."""
    return user_out(user)


@router.put("/me/avatar", openapi_extra=_UPLOAD)
async def put_avatar(request: Request, user: Caller, app: Context) -> UserOut:
    """A new picture. The body is read here, after the caller is known, and not by the framework."""
    try:
        await app.avatars.count_upload(user)
        async with app.uploads.file(request, user.id) as file:
            changed = await app.avatars.replace(user, file)
    except HTTPException as problem:
        app.metrics.uploads.labels(str(problem.status_code)).inc()
        raise
    except Busy:
        app.metrics.uploads.labels("503").inc()
        raise
    app.metrics.uploads.labels("200").inc()
    return user_out(changed)


@router.delete("/me/avatar", status_code=204)
async def delete_avatar(user: Caller, app: Context) -> Response:
    """No picture any more."""
    await app.avatars.remove(user)
    return Response(status_code=204)
