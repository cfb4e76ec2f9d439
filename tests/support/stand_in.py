"""The stand-in for AWS as a process, from the same files that the cluster's ConfigMap holds."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from appinstance_local.platform import aws, install, seed, tls

from .ports import answers, free_port
from .waiting import wait_for


def reset_auth(calls: bytes) -> None:
    """Let this many calls pass before it judges any."""
    url = f"{aws.ENDPOINT}/moto-api/reset-auth"
    httpx.post(url, content=calls, timeout=60).raise_for_status()


@contextlib.contextmanager
def running(folder: Path) -> Iterator[None]:
    """Run it in `folder`; `aws.client` then speaks to it, with keys and a CA of its own.

    Fails at the end where it broke over a request.
    """
    for name, text in install.moto_files().items():
        (folder / name).write_text(text)
    (folder / "tls").mkdir()
    port = free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, str(folder / "serve.py"), "-H", "127.0.0.1", "-p", str(port)],
            env={**os.environ, "S3_IGNORE_SUBDOMAIN_BUCKETNAME": "true"},
            stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aws, "ENDPOINT", f"http://127.0.0.1:{port}")
        for module in (aws, seed, tls):
            patch.setattr(module, "cache", lambda: folder)
        patch.setattr(seed, "_restart_operator", lambda: None)
        try:
            wait_for("the stand-in", partial(answers, port), passing=(OSError,))
            yield
        finally:
            process.kill()
            process.wait()
    crashed = (folder / "log").read_text().partition("Traceback")[2]
    assert not crashed, "the stand-in broke over a request"
