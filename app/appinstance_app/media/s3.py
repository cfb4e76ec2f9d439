"""Pictures in S3. Credentials come from boto3's own chain: the pod's role, or the legacy keys.

Timeouts and attempts are short, because a request of a person waits on them. Readiness does not
depend on S3: one can sign in while pictures can't be had.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import boto3
import structlog
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from .protocol import MediaUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from mypy_boto3_s3 import S3Client

    from appinstance_app.settings import Settings

# What this app writes is far smaller; anything larger under our prefix is not ours.
MAX_OBJECT_BYTES: Final = 2 * 1024 * 1024
# One for each that reads, writes or deletes at a time (`avatars.service`, `avatars.outbox`).
_CONNECTIONS: Final = 13
_MAX_PAUSE_SECONDS: Final = 5.0
_log = structlog.get_logger(__name__)


def s3_client(settings: Settings) -> S3Client:
    """A thread-safe client that has connected to nothing yet."""
    return boto3.client(
        "s3",
        region_name=settings.aws_region or None,
        endpoint_url=settings.aws_endpoint_url or None,
        config=Config(
            # A call that is never answered ends after twice that, and frees its thread.
            connect_timeout=2,
            read_timeout=4,
            retries={"mode": "standard", "max_attempts": 2},
            max_pool_connections=_CONNECTIONS,
            # A local stand-in answers on one name only.
            s3={"addressing_style": "path" if settings.aws_endpoint_url else "auto"},
        ),
    )


class S3Media:
    """See `protocol.MediaStore`. `kms_key` empty: the bucket's own default encryption."""

    def __init__(self, client: S3Client, *, bucket: str, prefix: str, kms_key: str = "") -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._encryption: dict[str, Any] = (
            {
                "ServerSideEncryption": "aws:kms",
                "SSEKMSKeyId": kms_key,
                "BucketKeyEnabled": True,
            }
            if kms_key
            else {}
        )

    def check(self) -> None:
        # HeadBucket would need ListBucket without a prefix, which the role does not have.
        try:
            self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix, MaxKeys=1)
        except (BotoCoreError, ClientError) as error:
            raise MediaUnavailableError(_cause(error)) from error

    def put(self, key: str, content: bytes, *, content_type: str) -> None:
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._prefix + key,
                Body=content,
                ContentType=content_type,
                CacheControl="private, max-age=31536000, immutable",
                **self._encryption,
            )
        except (BotoCoreError, ClientError) as error:
            raise MediaUnavailableError(_cause(error)) from error

    def get(self, key: str) -> bytes | None:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
            with answer["Body"] as body:
                if answer["ContentLength"] > MAX_OBJECT_BYTES:
                    return None
                return body.read()
        except ClientError as error:
            if _code(error) in ("NoSuchKey", "404"):
                return None
            raise MediaUnavailableError(_cause(error)) from error
        except (BotoCoreError, OSError) as error:
            raise MediaUnavailableError(_cause(error)) from error

    def delete(self, key: str) -> None:
        try:
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)
        except (BotoCoreError, ClientError) as error:
            raise MediaUnavailableError(_cause(error)) from error

    def listed(self) -> Iterator[tuple[str, datetime]]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix
        )
        try:
            for page in pages:
                for item in page.get("Contents", []):
                    yield item["Key"].removeprefix(self._prefix), item["LastModified"]
        except (BotoCoreError, ClientError) as error:
            raise MediaUnavailableError(_cause(error)) from error


def wait_for_media(
    media: S3Media, *, timeout_seconds: float, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Returns once the bucket answers. Raises MediaUnavailableError with the sentence to end with.

    A new role takes seconds until IAM knows it everywhere, and the first packets to STS race the
    network policy, so every failure is tried again until the deadline.
    """
    deadline = time.monotonic() + timeout_seconds
    pause = 0.25
    while True:
        try:
            media.check()
        except MediaUnavailableError as error:
            if time.monotonic() + pause > deadline:
                raise MediaUnavailableError(
                    f"The media bucket could not be listed within {timeout_seconds:g} s: {error}. "
                    "Check MEDIA_BUCKET, MEDIA_PREFIX, the role, and the way to STS and S3."
                ) from error
            _log.warning("media.waiting", cause=str(error), pause_seconds=pause)
            sleep(pause)
            pause = min(pause * 2, _MAX_PAUSE_SECONDS)
        else:
            return


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _cause(error: Exception) -> str:
    """The kind of failure; AWS's full texts can name access key ids."""
    if isinstance(error, ClientError):
        return f"{error.operation_name}: {_code(error)}"
    return type(error).__name__
