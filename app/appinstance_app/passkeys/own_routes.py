"""/api/v1/users/me: the caller's passkeys, recovery codes and second factor."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response

from appinstance_app.auth.clients import client_of
from appinstance_app.auth.routes import own_origin_only
from appinstance_app.dependencies import Calling, Context
from appinstance_app.users.schemas import UserOut, user_out

from .schemas import (
    Added,
    AddPasskey,
    Codes,
    Options,
    PasskeyOut,
    Rename,
    SecondFactorIn,
    options_out,
    passkey_out,
)

router = APIRouter(
    prefix="/api/v1/users/me", tags=["passkeys"], dependencies=[Depends(own_origin_only)]
)


@router.get("/passkeys")
async def get_passkeys(caller: Calling, app: Context) -> list[PasskeyOut]:
    """The caller's passkeys, the oldest first."""
    return [passkey_out(item) for item in await app.passkeys.of(caller)]


@router.post("/passkeys/options")
async def passkey_options(caller: Calling, app: Context) -> Options:
    """What the browser is asked for a new passkey."""
    return options_out(await app.passkeys.options(caller))


@router.post("/passkeys", status_code=201)
async def post_passkey(body: AddPasskey, request: Request, caller: Calling, app: Context) -> Added:
    """Adds a passkey; with the first one come recovery codes, shown this once."""
    passkey, codes = await app.passkeys.add(
        caller,
        client_of(request),
        challenge_id=body.challenge_id,
        name=body.name,
        credential=body.credential.model_dump(),
    )
    return Added(passkey=passkey_out(passkey), recovery_codes=list(codes) if codes else None)


@router.patch("/passkeys/{passkey_id}", status_code=204)
async def patch_passkey(passkey_id: str, body: Rename, caller: Calling, app: Context) -> Response:
    """Names a passkey."""
    await app.passkeys.rename(caller, passkey_id, body.name)
    return Response(status_code=204)


@router.delete("/passkeys/{passkey_id}", status_code=204)
async def delete_passkey(
    passkey_id: str, request: Request, caller: Calling, app: Context
) -> Response:
    """Removes a passkey; with the last one the second factor is off."""
    await app.passkeys.remove(caller, passkey_id, client_of(request))
    return Response(status_code=204)


@router.put("/second-factor")
async def put_second_factor(
    body: SecondFactorIn, request: Request, caller: Calling, app: Context
) -> UserOut:
    """Whether a passkey or a recovery code is asked for after the password."""
    user = await app.passkeys.set_second_factor(caller, client_of(request), on=body.enabled)
    return user_out(user, app.avatars.address(user))


@router.post("/recovery-codes")
async def post_recovery_codes(request: Request, caller: Calling, app: Context) -> Codes:
    """New recovery codes, shown this once; the ones before are no longer good."""
    return Codes(codes=list(await app.passkeys.new_codes(caller, client_of(request))))
