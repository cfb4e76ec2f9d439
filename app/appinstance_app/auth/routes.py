"""/api/v1/auth. The refresh token travels in a cookie only, and only to these addresses.

`SameSite=Strict` keeps other sites out, but instances share a domain and so are one site to a
browser. Sec-Fetch-Site, which no page can forge, tells them apart: only the own origin may ask.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Cookie, Depends, Header, Request, Response
from fastapi.security import OAuth2PasswordRequestForm
from pydantic import SecretStr, ValidationError

from appinstance_app.dependencies import AppContext, context
from appinstance_app.problems import Problem
from appinstance_app.users.schemas import user_out

from .schemas import SessionOut, SignIn, SignUp
from .service import OpenSession

PATH: Final = "/api/v1/auth"
COOKIE: Final = "refresh_token"
_OWN: Final = frozenset({"same-origin", "none"})


async def own_origin_only(sec_fetch_site: Annotated[str | None, Header()] = None) -> None:
    """Refuses what another origin's page sends; clients that are no browser send no such header."""
    if sec_fetch_site is not None and sec_fetch_site not in _OWN:
        raise Problem(403, "This address answers the app's own pages only.")


router = APIRouter(prefix=PATH, tags=["auth"], dependencies=[Depends(own_origin_only)])
Context = Annotated[AppContext, Depends(context)]
RefreshCookie = Annotated[str | None, Cookie(alias=COOKIE, include_in_schema=False)]


@router.post("/sign-up", status_code=201)
async def sign_up(body: SignUp, request: Request, response: Response, app: Context) -> SessionOut:
    """Makes an account and opens a session."""
    session = await app.auth.sign_up(
        email=body.email,
        password=body.password.get_secret_value(),
        display_name=body.display_name,
        address=request.state.client_address,
    )
    return _opened(session, response, app)


@router.post("/sign-in")
async def sign_in(body: SignIn, request: Request, response: Response, app: Context) -> SessionOut:
    """Opens a session."""
    session = await app.auth.sign_in(
        email=body.email,
        password=body.password.get_secret_value(),
        address=request.state.client_address,
    )
    return _opened(session, response, app)


@router.post("/token")
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
    return await sign_in(body, request, response, app)


@router.post("/refresh")
async def refresh(
    response: Response, app: Context, refresh_token: RefreshCookie = None
) -> SessionOut:
    """The next pair of tokens; the one in the cookie is used up."""
    try:
        session = await app.auth.refresh(refresh_token)
    except Problem as problem:
        if problem.status_code == 401 and refresh_token:
            raise Problem(
                401, str(problem.detail), headers={**(problem.headers or {}), **_cleared(app)}
            ) from None
        raise
    return _opened(session, response, app)


@router.post("/sign-out", status_code=204)
async def sign_out(app: Context, refresh_token: RefreshCookie = None) -> Response:
    """Ends the session with all its tokens."""
    await app.auth.sign_out(refresh_token)
    return Response(status_code=204, headers=_cleared(app))


def _opened(session: OpenSession, response: Response, app: AppContext) -> SessionOut:
    response.set_cookie(
        COOKIE,
        session.refresh_token,
        expires=session.refresh_expires_at,
        path=PATH,
        secure=app.settings.secure_cookies,
        httponly=True,
        samesite="strict",
    )
    return SessionOut(
        access_token=session.access_token,
        expires_in=app.auth.access_seconds,
        user=user_out(session.user),
    )


def _cleared(app: AppContext) -> dict[str, str]:
    """The header that makes the browser forget the cookie."""
    answer = Response()
    answer.delete_cookie(
        COOKIE, path=PATH, secure=app.settings.secure_cookies, httponly=True, samesite="strict"
    )
    return {"Set-Cookie": answer.headers["set-cookie"]}
