"""Entries of Secrets Manager: those that this provisioner made for an instance, and no other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from appinstance_operator.api.request import Answer

from .failures import Failure
from .names import Identity

_TAG: Final = "platform.appinstance.io/database-of"
PROVISIONED: Final = "appinstance-provisioned"
NAMESPACE: Final = "appinstance-namespace"
_DENIED: Final = ("AccessDeniedException", "UnrecognizedClientException", "AccessDenied")


@dataclass(frozen=True)
class Credentials:
    """What the entry says, as the app reads it."""

    host: str
    port: int
    username: str
    password: str
    dbname: str

    @classmethod
    def read(cls, text: str) -> Credentials | None:
        """Return what an entry's text holds, None when it is not of this form."""
        try:
            raw = json.loads(text)
            held = cls(**{field: raw[field] for field in cls.__dataclass_fields__})
        except (ValueError, TypeError, KeyError):
            return None
        texts = (held.host, held.username, held.password, held.dbname)
        return held if all(isinstance(text, str) for text in texts) else None

    def __repr__(self) -> str:
        """Return a form without the password, wherever it may be printed."""
        return f"Credentials({self.username}@{self.host}:{self.port}/{self.dbname})"


class Entries:
    """The entries, by key."""

    def __init__(self, client: Any, kms_key_arn: str | None = None) -> None:
        self._client = client
        self._key = {"KmsKeyId": kms_key_arn} if kms_key_arn else {}

    def is_there(self, key: str, identity: Identity) -> bool:
        """Return whether the entry exists. Raises Failure where it is somebody else's."""
        with _failures(f"look at entry {key}"):
            try:
                found = self._client.describe_secret(SecretId=key)
            except self._client.exceptions.ResourceNotFoundException:
                return False
        tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags") or ()}
        if tags.get(_TAG) != _owner(identity):
            raise Failure(Answer.TAKEN, f"entry {key} exists and was not made by this provisioner")
        if found.get("DeletedDate"):
            with _failures(f"take entry {key} back"):
                self._client.restore_secret(SecretId=key)
        return True

    def value(self, key: str) -> Credentials | None:
        """Return what the entry holds, None when there is nothing of our form."""
        with _failures(f"read entry {key}"):
            try:
                text = self._client.get_secret_value(SecretId=key)["SecretString"]
            except self._client.exceptions.ResourceNotFoundException:
                return None
            except KeyError:
                return None
        return Credentials.read(text)

    def put(self, key: str, identity: Identity, credentials: Credentials, *, exists: bool) -> None:
        """Write the entry, which is one request: whoever reads it has the old one or the new."""
        text = json.dumps(vars(credentials))
        with _failures(f"write entry {key}"):
            if exists:
                self._client.put_secret_value(SecretId=key, SecretString=text)
                return
            tags = {
                _TAG: _owner(identity),
                PROVISIONED: "true",
                NAMESPACE: identity.namespace,
            }
            self._client.create_secret(
                Name=key, SecretString=text, Tags=_as_list(tags), **self._key
            )

    def remove(self, key: str, identity: Identity) -> None:
        """Remove the entry at once: what it leads to is gone."""
        if self.is_there(key, identity):
            with _failures(f"remove entry {key}"):
                self._client.delete_secret(SecretId=key, ForceDeleteWithoutRecovery=True)


def _owner(identity: Identity) -> str:
    # The issuer of a cluster may be long; a tag's value has 256 characters at most.
    return f"{identity.namespace}/{identity.name}/{identity.digest}"


def _as_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@contextmanager
def _failures(doing: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        denied = code in _DENIED or status == HTTPStatus.FORBIDDEN
        answer = Answer.ENTRIES_DENIED if denied else Answer.ENTRIES_UNREACHABLE
        if code == "ResourceExistsException":
            answer = Answer.TAKEN
        raise Failure(answer, f"cannot {doing}: {code}") from None
    except BotoCoreError as error:
        raise Failure(
            Answer.ENTRIES_UNREACHABLE, f"cannot {doing}: {type(error).__name__}"
        ) from None
