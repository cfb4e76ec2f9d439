"""`python -m terraform.aws PORT`: moto's proxy with what it lacks for `terraform/`.

An unmodified AWS provider is sent here by HTTPS_PROXY and AWS_CA_BUNDLE. Every gap that is filled
says in its own module what it stands in for.
"""

from __future__ import annotations

import sys
from typing import Any

from moto import proxy
from moto.moto_proxy import proxy3

from . import cloudwatch, eks, gaps

_eks = eks.Extension()
_parse = proxy3.MotoRequestHandler.parse_request


def _handle(self: Any, method: str, host: str, path: str, headers: Any, body: bytes | None) -> Any:
    told = _eks.handle(method, host, path, body or b"") or gaps.handle(
        method, host, path, body or b""
    )
    if told is not None:
        return told
    changed = cloudwatch.as_json(path, dict(headers.items()), body or b"")
    if changed is None:
        return gaps.completed(host, path, _parse(self, method, host, path, headers, body))
    status, _, answer = _parse(self, method, host, "/", *changed)
    return cloudwatch.as_cbor(status, answer)


if __name__ == "__main__":
    proxy3.MotoRequestHandler.parse_request = _handle  # type: ignore[method-assign]
    proxy.main(["-H", "127.0.0.1", "-p", sys.argv[1]])
