"""A bench that is ended by a signal leaves no process and no folder, whatever it was about."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.waiting import WAIT_SECONDS, wait_for

from appinstance_local.paths import REPO

# Their stages as they are; the servers never answer, and only the hardest signal ends them.
_OPERATORS = "from bench.stage import staged\nwith staged(): pass"
_APPS = """
import time
from bench.app.stage import Stage, staged
Stage._ready = lambda *_: time.sleep(600)
with staged(): pass
"""
_SERVER = "#!/bin/sh\ntrap '' TERM INT HUP\nexec sleep 600\n"


def _children(pid: int, count: int) -> list[int] | None:
    """Return them once there are so many."""
    words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(word) for word in words] if len(words) == count else None


@contextmanager
def _bench(program: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a bench's stage, and end what is left of it."""
    binaries, temporary = folder / "bin", folder / "tmp"
    binaries.mkdir()
    temporary.mkdir()
    for name in ("etcd", "kube-apiserver", "kubectl"):
        (binaries / name).write_text(_SERVER)
        (binaries / name).chmod(0o755)
    env = {
        **os.environ, "PYTHONPATH": str(REPO / "tests"),
        "APPINSTANCE_BIN": str(binaries), "TMPDIR": str(temporary),
    }  # fmt: skip
    # Ignored signals are inherited, and stay ignored in a bench: these tests may run under nohup.
    heard = "import signal\nsignal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
    process = subprocess.Popen([sys.executable, "-c", heard + program], env=env)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="the benches read /proc")
@pytest.mark.parametrize(
    ("program", "servers", "signals"),
    [
        (_OPERATORS, 2, [signal.SIGTERM, signal.SIGTERM, signal.SIGINT]),
        (_OPERATORS, 2, [signal.SIGHUP]),
        (_APPS, 1, [signal.SIGTERM, signal.SIGHUP]),
    ],
    ids=["the operator's, told thrice", "the operator's, hung up", "the app's, told twice"],
)
def test_a_signal_ends_all_that_was_begun(
    program: str, servers: int, signals: list[signal.Signals], tmp_path: Path
) -> None:
    with _bench(program, tmp_path) as bench:
        begun = wait_for("the servers", lambda: _children(bench.pid, servers))
        for each in signals:
            bench.send_signal(each)
        assert bench.wait(WAIT_SECONDS) != 0
    left = [pid for pid in begun if Path(f"/proc/{pid}").exists()]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left
    assert not list((tmp_path / "tmp").glob("bench*"))
