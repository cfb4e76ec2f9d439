"""`python -m terraform.aws PORT`: moto's proxy with what it lacks for `terraform/`.

An unmodified AWS provider is sent here by HTTPS_PROXY and AWS_CA_BUNDLE. Every gap that is filled
says in its own module what it stands in for.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from moto import proxy
from moto.moto_proxy import proxy3

from . import buckets, cloudfront, cloudwatch, eks, forgotten, gaps, pods, rds, refusals

_eks = eks.Extension()
_extensions = (
    _eks.handle,
    cloudfront.Extension().handle,
    rds.Extension().handle,
    gaps.handle,
    pods.handle,
)
_parse = proxy3.MotoRequestHandler.parse_request


def _handle(self: Any, method: str, host: str, path: str, headers: Any, body: bytes | None) -> Any:
    buckets.remember(host, dict(headers.items()))
    for extension in _extensions:
        told = extension(method, host, path, body or b"")
        if told is not None:
            return told
    changed = cloudwatch.as_json(path, dict(headers.items()), body or b"")
    try:
        if changed is None:
            told = _parse(self, method, host, path, headers, body)
            forgotten.keep_bucket_tags(method, host, path, body or b"")
            return _eks.completed(host, path, told)
        status, _, answer = _parse(self, method, host, "/", *changed)
        return cloudwatch.as_cbor(status, answer)
    except NotImplementedError as error:
        # As moto breaks on it, the provider would try again for minutes.
        sys.stderr.write(f"GAP {method} {host}{path}: {error}\n")
        told = json.dumps({"__type": "NotImplemented", "message": str(error)})
        return 400, {"x-amzn-ErrorType": "NotImplemented"}, told.encode()


if __name__ == "__main__":
    # The managed policies that roles are given must exist.
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    gaps.fill()
    forgotten.fill()
    refusals.fill()
    proxy3.MotoRequestHandler.parse_request = _handle  # type: ignore[method-assign]
    if "APPINSTANCE_PODS" in os.environ:
        pods.serve(json.loads(os.environ["APPINSTANCE_PODS"]))
    proxy.main(["-H", "127.0.0.1", "-p", sys.argv[1]])
