"""Dumps: made by MariaDB's own tools, proven by loading them, kept in a bucket of the platform's.

The tools get the password by a file that only this process can read, never by an argument. What a
tenant put into a schema is in the dump, so a dump is loaded by a user that may reach one schema.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from appinstance_operator.api.request import Answer

from .failures import Failure
from .server import Place

_TRAILER: Final = b"-- Dump completed"
_DUMP: Final = (
    "--single-transaction",
    "--skip-lock-tables",
    "--skip-add-locks",
    "--no-tablespaces",
    "--hex-blob",
    "--skip-triggers",
    "--quick",
    "--default-character-set=utf8mb4",
)


@dataclass(frozen=True)
class Login:
    """As whom the tools log in."""

    place: Place
    user: str
    password: str


@contextmanager
def _options(login: Login) -> Iterator[str]:
    """Write the tools' options to a file of this process' own; yield the argument that names it."""
    with tempfile.TemporaryDirectory() as folder:  # 0700
        authority = Path(folder, "authority.pem")
        authority.write_text(login.place.authority)
        password = login.password.replace("\\", "\\\\").replace('"', '\\"')
        options = Path(folder, "options")
        options.touch(0o600)
        options.write_text(
            "[client]\n"
            "protocol=tcp\n"
            f"host={login.place.host}\n"
            f"port={login.place.port}\n"
            f"user={login.user}\n"
            f'password="{password}"\n'
            f"ssl-ca={authority}\n"
            "ssl-verify-server-cert\n"
        )
        yield f"--defaults-file={options}"


@contextmanager
def _tool(
    name: str, login: Login, *words: str, stdout: int, stdin: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of the tools. Raises Failure with the end of what it says, unless it ends well."""
    found = shutil.which(name)
    if found is None:
        raise Failure(Answer.UNCONFIGURED, f"this image has no {name}")
    with _options(login) as options, tempfile.TemporaryFile() as errors:
        with subprocess.Popen(
            [found, options, *words], stdin=stdin, stdout=stdout, stderr=errors
        ) as process:
            yield process
        errors.seek(0)
        if process.returncode:
            raise Failure(Answer.DUMP_FAILED, f"{name}: {_tail(errors.read())}")


def dumped(login: Login, schema: str, path: Path) -> None:
    """Write a dump of a schema, compressed. Raises Failure unless it is whole."""
    with (
        gzip.open(path, "wb") as out,
        _tool("mariadb-dump", login, *_DUMP, schema, stdout=subprocess.PIPE) as process,
    ):
        if process.stdout is not None:
            shutil.copyfileobj(process.stdout, out)
    if not _is_whole(path):
        raise Failure(Answer.DUMP_FAILED, "mariadb-dump wrote no end of the dump")


def loaded(login: Login, schema: str, path: Path) -> None:
    """Load a dump into a schema. Raises Failure where a statement of it fails.

    In the sandbox, without which the client runs commands that stand in the dump.
    """
    if not _is_whole(path):
        raise Failure(Answer.DUMP_FAILED, "the dump is cut off or not compressed as it should be")
    words = ("--sandbox", "--batch", "--default-character-set=utf8mb4", schema)
    with (
        gzip.open(path, "rb") as source,
        _tool(
            "mariadb", login, *words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        ) as process,
        suppress(BrokenPipeError),  # it has said why on its way out
    ):
        if process.stdin is not None:
            shutil.copyfileobj(source, process.stdin)


def _tail(words: bytes) -> str:
    return words.decode(errors="replace").strip()[-300:]


def _is_whole(path: Path) -> bool:
    """Return whether a file unpacks to a dump with its end."""
    last = b""
    try:
        with gzip.open(path, "rb") as source:
            while block := source.read(1 << 20):
                last = (last + block)[-200:]
    except (OSError, EOFError):
        return False
    return _TRAILER in last


class Store:
    """The bucket."""

    def __init__(self, client: Any, bucket: str, kms_key_arn: str | None = None) -> None:
        self._client = client
        self._bucket = bucket
        self._encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_arn}
        if kms_key_arn is None:
            self._encryption = {}

    def put(self, key: str, path: Path) -> None:
        """Keep a dump; return once what is kept reads back as it was."""
        with _failures(f"keep the dump {key}"):
            self._client.upload_file(
                str(path), self._bucket, key, ExtraArgs=self._encryption or None
            )
        with tempfile.TemporaryDirectory() as folder:
            back = Path(folder, "back")
            self.get(key, back)
            if _digest(back) != _digest(path):
                raise Failure(Answer.DUMP_FAILED, f"the dump {key} reads back otherwise")

    def get(self, key: str, path: Path) -> None:
        """Fetch a dump."""
        with _failures(f"fetch the dump {key}"):
            self._client.download_file(self._bucket, key, str(path))

    def keys(self, prefix: str) -> Sequence[str]:
        """Return the keys of the dumps under a prefix, oldest first."""
        with _failures("list dumps"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix
            )
            return sorted(item["Key"] for page in pages for item in page.get("Contents") or ())


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


@contextmanager
def _failures(doing: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        raise Failure(Answer.DUMP_FAILED, f"cannot {doing}: {code}") from None
    except (BotoCoreError, OSError) as error:
        raise Failure(Answer.DUMP_FAILED, f"cannot {doing}: {type(error).__name__}") from None
    except Exception as error:
        # boto3 wraps what a transfer met in classes of its own (S3UploadFailedError).
        if type(error).__module__.startswith("boto3"):
            raise Failure(Answer.DUMP_FAILED, f"cannot {doing}: {type(error).__name__}") from None
        raise
