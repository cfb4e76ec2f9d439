"""/api/v1/auth: sign-in by passkey, the second factor, and proving oneself once more."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response

from appinstance_app.auth.routes import PATH, opened, own_origin_only
from appinstance_app.auth.schemas import SessionOut
from appinstance_app.dependencies import Calling, Context, asking

from .schemas import Options, SecondCode, SecondPasskey, TicketIn, UsePasskey, options_out

router = APIRouter(prefix=PATH, tags=["passkeys"], dependencies=[Depends(own_origin_only)])


@router.post("/passkey/options")
async def passkey_options(request: Request, app: Context) -> Options:
    """What the browser is asked to sign in by a passkey, whoever it is."""
    return options_out(await app.entrance.options(asking(request)))


@router.post("/passkey")
async def passkey(
    body: UsePasskey, request: Request, response: Response, app: Context
) -> SessionOut:
    """Opens a session for whom the passkey belongs to."""
    session = await app.entrance.sign_in(
        asking(request),
        challenge_id=body.challenge_id,
        credential=body.credential.model_dump(),
    )
    return opened(session, response, app)


@router.post("/second-factor/passkey/options")
async def second_factor_options(body: TicketIn, app: Context) -> Options:
    """What the browser is asked after the password."""
    return options_out(await app.entrance.second_options(body.ticket))


@router.post("/second-factor/passkey")
async def second_factor_passkey(
    body: SecondPasskey, request: Request, response: Response, app: Context
) -> SessionOut:
    """Opens a session by the password's ticket and a passkey of the account."""
    session = await app.entrance.second_passkey(
        asking(request),
        ticket=body.ticket,
        challenge_id=body.challenge_id,
        credential=body.credential.model_dump(),
    )
    return opened(session, response, app)


@router.post("/second-factor/recovery-code")
async def second_factor_code(
    body: SecondCode, request: Request, response: Response, app: Context
) -> SessionOut:
    """Opens a session by the password's ticket and a recovery code, which is used up."""
    session = await app.entrance.second_code(asking(request), ticket=body.ticket, code=body.code)
    return opened(session, response, app)


@router.post("/confirm/passkey/options")
async def confirm_options(caller: Calling, app: Context) -> Options:
    """What the browser is asked to prove that it is still the owner."""
    return options_out(await app.entrance.confirm_options(caller))


@router.post("/confirm/passkey", status_code=204)
async def confirm(body: UsePasskey, caller: Calling, app: Context) -> Response:
    """Proves once more that the caller is the owner; good for ten minutes."""
    await app.entrance.confirm(
        caller, challenge_id=body.challenge_id, credential=body.credential.model_dump()
    )
    return Response(status_code=204)
