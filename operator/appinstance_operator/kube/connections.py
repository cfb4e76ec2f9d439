"""Connections that send a request in one piece.

The library sends headers and body one after the other: two records of TLS and two system calls,
here and at the API server, for each of an instance's twenty-odd writes (docs/adr/0020).
"""

from __future__ import annotations

from typing import Any

import urllib3
from urllib3.connection import HTTPSConnection


class _WholeRequests(HTTPSConnection):
    _held: list[bytes] | None = None

    def request(self, *arguments: Any, **named: Any) -> None:
        """Send a request; its body is bytes."""
        held: list[bytes] = []
        self._held = held
        try:
            super().request(*arguments, **named)
        finally:
            self._held = None
        super().send(b"".join(held))

    def send(self, data: Any) -> None:
        """Hold what is a part of a request, and send all else."""
        if self._held is None:
            super().send(data)
        else:
            self._held.append(data)


class _Pool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _WholeRequests


def send_whole(pool: urllib3.PoolManager) -> urllib3.PoolManager:
    """Return the manager, whose connections from now on send each request in one piece."""
    pool.pool_classes_by_scheme = {**pool.pool_classes_by_scheme, "https": _Pool}
    return pool
