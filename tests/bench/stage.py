"""All processes of a measurement: API server, moto, the stand-ins; and the operator, by request."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
from support.apiserver import ApiServer, started
from support.crds import install_crds
from support.operator_world import World
from support.ports import free_port
from support.waiting import wait_for

from appinstance_local import paths
from appinstance_operator.kube.client import Kube
from appinstance_operator.runtime.permissions import LEASE_RULES, RBAC_RULES

from . import ending
from .audit import AuditLog, Request
from .standins import kube_for

DOCKERFILE = Path(__file__).parents[2] / "Dockerfile"
USERS = ("operator", "raw", "standins")
_TICKS = os.sysconf("SC_CLK_TCK")
_QUIET_SECONDS = 1.5
# Long: nobody else stands for the Lease, and a machine that is busy elsewhere is no reason to end.
_LEASE_SECONDS = 60


@dataclass(frozen=True)
class Stage:
    """What a measurement works with. `admin` drives it; `raw` is the baseline's client."""

    world: World
    admin: Kube
    raw: Kube
    audit: AuditLog
    processes: dict[str, int]
    """Name → id of the processes whose processor time is told."""

    def rss_mib(self, *, peak: bool = False) -> float:
        """Return the operator's resident memory in MiB, now or at its highest."""
        assert self.world.process
        field = "VmHWM:" if peak else "VmRSS:"
        text = Path(f"/proc/{self.world.process.pid}/status").read_text()
        return (
            next(int(line.split()[1]) for line in text.splitlines() if line.startswith(field))
            / 1024
        )

    def start_operator(self) -> None:
        """Start the operator and wait until it is ready.

        As in its image: without what is there for tests alone, and with the image's variables.
        Without the warning at each request that the server made its certificate itself: that would
        cost the operator alone.
        """
        self.world.start(**image_variables(), PYTHONWARNINGS="ignore")

    def metrics(self) -> list[str]:
        """Return the lines of the operator's metrics."""
        url = f"http://127.0.0.1:{self.world.port}/metrics"
        return httpx.get(url, timeout=60).text.splitlines()

    def aws_requests(self) -> Counter[str]:
        """Return the operator's own count of its requests to IAM."""
        counted = self.world.requests().items()
        return Counter({key: int(value) for key, value in counted if 'target="aws"' in key})

    def cpu_seconds(self) -> Counter[str]:
        """Return the processor time that each process has used so far."""
        assert self.world.process
        ids = {"operator": self.world.process.pid, **self.processes}
        return Counter({name: processor_seconds(pid) for name, pid in ids.items()})

    def others(self) -> Counter[str]:
        """Return the processor time of all there is (`all`) and of what is not ours (`others`)."""
        # user, nice, system, idle, iowait, irq, softirq, steal of the whole machine
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
        ticks = [int(field) for field in fields]
        total = sum(ticks) / _TICKS
        busy = total - (ticks[3] + ticks[4]) / _TICKS
        return Counter({"all": total, "others": busy - sum(self.cpu_seconds().values())})

    def wait_quiet(self) -> list[Request]:
        """Wait until nobody has asked for anything for a moment; return the requests until then."""
        seen: list[Request] = []
        silent_since = time.monotonic()
        while time.monotonic() - silent_since < _QUIET_SECONDS:
            time.sleep(0.2)
            new = self.audit.read()
            if any(item.user in USERS for item in new):
                silent_since = time.monotonic()
            seen += new
        return seen


def image_variables() -> dict[str, str]:
    """Return the variables that the operator's image sets, but for the paths."""
    text = DOCKERFILE.read_text().partition("AS operator\n")[2].partition("\nFROM")[0]
    words = " ".join(re.findall(r"^ENV (.*)$", text, re.MULTILINE)).split()
    variables = dict(word.split("=", 1) for word in words)
    del variables["PATH"]
    return variables


def program() -> Path:
    """Return the operator's program in an environment like its image's.

    It has what the operator needs and no more, and all of it compiled: what compiles itself at each
    start takes twice as long for it and 5 MiB more for ever.
    """
    folder = paths.cache() / "operator-alone"
    name = "appinstance-operator"
    command = ["sync", "--frozen", "--no-dev", "--quiet", "--package", name, "--extra", "operator"]
    command += ["--no-editable", "--reinstall-package", name]
    made = {"UV_PROJECT_ENVIRONMENT": str(folder), "UV_COMPILE_BYTECODE": "1"}
    subprocess.run([os.environ["UV"], *command], check=True, env={**os.environ, **made})
    return folder / "bin" / "appinstance"


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has used so far."""
    # After the name in brackets; utime and stime are the 14th and 15th field of the whole.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


@contextlib.contextmanager
def _process(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        made = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        yield made
    finally:
        made.kill()
        made.wait(timeout=20)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.HTTPError:
        return False


def _grant(server: ApiServer) -> None:
    """Give operator and baseline the operator's own rules, and the stand-ins everything."""
    rules = [rule.manifest() for rule in (*RBAC_RULES, *LEASE_RULES)]
    group = "rbac.authorization.k8s.io"
    base = {"apiVersion": f"{group}/v1"}
    role = {**base, "kind": "ClusterRole", "metadata": {"name": "operator"}, "rules": rules}
    bindings = [
        {
            **base,
            "kind": "ClusterRoleBinding",
            "metadata": {"name": user},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
            "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
        }
        for user, name in zip(USERS, ("operator", "operator", "cluster-admin"), strict=True)
    ]
    body = {"apiVersion": "v1", "kind": "List", "items": [role, *bindings]}
    server.kubectl("apply", "-f", "-", stdin=json.dumps(body))


@contextlib.contextmanager
def _logs_on_failure(folder: Path) -> Iterator[None]:
    """Show how each log ends when a measurement fails: the folder goes with it."""
    try:
        yield
    except Exception:
        for log in sorted(folder.glob("*.log")):
            if log.name != "audit.log":
                sys.stderr.write(f"--- {log.name}\n{log.read_text(errors='replace')[-2000:]}\n")
        raise


@contextlib.contextmanager
def staged() -> Iterator[Stage]:
    """Start everything but the operator in a folder of its own, and end it all."""
    tokens = {user: secrets.token_hex(16) for user in USERS}
    with contextlib.ExitStack() as stack:
        ending.end_in_order()
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        stack.callback(ending.kill_children)
        stack.enter_context(_logs_on_failure(folder))
        server = stack.enter_context(started(folder, tokens))
        install_crds(server)
        _grant(server)
        configs = {user: server.kubeconfig_for(tokens[user], user) for user in USERS}
        port = free_port()
        moto = stack.enter_context(
            _process(
                [str(Path(sys.executable).parent / "moto_server"), "-p", str(port)],
                folder / "moto.log",
            )
        )
        url = f"http://127.0.0.1:{port}"
        wait_for("moto", lambda: _answers(f"{url}/moto-api/data.json"))
        standins = stack.enter_context(
            _process(
                [sys.executable, "-m", "bench.standins", str(configs["standins"])],
                folder / "standins.log",
            )
        )
        children = ending.children()
        world = World(
            server, url, free_port(), "default",
            kubeconfig=configs["operator"], lease_seconds=_LEASE_SECONDS, program=program(),
        )  # fmt: skip
        stack.callback(world.stop)
        yield Stage(
            world,
            kube_for(server.kubeconfig),
            kube_for(configs["raw"]),
            AuditLog(server.audit_log),
            {
                "kube-apiserver": children["kube-apiserver"],
                "etcd": children["etcd"],
                "moto": moto.pid,
                "stand-ins": standins.pid,
                "bench": os.getpid(),
            },
        )
