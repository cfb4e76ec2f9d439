"""Clients of the local AWS stand-in, from the host: the address, and who we are there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import boto3
import botocore.config

from appinstance_local.paths import cache

from . import tls

ENDPOINT = "http://127.0.0.1:5566"
ACCOUNT = "123456789012"
REGION = "eu-central-1"
BUCKET = "appinstance-media"
DUMPS = "appinstance-dumps"


@dataclass(frozen=True)
class Credentials:
    """An access key of moto's; `token` with an assumed role."""

    key_id: str
    secret: str
    token: str | None = None


# Good for anything until policy evaluation is turned on, for nothing afterwards.
ANYBODY = Credentials("anybody", "anybody")


def _admin_path() -> Any:
    return cache() / "tls" / "moto-admin.json"


def save_admin(credentials: Credentials) -> None:
    """Keep the administrator's key of this moto, for later seeding and for the tests."""
    body = {"key_id": credentials.key_id, "secret": credentials.secret}
    tls.write_private(_admin_path(), json.dumps(body).encode())


def admin() -> Credentials:
    """Return the kept administrator's key, or anybody's where there is none yet."""
    path = _admin_path()
    return Credentials(**json.loads(path.read_text())) if path.exists() else ANYBODY


def client(service: str, credentials: Credentials | None = None) -> Any:
    """Return a boto3 client of the stand-in; as the administrator unless told otherwise."""
    who = credentials or admin()
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=ENDPOINT,
        region_name=REGION,
        aws_access_key_id=who.key_id,
        aws_secret_access_key=who.secret,
        aws_session_token=who.token,
        config=botocore.config.Config(
            connect_timeout=3,
            read_timeout=15,
            retries={"mode": "standard", "max_attempts": 3},
            s3={"addressing_style": "path"},
        ),
    )
