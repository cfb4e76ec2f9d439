"""What routes are given: the wired services of their app, and the caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer

if TYPE_CHECKING:
    from appinstance_app.auth.cookies import Cookies
    from appinstance_app.auth.history import History
    from appinstance_app.auth.recovery import RecoveryService
    from appinstance_app.auth.sessions import SessionService
    from appinstance_app.avatars.outbox import Outbox
    from appinstance_app.avatars.service import AvatarService
    from appinstance_app.avatars.upload import Uploads
    from appinstance_app.health import Health
    from appinstance_app.mail.outgoing import Outgoing
    from appinstance_app.media.protocol import MediaStore
    from appinstance_app.metrics import Metrics
    from appinstance_app.oidc.service import OidcService
    from appinstance_app.passkeys.entrance import Entrance
    from appinstance_app.passkeys.service import PasskeyService
    from appinstance_app.settings import Settings
    from appinstance_app.store.protocol import Store
    from appinstance_app.users.service import UserService

from appinstance_app.auth.clients import client_of
from appinstance_app.auth.service import Asking, AuthService
from appinstance_app.auth.sessions import Caller


@dataclass(frozen=True)
class AppContext:
    """One app's parts; `create_app` makes it and hangs it on the app's state."""

    settings: Settings
    store: Store
    media: MediaStore
    metrics: Metrics
    health: Health
    cookies: Cookies
    history: History
    sessions: SessionService
    auth: AuthService
    recovery: RecoveryService
    outgoing: Outgoing
    users: UserService
    avatars: AvatarService
    outbox: Outbox
    uploads: Uploads
    passkeys: PasskeyService
    entrance: Entrance
    oidc: OidcService | None


def parts(request: Request) -> AppContext:
    """The parts of the app that serves this request."""
    return cast("AppContext", request.app.state.context)


async def context(request: Request) -> AppContext:
    """The same as a dependency: async, since the framework runs others on threads."""
    return parts(request)


# Documents the flow for OpenAPI's "Authorize"; a missing header is answered by the service.
bearer = OAuth2PasswordBearer(tokenUrl="/api/v1/auth/token", auto_error=False)


async def calling(request: Request, token: Annotated[str | None, Depends(bearer)]) -> Caller:
    """Who sent the request. Raises Problem (401)."""
    return await parts(request).sessions.caller(token)


def asking(request: Request) -> Asking:
    """From where somebody asks who is not signed in, or signs in anew."""
    cookies = parts(request).cookies
    return Asking(
        address=request.state.client_address,
        client=client_of(request),
        session_token=cookies.session_token(request),
        device_token=cookies.device_token(request),
    )


Context = Annotated[AppContext, Depends(context)]
Calling = Annotated[Caller, Depends(calling)]
