"""/api/v1/users/me: what an owner sees and changes about getting in."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response

from appinstance_app.dependencies import Calling, Context

from .clients import client_of
from .routes import own_origin_only
from .schemas import (
    ChangeEmail,
    ChangePassword,
    OwnActivity,
    OwnSession,
    Sent,
    activity_out,
    session_out,
)

router = APIRouter(
    prefix="/api/v1/users/me", tags=["own account"], dependencies=[Depends(own_origin_only)]
)


@router.put("/password", status_code=204)
async def put_password(
    body: ChangePassword, request: Request, caller: Calling, app: Context
) -> Response:
    """A new password, for who knows the current one. All other sessions end."""
    await app.auth.check_password(
        caller, body.current_password.get_secret_value(), field="current_password"
    )
    await app.users.change_password(
        caller, body.new_password.get_secret_value(), client_of(request)
    )
    return Response(status_code=204)


@router.post("/email", status_code=202)
async def post_email(body: ChangeEmail, caller: Calling, app: Context) -> Sent:
    """Asks for another address; a link that is sent there makes it so."""
    await app.recovery.change_email(caller, body.email)
    return Sent(detail="A link is on its way to the new address.")


@router.post("/verification", status_code=202)
async def post_verification(caller: Calling, app: Context) -> Sent:
    """Sends the link that confirms the account's address once more."""
    await app.recovery.send_verification(caller)
    return Sent(detail="A link is on its way to your address.")


@router.get("/sessions")
async def get_sessions(caller: Calling, app: Context) -> list[OwnSession]:
    """Where the caller is signed in, the one used last first."""
    found = await app.sessions.of(caller.user)
    return [session_out(session, current=caller.session.id) for session in found]


@router.delete("/sessions/{session_id}", status_code=204)
async def delete_session(
    session_id: str, request: Request, caller: Calling, app: Context
) -> Response:
    """Ends one of the caller's sessions, at once."""
    await app.sessions.end(caller, session_id, client_of(request))
    return Response(status_code=204)


@router.post("/sessions/end-others", status_code=204)
async def end_other_sessions(request: Request, caller: Calling, app: Context) -> Response:
    """Ends all of the caller's sessions but this one, at once."""
    await app.sessions.end_others(caller, client_of(request))
    return Response(status_code=204)


@router.get("/activity")
async def get_activity(caller: Calling, app: Context) -> list[OwnActivity]:
    """The last 50 things that happened to the caller's account, the newest first."""
    return [activity_out(item) for item in await app.history.of(caller.user.id)]
