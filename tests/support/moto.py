"""moto as a server of this process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import httpx
from moto.server import ThreadedMotoServer


@contextlib.contextmanager
def running_moto() -> Iterator[str]:
    """Run one and return its address; S3 is loaded, which takes longer than a client waits."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        httpx.get(f"http://{host}:{port}/", timeout=120).raise_for_status()
        yield f"http://{host}:{port}"
    finally:
        server.stop()
