"""The Docker engine: the one that answers, or Debian's, started by us for ourselves.

Our own engine has its own data folder, socket and bridge, so that it neither sees nor disturbs
another; `stop` takes away what it made (leftovers.py): the process, its bridges and its nft tables.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import debian, leftovers, weight
from .errors import LocalError
from .paths import LOCAL, cache
from .progress import say, step
from .shell import run, succeeds

_RUN = Path("/run/appinstance-docker")
_SOCKET = _RUN / "docker.sock"
PIDFILE = _RUN / "docker.pid"
CONFIGURATION = _RUN / "daemon.json"
"""Read by our own engine at its start, and again at a SIGHUP."""
_CAP_SYS_RESOURCE = 24  # linux/capability.h
_START_SECONDS = 180
_STOP_SECONDS = 180


@dataclass(frozen=True)
class Engine:
    """How to reach the engine: variables for docker and kind."""

    own: bool
    env: Mapping[str, str] = field(default_factory=dict)

    def docker(self, *words: str | Path, **options: object) -> str:
        """Run a docker command on this engine and return what it prints."""
        return run(["docker", *words], env=self.env, **options)  # type: ignore[arg-type]

    def has_image(self, name: str) -> bool:
        """Return whether the engine holds an image."""
        return succeeds(["docker", "image", "inspect", name], env=self.env)


_OWN = Engine(own=True, env={"DOCKER_HOST": f"unix://{_SOCKET}", "DOCKER_BUILDKIT": "0"})


def _answers(env: Mapping[str, str]) -> bool:
    return shutil.which("docker") is not None and succeeds(["docker", "info"], env=env)


def running() -> Engine | None:
    """Return the engine that answers now, or None; nothing is started."""
    if _answers({}):
        return Engine(own=False)
    if _SOCKET.exists() and _answers(_OWN.env):
        return _OWN
    return None


def ensure() -> Engine:
    """Return an engine that answers, starting one of our own where that is possible."""
    found = running()
    if found:
        return found
    if not debian.can_install():
        raise LocalError(
            "start Docker and try again: no engine answers, and only root on Debian may start one"
        )
    debian.ensure(["docker.io", "iproute2", "iptables", "jq", "nftables"])
    with step("start a Docker engine of our own (own data folder and socket)"):
        _start()
    return _OWN


def _lacks_sys_resource() -> bool:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapBnd:"):
            return not int(line.split()[1], 16) >> _CAP_SYS_RESOURCE & 1
    return False


def _configuration() -> dict[str, object]:
    config: dict[str, object] = {
        "data-root": str(cache() / "docker"),
        "exec-root": str(_RUN / "exec"),
        "pidfile": str(PIDFILE),
        "hosts": [f"unix://{_SOCKET}"],
        "exec-opts": ["native.cgroupdriver=cgroupfs"],
        "log-opts": {"max-size": "10m", "max-file": "2"},
    }
    if _lacks_sys_resource():
        # `--privileged` asks for every capability, and runc refuses what the bounding set lacks.
        say("this machine has no CAP_SYS_RESOURCE: containers are started without it")
        config["runtimes"] = {"trimmed": {"path": str(LOCAL / "engine" / "runc-trimmed")}}
        config["default-runtime"] = "trimmed"
    return config


def _start() -> None:
    _RUN.mkdir(parents=True, exist_ok=True)
    PIDFILE.unlink(missing_ok=True)
    CONFIGURATION.write_text(json.dumps(_configuration(), indent=2))
    before = leftovers.tables()
    log = cache() / "logs" / "dockerd.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as sink:
        process = subprocess.Popen(
            ["dockerd", "--config-file", str(CONFIGURATION)],
            stdout=sink, stderr=sink, stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(_OWN.env):
        if process.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise LocalError(f"the Docker engine did not start:\n{tail}")
        time.sleep(0.2)
    leftovers.record(_RUN, tables=leftovers.tables() - before)
    record_networks()


def record_networks() -> None:
    """Write down which bridges our own engine has made up to now; another's are not ours."""
    if not _SOCKET.exists() or not _answers(_OWN.env):
        return
    names = _OWN.docker("network", "ls", "--filter", "driver=bridge", "--quiet").split()
    told = json.loads(_OWN.docker("network", "inspect", *names)) if names else []
    leftovers.record(_RUN, bridges={leftovers.bridge(network) for network in told})


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def stop() -> None:
    """Stop our own engine and remove what it made; another's engine is left alone."""
    if not PIDFILE.exists():
        return
    record_networks()
    pid = int(PIDFILE.read_text())
    if _alive(pid):
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while _alive(pid):
            if time.monotonic() > deadline:
                raise LocalError(
                    f"the Docker engine (pid {pid}) did not stop; see {cache()}/logs/dockerd.log"
                )
            time.sleep(0.1)
    leftovers.remove(_RUN)
    weight.take_back()
    shutil.rmtree(_RUN, ignore_errors=True)
