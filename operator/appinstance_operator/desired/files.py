"""Files from Secrets Manager in the backend's pods: one Secret, and a mount for each file.

Each is mounted by itself (`subPath`), so that what the image has beside it stays. Such a mount does
not follow a change of the Secret, and need not: a change rolls the pods.
"""

from __future__ import annotations

import hashlib
from typing import Any

from appinstance_operator.api.files import File
from appinstance_operator.api.spec import AppInstance

from . import names

_VOLUME = "files"


def key_of(file: File) -> str:
    """Return the key of a file in the Secret; a path has characters that a key may not have."""
    return hashlib.sha256(file.path.encode()).hexdigest()[:16]


def mounts(instance: AppInstance) -> list[dict[str, Any]]:
    """Return a mount for each file."""
    return [
        {"name": _VOLUME, "mountPath": file.path, "subPath": key_of(file), "readOnly": True}
        for file in instance.backend.files
    ]


def volumes(instance: AppInstance) -> list[dict[str, Any]]:
    """Return the volume of all files; none where there are none."""
    items = [
        {"key": key_of(file), "path": key_of(file), "mode": int(file.mode, 8)}
        for file in instance.backend.files
    ]
    if not items:
        return []
    secret = {"secretName": names.of(instance, "files"), "defaultMode": 0o440, "items": items}
    return [{"name": _VOLUME, "secret": secret}]
