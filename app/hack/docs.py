"""Writes what is derived from the app's code: docs/app-settings.md and docs/problems.md.

`make app-docs`; a test compares. Names, defaults and bounds come from the settings themselves, the
sentences from here: a variable without one, or a sentence without a variable, is an error.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from appinstance_app.problems import Kind
from appinstance_app.settings import DatabaseSettings, Settings

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
MEANINGS: Final = {
    "APP_ENVIRONMENT": "`production` or `development`; strict rules hold unless it says development.",
    "USE_FILE_STORAGE": "Accounts and pictures in files, without database and S3. Development only.",
    "DB_HOST": "The database's name, as its certificate has it.",
    "DB_PORT": "Its port.",
    "DB_USERNAME": "As whom the app connects.",
    "DB_PASSWORD": "The password for it.",
    "DB_NAME": "The database (schema) to use.",
    "DB_TLS_CA_FILE": "PEM file of the CA that signed the database's certificate. Needed.",
    "APP_START_TIMEOUT_SECONDS": "How long database and bucket are waited for at start.",
    "APP_LOG_LEVEL": "Least severe level that is logged.",
    "APP_HOST": "Address to listen on. Left out: all in production, 127.0.0.1 in development.",
    "APP_PORT": "The port that serves people; the load balancer's alone.",
    "APP_METRICS_PORT": "The port of /healthz, /readyz and /metrics; not for people.",
    "APP_PUBLIC_URL": "The origin that people use, such as `https://acme.example.com`. Needed.",
    "APP_TRUSTED_PROXY_HOPS": "How many proxies in front append to X-Forwarded-For.",
    "APP_SECRET_KEY": "Signs access tokens; at least 32 random characters. Needed in production.",
    "APP_SECRET_KEY_PREVIOUS": "The key before it, while a key is being changed: what it signed is "
    "still taken.",
    "APP_DATA_DIR": "Where the file store keeps its files.",
    "APP_STATIC_DIR": "A folder to serve as the page. Development only.",
    "SMTP_HOST": "The mail server, by TLS alone: from the first byte on port 465, else by STARTTLS.",
    "SMTP_PORT": "Its port.",
    "SMTP_USERNAME": "As whom the app signs in there; left out, not at all.",
    "SMTP_PASSWORD": "The password for it.",
    "SMTP_TLS_CA_FILE": "PEM file of the CA of the mail server; left out, the system's.",
    "MAIL_FROM": "The address that mails come from. Without it there is no mail, and nothing that "
    "needs it; with it and no SMTP_HOST, in development, mails are files in APP_DATA_DIR/mail.",
    "OIDC_ISSUER": "The OpenID Connect provider's issuer, an https:// address; left out, there is none.",
    "OIDC_CLIENT_ID": "As what the app is known there.",
    "OIDC_CLIENT_SECRET": "The secret for it.",
    "OIDC_NAME": "What the button on the page calls the provider.",
    "MEDIA_BUCKET": "The bucket of the pictures. Needed with a database.",
    "MEDIA_PREFIX": "The part of the bucket that is this instance's; empty, or ends with `/`.",
    "MEDIA_KMS_KEY_ARN": "The key that pictures are encrypted under; left out, the bucket's default.",
    "MEDIA_CLOUDFRONT_DOMAIN": "The CloudFront distribution that delivers the pictures; left out, the "
    "app does so itself.",
    "MEDIA_CLOUDFRONT_KEY_PAIR_ID": "The id of its public key.",
    "MEDIA_CLOUDFRONT_PRIVATE_KEY": "The private key to it (PEM, RSA with 2048 bits).",
    "AWS_REGION": "The region of the bucket.",
    "AWS_ENDPOINT_URL": "Another endpoint than AWS's, for a local stand-in.",
    "APP_ACCESS_TOKEN_SECONDS": "How long an access token is good.",
    "APP_REFRESH_TOKEN_SECONDS": "How long a session that is not used is good.",
    "APP_SESSION_SECONDS": "How long a session is good at most.",
    "APP_SIGN_IN_WINDOW_SECONDS": "The window in which sign-ins are counted.",
    "APP_SIGN_IN_PER_ACCOUNT": "Attempts to sign in to one account in it.",
    "APP_SIGN_IN_PER_ADDRESS": "Attempts to sign in from one address in it.",
    "APP_SIGN_UP_WINDOW_SECONDS": "The window in which new accounts are counted.",
    "APP_SIGN_UP_PER_ADDRESS": "New accounts from one address in it.",
    "APP_MAILS_PER_ADDRESS": "Mails of one kind to one address in it.",
    "APP_UPLOAD_WINDOW_SECONDS": "The window in which uploads of pictures are counted.",
    "APP_UPLOADS_PER_USER": "Uploads of one person in it.",
    "APP_WORKER_THREADS": "Database calls at a time; the pool has two connections more.",
    "APP_DRAIN_SECONDS": "After SIGTERM: how long it goes on serving while it is not ready any more.",
    "APP_SHUTDOWN_SECONDS": "After that: how long requests under way may take.",
}
_HEAD: Final = "<!-- Written by `make app-docs`; do not edit. -->\n"


def settings_page() -> str:
    """Every variable that the app reads."""
    rows = {_variable(name, field): field for name, field in Settings.model_fields.items()}
    if rows.keys() != MEANINGS.keys():
        differing = ", ".join(sorted(rows.keys() ^ MEANINGS.keys()))
        raise SystemExit(f"app/hack/docs.py: MEANINGS and the settings differ in {differing}.")
    migration = {_variable(name, field) for name, field in DatabaseSettings.model_fields.items()}
    lines = [
        "# The app's settings",
        "",
        _HEAD,
        "All are environment variables, read once at start. What is missing or out of bounds ends the",
        "start with one sentence and exit code 78, and never shows a value. `migrate` reads those with a",
        "mark alone. Which of them the operator sets is in [contracts.md](contracts.md).",
        "",
        "| variable | default | bounds | migrate | meaning |",
        "|---|---|---|---|---|",
    ]
    for variable, field in rows.items():
        mark = "✓" if variable in migration else ""
        lines.append(
            f"| `{variable}` | {_default(field)} | {_bounds(field)} | {mark} | {MEANINGS[variable]} |"
        )
    return "\n".join(lines) + "\n"


def problems_page() -> str:
    """Every type of problem that an answer can name."""
    lines = [
        "# Types of problems",
        "",
        _HEAD,
        "Every error of the API is `application/problem+json` (RFC 9457). `detail` is a sentence for the",
        "person; `type` is for programs, and stays what it is. Where there is nothing to tell apart but the",
        "status it is `about:blank`.",
        "",
        "| type | meaning |",
        "|---|---|",
        *(f"| `{kind.uri}` | {kind.meaning} |" for kind in Kind),
    ]
    return "\n".join(lines) + "\n"


PAGES: Final = {"app-settings.md": settings_page, "problems.md": problems_page}


def _variable(name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    return alias if isinstance(alias, str) else name.upper()


def _default(field: FieldInfo) -> str:
    value: Any = field.get_default(call_default_factory=True)
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    value = getattr(value, "value", value)
    if isinstance(value, bool):
        value = str(value).lower()
    return "" if value in ("", None) else f"`{value}`"


def _bounds(field: FieldInfo) -> str:
    said = []
    for bound in field.metadata:
        for name, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<")):
            limit = getattr(bound, name, None)
            if limit is not None:
                said.append(f"{sign} {limit}")
        pattern = getattr(bound, "pattern", None)
        if pattern:
            said.append(", ".join(f"`{word}`" for word in pattern.strip("^$()").split("|")))
    return ", ".join(said)


if __name__ == "__main__":
    for page, write in PAGES.items():
        (DOCS / page).write_text(write())
