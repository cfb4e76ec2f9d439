"""Bucket policies with their conditions, which moto does not look at.

A request is held against the policy by the tests' own evaluator: whether it came over TLS, and what
encryption and key it names. It cannot show how AWS itself judges the same words.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from appinstance_local.platform.iam_evaluator import verdict

_request = threading.local()
_HEADERS = ("x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id")


def remember(host: str, headers: Mapping[str, str]) -> None:
    """Keep what conditions look at, for the time of one request."""
    known = {key.lower(): value for key, value in headers.items()}
    _request.context = {
        "aws:SecureTransport": str(host.startswith("https://")).lower(),
        **{f"s3:{name}": known[name] for name in _HEADERS if name in known},
    }


def permission(self: FakeBucket, action: str, resource: str) -> Any:
    """Return what the bucket's policy says of the request under way."""
    if self.policy is None:
        return PermissionResult.NEUTRAL
    told = verdict(json.loads(self.policy.decode()), action, resource, _request.context)
    # An Allow is for services; who asks here is the account's administrator.
    return PermissionResult.DENIED if told == "Deny" else PermissionResult.NEUTRAL
