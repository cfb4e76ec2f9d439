"""CloudWatch's newer wire protocol (Smithy RPC v2 CBOR): the provider speaks it, moto does not.

Each call is handed to moto in the older JSON protocol and the answer turned back, so the alarms
themselves are moto's. It shows nothing of whether an alarm would ever go off.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import cbor2

_PATH = re.compile(r"^/service/(?P<service>\w+)/operation/(?P<operation>\w+)$")
_TIMES = re.compile(r"(Timestamp|Date|Time)$")


def as_json(path: str, headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes] | None:
    """Return a CBOR call's headers and body as of the JSON protocol; None for any other call."""
    match = _PATH.match(path.split("?", 1)[0])
    protocol = {key.lower(): value for key, value in headers.items()}.get("smithy-protocol")
    if match is None or protocol != "rpc-v2-cbor":
        return None
    sent = cbor2.loads(body) if body else {}
    changed = {key: value for key, value in headers.items() if key.lower() not in _DROPPED}
    changed["Content-Type"] = "application/x-amz-json-1.0"
    changed["X-Amz-Target"] = f"{match['service']}.{match['operation']}"
    return changed, json.dumps(sent, default=_plain).encode()


def as_cbor(status: int, body: bytes | str) -> tuple[int, dict[str, str], bytes]:
    """Return moto's JSON answer in CBOR."""
    told = json.loads(body) if body else {}
    headers = {"smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}
    return status, headers, cbor2.dumps(_timed(told))


_DROPPED = {"content-type", "content-length", "smithy-protocol", "accept"}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"a call holds a {type(value).__name__}")


def _timed(value: Any, key: str = "") -> Any:
    """Return the value with its times tagged as times."""
    if isinstance(value, dict):
        return {name: _timed(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_timed(item) for item in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool) and _TIMES.search(key):
        return cbor2.CBORTag(1, value)
    return value
