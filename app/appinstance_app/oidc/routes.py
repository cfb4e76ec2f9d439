"""/api/v1/auth/oidc: to the provider and back.

One comes back from another site, so the cookie is `SameSite=Lax` (a `Strict` one would not be sent)
and the address is not kept to the own origin. A failure leads to the sign-in form; what it was, the
log says.
"""

from __future__ import annotations

from typing import Annotated, Final

import structlog
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from appinstance_app.auth.routes import PATH, opened, own_origin_only
from appinstance_app.dependencies import AppContext, Calling, Context, asking
from appinstance_app.passkeys.tickets import Ticket
from appinstance_app.problems import Kind, Problem

from .service import CALLBACK_PATH, LIFETIME, OidcService, SignInFailedError, Start

_FAILED: Final = "/#sign-in-failed"
_TICKET: Final = "/#second-factor="
_LINKED: Final = "/#provider=linked"
_NOT_LINKED: Final = "/#provider=refused"
_log = structlog.get_logger(__name__)

router = APIRouter(tags=["provider"])


class ProviderUrl(BaseModel):
    """Where the page is to go."""

    url: str = Field(examples=["https://accounts.example.com/authorize?response_type=code&state=s"])


def service(app: Context) -> OidcService:
    """Raises Problem (404) where there is no provider."""
    if app.oidc is None:
        raise Problem(404, "There is no provider to sign in with.")
    return app.oidc


Oidc = Annotated[OidcService, Depends(service)]


@router.get(
    f"{PATH}/oidc/start",
    status_code=303,
    response_class=RedirectResponse,
    dependencies=[Depends(own_origin_only)],
)
async def start(request: Request, app: Context, oidc: Oidc) -> Response:
    """Sends the browser to the provider."""
    try:
        begun = await oidc.start(request.state.client_address)
    except SignInFailedError as error:
        return _failed(app, error)
    response = RedirectResponse(begun.url, 303)
    _keep(app, response, begun)
    return response


@router.post(
    "/api/v1/users/me/oidc/link", dependencies=[Depends(own_origin_only)], tags=["own account"]
)
async def link(response: Response, caller: Calling, app: Context, oidc: Oidc) -> ProviderUrl:
    """Begins to link the provider to the caller's account; the page then goes to `url`."""
    try:
        begun = await oidc.start_link(caller)
    except SignInFailedError as error:
        _log.warning("oidc.failed", cause=str(error))
        raise Problem(
            503,
            "The provider does not answer at the moment.",
            headers={"Retry-After": "5"},
            kind=Kind.UNAVAILABLE,
        ) from None
    _keep(app, response, begun)
    return ProviderUrl(url=begun.url)


@router.get(
    CALLBACK_PATH,
    status_code=303,
    response_class=RedirectResponse,
    openapi_extra={
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
            for name in ("code", "state", "iss", "error")
        ]
    },
)
async def callback(request: Request, app: Context, oidc: Oidc) -> Response:
    """Where the provider sends the browser back to; opens a session, or asks for more."""
    secret = request.cookies.get(_name(app))
    answer = dict(request.query_params)
    try:
        done = await oidc.finish(secret, answer, asking(request))
    except SignInFailedError as error:
        return _failed(app, error)
    if isinstance(done.outcome, Ticket):
        # Behind the #, which no server sees; the page takes it out of the address.
        ticket = f"{done.outcome.token}.{','.join(done.outcome.methods)}"
        response = RedirectResponse(f"{_TICKET}{ticket}", 303)
    else:
        response = RedirectResponse(_LINKED if done.linked else "/", 303)
        opened(done.outcome, response, app)
    _forget(app, response)
    return response


def _failed(app: AppContext, error: SignInFailedError) -> Response:
    _log.warning("oidc.failed", cause=str(error))
    app.metrics.sign_ins.labels("refused").inc()
    response = RedirectResponse(_NOT_LINKED if error.linking else _FAILED, 303)
    _forget(app, response)
    return response


def _name(app: AppContext) -> str:
    return "__Host-oidc" if app.settings.secure_cookies else "oidc"


def _keep(app: AppContext, response: Response, begun: Start) -> None:
    response.set_cookie(
        _name(app),
        begun.secret,
        max_age=int(LIFETIME.total_seconds()),
        path="/",
        secure=app.settings.secure_cookies,
        httponly=True,
        samesite="lax",
    )


def _forget(app: AppContext, response: Response) -> None:
    response.delete_cookie(
        _name(app), path="/", secure=app.settings.secure_cookies, httponly=True, samesite="lax"
    )
