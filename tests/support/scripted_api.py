"""A small HTTP server that answers as a test says, and keeps what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import urllib3

from appinstance_operator.kube.access import Access


@dataclass(frozen=True)
class Call:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


Answer = tuple[int, Any]


@dataclass
class ScriptedApi:
    """`answers` are given in turn, the last one for ever; a list of bodies is sent as lines."""

    url: str = ""
    answers: list[Answer | Callable[[Call], Answer]] = field(default_factory=lambda: [(200, {})])
    calls: list[Call] = field(default_factory=list)

    def access(self, **headers: str) -> Access:
        """Return how a client reaches it."""
        return Access(self.url, urllib3.PoolManager(), lambda: headers)

    def answer(self, call: Call) -> Answer:
        """Return the answer whose turn it is."""
        self.calls.append(call)
        given = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return given(call) if callable(given) else given


@contextmanager
def running() -> Iterator[ScriptedApi]:
    """Start one and stop it at the end."""
    script = ScriptedApi()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            sent = self.rfile.read(length)
            headers = {key.lower(): value for key, value in self.headers.items()}
            body = json.loads(sent) if sent else None
            call = Call(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body)
            status, answer = script.answer(call)
            bodies = answer if isinstance(answer, list) else [answer]
            data = b"".join(
                item if isinstance(item, bytes) else json.dumps(item).encode() + b"\n"
                for item in bodies
            )
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_DELETE = do_PATCH = do_POST = _serve  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        script.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield script
        server.shutdown()
