"""What a client needs in order to reach an API server, whoever has found it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import urllib3


def _nothing() -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class Access:
    """Where the API server is and how one shows who one is."""

    host: str
    """Scheme, host and port."""
    pool: urllib3.PoolManager
    """Connections that know the server's CA, and the client's certificate if there is one."""
    credentials: Callable[[], Mapping[str, str]] = _nothing
    """Returns the headers that carry a token; asked at every request, as tokens expire."""
