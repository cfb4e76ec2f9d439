"""AWS's stand-in as a process, and what sends unmodified programs to it: it is their proxy."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import moto.moto_proxy
from support.ports import answers, free_port
from support.waiting import wait_for

from appinstance_local.paths import REPO

CA = Path(moto.moto_proxy.__file__).parent / "ca.crt"
"""Whose certificates it shows for AWS's names."""
_TESTS = REPO / "tests"


@contextlib.contextmanager
def running(told: Mapping[str, str], log: Path) -> Iterator[int]:
    """Start the stand-in with these variables besides our own; yields its port when it answers."""
    port = free_port()
    env = {**os.environ, "PYTHONPATH": str(_TESTS), **told}
    command = [sys.executable, "-m", "terraform.aws", str(port)]
    with log.open("wb") as sink:
        process = subprocess.Popen(command, env=env, stdout=sink, stderr=sink, cwd=_TESTS)
    try:
        _await(port, process, log)
        yield port
    finally:
        process.kill()
        process.wait(timeout=30)


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    def look() -> bool:
        assert process.poll() is None, log.read_text()[-3000:]
        return answers(port)

    wait_for("the stand-in for AWS", look, passing=(OSError,))


def environment(port: int, programs: Path) -> dict[str, str]:
    """Return what sends unmodified providers there, with `programs` (an `aws`) first on PATH."""
    address = f"http://127.0.0.1:{port}"
    return {
        "HTTPS_PROXY": address,
        "HTTP_PROXY": address,
        "NO_PROXY": "127.0.0.1,localhost",
        "AWS_CA_BUNDLE": str(CA),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PATH": f"{programs}:{os.environ['PATH']}",
    }
