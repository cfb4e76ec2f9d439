"""Wires one app from its settings. Importing this configures nothing and opens nothing."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from fastapi import FastAPI

from . import docs_page, health
from .auth import own_routes
from .auth import routes as auth_routes
from .auth.cookies import Cookies
from .auth.history import History
from .auth.limits import Limit, RateLimits, account_limit
from .auth.passwords import Passwords
from .auth.recovery import RecoveryService
from .auth.service import AuthService
from .auth.sessions import Lifetimes, SessionService
from .auth.strength import own_words
from .auth.tokens import AccessTokens, DeviceTokens, utc_now
from .avatars import routes as avatar_routes
from .avatars.outbox import Outbox
from .avatars.schemas import FORM_OVERHEAD_BYTES, MAX_UPLOAD_BYTES, UPLOAD_SECONDS
from .avatars.service import AvatarService
from .avatars.upload import Uploads
from .dependencies import AppContext
from .description import complete_description
from .health import Health
from .housekeeping import keep_house
from .mail.folder import FolderMail
from .mail.messages import Messages
from .mail.outgoing import Outgoing
from .mail.smtp import SmtpMail
from .media.cloudfront import SignedUrls, private_key
from .media.folder import FolderMedia
from .media.s3 import S3Media, s3_client
from .metrics import Metrics
from .middleware.body_limit import BodyLimit, BodyLimitMiddleware
from .middleware.requests import RequestsMiddleware
from .middleware.security_headers import SecurityHeadersMiddleware
from .migrations import newest_version
from .oidc import routes as oidc_routes
from .oidc.provider import Provider
from .oidc.service import OidcService
from .passkeys import own_routes as own_passkey_routes
from .passkeys import routes as passkey_routes
from .passkeys.ceremonies import Ceremonies
from .passkeys.challenges import Challenges
from .passkeys.codes import RecoveryCodes
from .passkeys.entrance import Entrance
from .passkeys.service import PasskeyService
from .passkeys.tickets import Tickets
from .problems import PROBLEM_RESPONSES, add_problem_handlers
from .settings import SettingsError
from .static_site import StaticSite
from .store.database import engine_for
from .store.files import FileStore
from .store.sql import SqlStore
from .users import routes as user_routes
from .users.service import UserService
from .workers import set_general_threads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .mail.protocol import Mail
    from .media.protocol import MediaStore
    from .settings import Settings
    from .store.protocol import Store

MAX_BODY_BYTES: Final = 64 * 1024
BODY_SECONDS: Final = 15.0
# One connection each for readiness and housekeeping, beside those of the general threads.
_OTHER_CONNECTIONS: Final = 2


def create_app(
    settings: Settings, *, store: Store | None = None, media: MediaStore | None = None
) -> FastAPI:
    """An ASGI app; `app.state.context` holds its parts. Closes its store when it shuts down."""
    parts = _context(settings, store or store_for(settings), media or media_for(settings))
    app = FastAPI(
        title="AppInstance",
        version="1",
        # In production nobody is told more of the API than the page itself uses.
        openapi_url=None if settings.in_production else docs_page.OPENAPI_URL,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        responses=PROBLEM_RESPONSES,
    )
    app.state.context = parts
    add_problem_handlers(app)
    complete_description(app)
    # They are tried in this order: first what is asked for most.
    for module in (
        user_routes, avatar_routes, auth_routes, passkey_routes, own_passkey_routes, oidc_routes,
        own_routes, health,
    ):  # fmt: skip
        app.include_router(module.router)
    if not settings.in_production:
        app.include_router(docs_page.router)
    if settings.static_dir:
        app.mount("/", StaticSite(directory=settings.static_dir, html=True))
    # The last one added is the outermost.
    app.add_middleware(
        BodyLimitMiddleware,
        default=BodyLimit(MAX_BODY_BYTES, BODY_SECONDS),
        limits={
            ("PUT", user_routes.AVATAR_PATH): BodyLimit(
                MAX_UPLOAD_BYTES + FORM_OVERHEAD_BYTES, UPLOAD_SECONDS
            )
        },
    )
    app.add_middleware(
        RequestsMiddleware, metrics=parts.metrics, trusted_hops=settings.trusted_proxy_hops
    )
    app.add_middleware(SecurityHeadersMiddleware, https=settings.secure_cookies)
    return app


def store_for(settings: Settings) -> Store:
    """The store that the settings choose.

    Raises SettingsError, FileStoreBusyError, DatabaseRefusedError.
    """
    if settings.use_file_storage:
        try:
            return FileStore(settings.data_dir)
        except OSError as error:
            raise SettingsError(
                f"APP_DATA_DIR names a folder that can't be used: {error.strerror}."
            ) from error
    engine = engine_for(settings, connections=settings.worker_threads + _OTHER_CONNECTIONS)
    return SqlStore(engine, needs=newest_version())


def media_for(settings: Settings) -> MediaStore:
    """The place for pictures that the settings choose."""
    if settings.use_file_storage:
        return FolderMedia(settings.data_dir / "media")
    return S3Media(
        s3_client(settings),
        bucket=settings.media_bucket,
        prefix=settings.media_prefix,
        kms_key=settings.media_kms_key_arn,
    )


def _context(settings: Settings, store: Store, media: MediaStore) -> AppContext:
    metrics, history = Metrics(), History(store)
    keys, origin = settings.signing_keys, settings.public_url.rstrip("/")
    limits = _limits(settings, store)
    passwords = Passwords(metrics, words=own_words(origin))
    outgoing = Outgoing(mail_for(settings), metrics)
    messages = Messages(origin, settings.mail_from)
    outbox = Outbox(store, media, clock=utc_now, metrics=metrics)
    avatars = AvatarService(
        store,
        media,
        limits=limits,
        per_user=Limit("upload", settings.uploads_per_user, settings.upload_window_seconds),
        signed=signed_urls_for(settings),
        outbox=outbox,
    )
    sessions = SessionService(
        store,
        AccessTokens(
            keys, issuer=origin, lifetime=timedelta(seconds=settings.access_token_seconds)
        ),
        history,
        lifetimes=Lifetimes(
            timedelta(seconds=settings.refresh_token_seconds),
            timedelta(seconds=settings.session_seconds),
        ),
        metrics=metrics,
    )
    tickets = Tickets(store, sessions.clock)
    auth = AuthService(
        store,
        passwords,
        sessions,
        limits,
        history,
        DeviceTokens(keys, issuer=origin),
        tickets,
        outgoing=outgoing,
        messages=messages,
        metrics=metrics,
    )
    ceremonies, challenges = Ceremonies(origin), Challenges(store, sessions.clock)
    codes = RecoveryCodes(store, passwords)
    return AppContext(
        settings=settings,
        store=store,
        media=media,
        metrics=metrics,
        health=Health(store),
        cookies=Cookies(secure=settings.secure_cookies),
        history=history,
        sessions=sessions,
        auth=auth,
        recovery=RecoveryService(
            store, passwords, sessions, limits, history, outgoing=outgoing, messages=messages
        ),
        outgoing=outgoing,
        users=UserService(
            store, passwords, sessions, history, outbox, outgoing=outgoing, messages=messages
        ),
        avatars=avatars,
        outbox=outbox,
        uploads=Uploads(),
        passkeys=PasskeyService(
            store,
            sessions,
            history,
            ceremonies,
            challenges,
            codes,
            issuer=settings.oidc_issuer or None,
        ),
        entrance=Entrance(
            store, auth, sessions, limits, history, ceremonies, challenges, tickets, codes
        ),
        oidc=OidcService(
            store, auth, sessions, limits, history, provider_for(settings), origin=origin
        )
        if settings.oidc_issuer
        else None,
    )


def provider_for(settings: Settings) -> Provider:
    """The provider that the settings name."""
    return Provider(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret.get_secret_value(),
    )


def signed_urls_for(settings: Settings) -> SignedUrls | None:
    """How CloudFront delivers pictures; None where the app does so itself."""
    if not settings.media_cloudfront_domain:
        return None
    return SignedUrls(
        private_key(settings.media_cloudfront_private_key.get_secret_value()),
        key_pair_id=settings.media_cloudfront_key_pair_id,
        domain=settings.media_cloudfront_domain,
        prefix=settings.media_prefix,
        clock=utc_now,
    )


def mail_for(settings: Settings) -> Mail | None:
    """The way out for mails that the settings choose; None where there is none."""
    if not settings.has_mail:
        return None
    return SmtpMail(settings) if settings.smtp_host else FolderMail(settings.data_dir / "mail")


def _limits(settings: Settings, store: Store) -> RateLimits:
    sign_in, sign_up = settings.sign_in_window_seconds, settings.sign_up_window_seconds
    return RateLimits(
        store,
        account=account_limit(settings),
        address=Limit("sign-in-address", settings.sign_in_per_address, sign_in),
        sign_up=Limit("sign-up", settings.sign_up_per_address, sign_up),
        mail=Limit("mail", settings.mails_per_address, sign_up),
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    parts: AppContext = app.state.context
    set_general_threads(parts.settings.worker_threads)
    chores = [
        asyncio.create_task(keep_house(parts.store, clock=utc_now)),
        asyncio.create_task(parts.outbox.keep_empty()),
    ]
    try:
        yield
    finally:
        for chore in chores:
            chore.cancel()
            with suppress(asyncio.CancelledError):
                await chore
        await parts.outgoing.close()
        if parts.oidc:
            await parts.oidc.provider.close()
        parts.store.close()
