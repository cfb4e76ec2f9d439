"""The same AWS for the pods of a cluster: under its own names with TLS, its rights judged.

Pods come straight to it (no proxy), as they would to the endpoints of a VPC. Who may do what is
judged as in the local cluster (local/platform/aws/serve.py says by what, and what is not judged),
once evaluation is turned on; each judgement is written down, so that a test can tell by whose
rights a thing was done.
"""

from __future__ import annotations

import json
import ssl
import sys
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from moto import settings
from moto.iam.access_control import IAMRequestBase
from moto.moto_proxy.proxy3 import ProxyRequestHandler
from support.scripts import script

from appinstance_local.platform import iam_evaluator
from appinstance_local.platform.install import MANIFESTS


def _judge(log: Path) -> None:
    # In the cluster's pod the two lie side by side.
    sys.modules["iam_evaluator"] = iam_evaluator
    script(MANIFESTS / "aws" / "serve.py").judge()
    inner = IAMRequestBase.check_action_permitted

    def noted(self: Any, resource: str) -> None:
        refused = True
        try:
            inner(self, resource)
            refused = False
        finally:
            who = getattr(self._access_key, "_owner_role_name", None)
            line = {"role": who, "action": self._action, "on": resource, "refused": refused}
            with log.open("a") as sink:
                sink.write(json.dumps(line) + "\n")

    IAMRequestBase.check_action_permitted = noted  # type: ignore[method-assign]


def handle(_method: str, _host: str, path: str, body: bytes) -> Any:
    """Turn judgement on (`1`) or off at `/judge`; None for any other call.

    moto's own way to it (`/moto-api/reset-auth`) makes its proxy forget everything.
    """
    if path != "/judge":
        return None
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0 if body == b"1" else float("inf")
    return 200, {}, b"ok"


class _Handler(ProxyRequestHandler):
    def log_message(self, *_words: Any) -> None:
        """Say nothing: the proxy's own lines are enough."""


def serve(words: dict[str, Any]) -> None:
    """Serve pods at `address` and `port` with the certificate and key in the file `pair`."""
    _judge(Path(words["judged"]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(words["pair"])
    server = ThreadingHTTPServer((words["address"], words["port"]), _Handler)
    # The handshake is made by the connection's own thread, at its first read.
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
