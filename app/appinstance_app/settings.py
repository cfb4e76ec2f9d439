"""Everything the app reads from its environment, read and judged once, before anything is opened.

`.env` is read only in development with the file store: in production a stray file in the working
directory must not be able to change where secrets come from. A refusal names the variables and says
what to change, and never shows a value, because the value may be the secret.
"""

from __future__ import annotations

import os
import re
import secrets
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator

from .mail.settings import MailSettings
from .media.settings import MediaSettings
from .oidc.settings import OidcSettings
from .variables import Variables

MIN_SECRET_KEY_LENGTH: Final = 32
_MIN_DISTINCT_CHARACTERS: Final = 10
_PLACEHOLDER: Final = re.compile(
    r"change[-_ ]?(me|this)|place[-_ ]?holder|replace[-_ ]?(me|this)|your[-_ ]|insert[-_ ]|example"
    r"|insecure|dummy|not[-_ ]?(a[-_ ]?)?secret|secret[-_ ]?key|development|^test|<.*>|\$\{.*\}",
    re.IGNORECASE,
)
_PLACEHOLDER_PASSWORDS: Final = frozenset(
    {"", "changeme", "change-me", "change_me", "password", "secret", "placeholder", "root", "admin"}
)


class SettingsError(Exception):
    """The environment is not fit to run in; the message says which variable and what to change."""


class Environment(StrEnum):
    """Production is the default, so that a forgotten variable never opens anything."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"


class DatabaseSettings(Variables):
    """What a migration needs as well: the environment's kind and the database."""

    environment: Environment = Field(Environment.PRODUCTION, validation_alias="APP_ENVIRONMENT")
    use_file_storage: bool = False
    db_host: str = ""
    db_port: int = Field(3306, ge=1, le=65535)
    db_username: str = ""
    db_password: SecretStr = SecretStr("")
    db_name: str = ""
    db_tls_ca_file: Path | None = None
    start_timeout_seconds: float = Field(
        60.0, gt=0, le=600, validation_alias="APP_START_TIMEOUT_SECONDS"
    )
    log_level: str = Field(
        "INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", validation_alias="APP_LOG_LEVEL"
    )

    @property
    def in_production(self) -> bool:
        """Whether the strict rules hold."""
        return self.environment is Environment.PRODUCTION

    @model_validator(mode="after")
    def _check_database(self) -> DatabaseSettings:
        if self.use_file_storage:
            if self.in_production:
                raise ValueError(
                    "USE_FILE_STORAGE=true is for development only; unset it, or set "
                    "APP_ENVIRONMENT=development."
                )
            return self
        named = {"DB_HOST": self.db_host, "DB_USERNAME": self.db_username, "DB_NAME": self.db_name}
        missing = [name for name, value in named.items() if not value]
        if missing:
            raise ValueError(
                f"Set {', '.join(missing)}; or, in development, USE_FILE_STORAGE=true to do "
                "without a database."
            )
        if self.db_tls_ca_file is None:
            raise ValueError(
                "Set DB_TLS_CA_FILE to the PEM file of the CA that signed the database's "
                "certificate: the app connects with verified TLS only."
            )
        if not self.db_tls_ca_file.is_file():
            raise ValueError("DB_TLS_CA_FILE names no file that can be read; mount the CA there.")
        if (
            self.in_production
            and self.db_password.get_secret_value().lower() in _PLACEHOLDER_PASSWORDS
        ):
            raise ValueError("DB_PASSWORD is empty or a placeholder; give the database's real one.")
        return self


class Settings(DatabaseSettings, MediaSettings, MailSettings, OidcSettings):
    """All of it: what `create_app` and `serve` need."""

    host: str = Field("", validation_alias="APP_HOST")
    port: int = Field(8000, ge=1, le=65535, validation_alias="APP_PORT")
    metrics_port: int = Field(9090, ge=1, le=65535, validation_alias="APP_METRICS_PORT")
    public_url: str = Field("", validation_alias="APP_PUBLIC_URL")
    trusted_proxy_hops: int = Field(0, ge=0, le=5, validation_alias="APP_TRUSTED_PROXY_HOPS")
    secret_key: SecretStr = Field(SecretStr(""), validation_alias="APP_SECRET_KEY")
    secret_key_previous: SecretStr = Field(
        SecretStr(""), validation_alias="APP_SECRET_KEY_PREVIOUS"
    )
    data_dir: Path = Field(Path(".dev-data"), validation_alias="APP_DATA_DIR")
    static_dir: Path | None = Field(None, validation_alias="APP_STATIC_DIR")

    access_token_seconds: int = Field(
        600, ge=30, le=3600, validation_alias="APP_ACCESS_TOKEN_SECONDS"
    )
    refresh_token_seconds: int = Field(
        7 * 86400, ge=60, le=90 * 86400, validation_alias="APP_REFRESH_TOKEN_SECONDS"
    )
    session_seconds: int = Field(
        30 * 86400, ge=60, le=365 * 86400, validation_alias="APP_SESSION_SECONDS"
    )
    sign_in_window_seconds: int = Field(300, ge=1, validation_alias="APP_SIGN_IN_WINDOW_SECONDS")
    sign_in_per_account: int = Field(10, ge=1, validation_alias="APP_SIGN_IN_PER_ACCOUNT")
    sign_in_per_address: int = Field(100, ge=1, validation_alias="APP_SIGN_IN_PER_ADDRESS")
    sign_up_window_seconds: int = Field(3600, ge=1, validation_alias="APP_SIGN_UP_WINDOW_SECONDS")
    mails_per_address: int = Field(5, ge=1, validation_alias="APP_MAILS_PER_ADDRESS")
    sign_up_per_address: int = Field(50, ge=1, validation_alias="APP_SIGN_UP_PER_ADDRESS")
    upload_window_seconds: int = Field(600, ge=1, validation_alias="APP_UPLOAD_WINDOW_SECONDS")
    uploads_per_user: int = Field(30, ge=1, validation_alias="APP_UPLOADS_PER_USER")

    # Threads for database calls. The connection pool is this size plus two, for
    # readiness and housekeeping: more threads than connections would wait for each other.
    worker_threads: int = Field(16, ge=1, le=100, validation_alias="APP_WORKER_THREADS")
    drain_seconds: float = Field(3.0, ge=0, le=120, validation_alias="APP_DRAIN_SECONDS")
    shutdown_seconds: int = Field(20, ge=1, le=300, validation_alias="APP_SHUTDOWN_SECONDS")

    @property
    def signing_keys(self) -> tuple[str, ...]:
        """The key that signs tokens, and the one before it, whose tokens are still taken."""
        keys = (self.secret_key.get_secret_value(), self.secret_key_previous.get_secret_value())
        return tuple(key for key in keys if key)

    @property
    def secure_cookies(self) -> bool:
        """Always, but in development over plain HTTP, where a browser would drop the cookie."""
        return self.in_production or self.public_url.startswith("https://")

    @property
    def bind_host(self) -> str:
        """A development server is for this machine alone unless APP_HOST says otherwise."""
        return self.host or ("0.0.0.0" if self.in_production else "127.0.0.1")  # noqa: S104 a pod's address is not known before it runs

    @model_validator(mode="before")
    @classmethod
    def _fill_development(cls, data: dict[str, object]) -> dict[str, object]:
        """In development the key may be left out: it then lives as long as the process."""
        kind = data.get("APP_ENVIRONMENT") or data.get("environment")
        if kind == Environment.DEVELOPMENT:
            if not (data.get("APP_SECRET_KEY") or data.get("secret_key")):
                data = data | {"APP_SECRET_KEY": secrets.token_urlsafe(48)}
            if not (data.get("APP_PUBLIC_URL") or data.get("public_url")):
                port = data.get("APP_PORT") or data.get("port") or 8000
                data = data | {"APP_PUBLIC_URL": f"http://127.0.0.1:{port}"}
        return data

    @model_validator(mode="after")
    def _check_app(self) -> Settings:
        _check_secret_key(self.secret_key.get_secret_value(), strict=self.in_production)
        if self.in_production and self.has_mail and not self.smtp_host:
            raise ValueError("Set SMTP_HOST to the mail server, or unset MAIL_FROM: no mail then.")
        if self.in_production and self.oidc_issuer.startswith("http:"):
            raise ValueError("OIDC_ISSUER must begin with https:// in production.")
        self._check_public_url()
        self._check_bucket()
        if self.in_production and self.static_dir is not None:
            raise ValueError("APP_STATIC_DIR is for development only; unset it.")
        if self.static_dir is not None and not self.static_dir.is_dir():
            raise ValueError("APP_STATIC_DIR names no folder.")
        if self.port == self.metrics_port:
            raise ValueError("APP_PORT and APP_METRICS_PORT must differ: metrics are not public.")
        return self

    def _check_public_url(self) -> None:
        url = urlsplit(self.public_url)
        schemes = ("https",) if self.in_production else ("https", "http")
        if url.scheme not in schemes or not url.hostname or url.path not in ("", "/"):
            raise ValueError(
                f"APP_PUBLIC_URL must be the origin people use, {' or '.join(schemes)}://<host>."
            )

    def _check_bucket(self) -> None:
        if not self.use_file_storage and not self.media_bucket:
            raise ValueError("Set MEDIA_BUCKET to the bucket that keeps the pictures.")


def _check_secret_key(key: str, *, strict: bool) -> None:
    if len(key) < MIN_SECRET_KEY_LENGTH:
        raise ValueError(
            f"APP_SECRET_KEY must have at least {MIN_SECRET_KEY_LENGTH} characters; make one with "
            "`openssl rand -base64 48`."
        )
    if strict and (_PLACEHOLDER.search(key) or len(set(key)) < _MIN_DISTINCT_CHARACTERS):
        raise ValueError(
            "APP_SECRET_KEY looks like a placeholder; make a random one with "
            "`openssl rand -base64 48`."
        )


def load_settings() -> Settings:
    """The app's settings from the environment. Raises SettingsError."""
    return _load(Settings)


def load_database_settings() -> DatabaseSettings:
    """The part that a migration needs. Raises SettingsError."""
    return _load(DatabaseSettings)


SettingsT = TypeVar("SettingsT", bound=DatabaseSettings)


def _load(kind: type[SettingsT]) -> SettingsT:
    try:
        return kind(_env_file=_env_file())
    except ValidationError as error:
        raise SettingsError(_sentences(error)) from None


def _env_file() -> str | None:
    """Only the real environment decides whether the file is looked at."""
    development = os.environ.get("APP_ENVIRONMENT") == Environment.DEVELOPMENT
    files = os.environ.get("USE_FILE_STORAGE", "").strip().lower() in ("1", "true", "yes", "on")
    return ".env" if development and files else None


def _sentences(error: ValidationError) -> str:
    parts = []
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        place = ".".join(str(part) for part in item["loc"])
        text = item["msg"].removeprefix("Value error, ")
        parts.append(f"{place}: {text}" if place else text)
    return "The settings are not usable. " + " ".join(parts)
