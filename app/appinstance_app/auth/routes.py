"""/api/v1/auth. The refresh token travels in a cookie only.

`SameSite=Strict` keeps other sites out, but instances share a domain and so are one site to a
browser. Sec-Fetch-Site, which no page can forge, tells them apart: only the own origin may ask.
"""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import OAuth2PasswordRequestForm
from pydantic import SecretStr, ValidationError

from appinstance_app.dependencies import AppContext, Calling, Context, asking
from appinstance_app.passkeys.tickets import Ticket
from appinstance_app.problems import Kind, Problem
from appinstance_app.users.schemas import user_out

from .clients import client_of
from .schemas import (
    AskForReset,
    Confirm,
    Methods,
    Provider,
    Reset,
    SecondFactorAsked,
    Sent,
    SessionOut,
    SignIn,
    SignUp,
    Verify,
    second_factor_asked,
)
from .sessions import OpenSession

PATH: Final = "/api/v1/auth"
_OWN: Final = frozenset({"same-origin", "none"})
_SENT: Final = "If this address can get one, a mail is on its way to it."

_TOKEN_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "content": {
            "application/x-www-form-urlencoded": {
                "example": {
                    "grant_type": "password",
                    "username": "ada@example.com",
                    "password": "four words nobody guesses",
                }
            }
        }
    }
}


async def own_origin_only(sec_fetch_site: Annotated[str | None, Header()] = None) -> None:
    """Refuses what another origin's page sends; clients that are no browser send no such header."""
    if sec_fetch_site is not None and sec_fetch_site not in _OWN:
        raise Problem(403, "This address answers the app's own pages only.")


router = APIRouter(prefix=PATH, tags=["auth"], dependencies=[Depends(own_origin_only)])


@router.get("/methods")
async def methods(request: Request, app: Context) -> Methods:
    """How one can sign in at this host.

    Passkeys and the way back from a provider are the main host's; an instance may have others.
    """
    name = app.settings.oidc_name
    main = _name(request.headers.get("host", "")) == _name(urlsplit(app.settings.public_url).netloc)
    return Methods(
        passkeys=main,
        mail=app.outgoing.is_there,
        oidc=Provider(name=name) if name and main else None,
    )


def _name(host: str) -> str:
    return host.partition(":")[0].lower()


@router.post("/sign-up", status_code=201, responses={202: {"model": Sent}})
async def sign_up(body: SignUp, request: Request, response: Response, app: Context) -> SessionOut:
    """Makes an account and opens a session; where there is mail, sends a link first (202)."""
    session = await app.auth.sign_up(
        email=body.email,
        password=body.password.get_secret_value(),
        display_name=body.display_name,
        asking=asking(request),
    )
    if session is None:
        return JSONResponse(Sent(detail=_SENT).model_dump(), 202)  # type: ignore[return-value]
    return opened(session, response, app)


@router.post("/sign-in", responses={202: {"model": SecondFactorAsked}})
async def sign_in(body: SignIn, request: Request, response: Response, app: Context) -> SessionOut:
    """Opens a session and ends the one that this browser had, or asks for a second factor (202)."""
    session = await _signed_in(body, request, app)
    if isinstance(session, Ticket):
        return JSONResponse(second_factor_asked(session).model_dump(), 202)  # type: ignore[return-value]
    return opened(session, response, app)


@router.post("/token", openapi_extra=_TOKEN_BODY)
async def token(
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    request: Request,
    response: Response,
    app: Context,
) -> SessionOut:
    """OAuth2's password flow: sign-in as a form, with the email as `username`."""
    try:
        body = SignIn(email=form.username, password=SecretStr(form.password))
    except ValidationError:
        raise Problem(401, "The email or the password is not right.") from None
    session = await _signed_in(body, request, app)
    if isinstance(session, Ticket):
        raise Problem(
            403, "This account asks for a second factor.", kind=Kind.SECOND_FACTOR_REQUIRED
        )
    return opened(session, response, app)


@router.post("/refresh")
async def refresh(request: Request, response: Response, app: Context) -> SessionOut:
    """The next pair of tokens; the one in the cookie is used up."""
    given = app.cookies.session_token(request)
    try:
        session = await app.sessions.refresh(given, client_of(request))
    except Problem as problem:
        if problem.status_code == 401 and given:
            headers = {**(problem.headers or {}), **app.cookies.cleared()}
            raise Problem(401, str(problem.detail), headers=headers) from None
        raise
    return opened(session, response, app)


@router.post("/sign-out", status_code=204)
async def sign_out(request: Request, app: Context) -> Response:
    """Ends the session with all its tokens."""
    await app.sessions.sign_out(app.cookies.session_token(request), client_of(request))
    return Response(status_code=204, headers=app.cookies.cleared())


@router.post("/confirm", status_code=204)
async def confirm(body: Confirm, caller: Calling, app: Context) -> Response:
    """Proves once more that the caller is the owner; good for ten minutes."""
    await app.auth.confirm(caller, body.password.get_secret_value())
    return Response(status_code=204)


@router.post("/verify-email", status_code=204)
async def verify_email(body: Verify, request: Request, app: Context) -> Response:
    """Opens the account, or gives it the address, that a mailed link stands for."""
    await app.recovery.verify(body.token, client_of(request))
    return Response(status_code=204)


@router.post("/password-reset", status_code=202)
async def password_reset(body: AskForReset, request: Request, app: Context) -> Sent:
    """Sends a link to choose a new password, if there is such an account."""
    await app.recovery.ask_for_reset(body.email, request.state.client_address)
    return Sent(detail=_SENT)


@router.post("/password-reset/confirm", status_code=204)
async def confirm_password_reset(body: Reset, request: Request, app: Context) -> Response:
    """Sets the password by a mailed link, and ends all sessions."""
    user = await app.recovery.reset(
        body.token, body.password.get_secret_value(), client_of(request)
    )
    # Whoever reads the owner's mail is let try, however many strangers are guessing.
    response = Response(status_code=204)
    app.cookies.keep_device(response, app.auth.device_token(user))
    return response


async def _signed_in(body: SignIn, request: Request, app: AppContext) -> OpenSession | Ticket:
    return await app.auth.sign_in(
        email=body.email, password=body.password.get_secret_value(), asking=asking(request)
    )


def opened(session: OpenSession, response: Response, app: AppContext) -> SessionOut:
    """The answer that opens a session: its tokens, one of them in the cookie."""
    app.cookies.keep_session(response, session, now=app.sessions.clock())
    app.cookies.keep_device(response, app.auth.device_token(session.user))
    return SessionOut(
        access_token=session.access_token,
        expires_in=app.sessions.access_seconds,
        user=user_out(session.user, app.avatars.address(session.user)),
    )
