"""The real processes behind the browser tests, each as a context manager that ends what it began.

`running_frontend` runs Debian's nginx with our configuration as the image does: uid 10001, a
read-only root and a private /tmp, in a mount namespace of its own (who is not root gets the same by
user namespaces). `running_backend` runs the app with its file store. `running_edge` is a second
nginx in the role of the Ingress: /api to the one, everything else to the other, so that the browser
sees one origin. It believes the address in the header `X-Test-Client`, so that each test is a
client of its own for the rate limits.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
from support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

REPOSITORY: Final = Path(__file__).resolve().parents[3]
FRONTEND: Final = REPOSITORY / "app" / "frontend"
SITE: Final = FRONTEND / "site"
NGINX_CONF: Final = FRONTEND / "nginx.conf"
ENTRYPOINT: Final = FRONTEND / "serve.sh"
LISTEN_LINE: Final = "listen 8080 default_server;"
HEALTH_LINE: Final = "listen 9090;"
UID: Final = 10001
AS_ROOT: Final = os.geteuid() == 0
# A fresh clone has no compiled Python yet, and the machine may have other work.
START_SECONDS: Final = 120.0

# /usr/share is covered by a small file system that holds the site, as the image's layer would;
# then everything but /tmp is made read-only, and the process loses root and every capability.
_CONTAINED: Final = """
mount -t tmpfs -o mode=755 tmpfs /usr/share
mkdir /usr/share/appinstance
cp -r "$1" /usr/share/appinstance/site
cp "$2" /usr/share/appinstance/nginx.conf
cp "$3" /usr/share/appinstance/serve.sh
chmod -R u=rwX,go=rX /usr/share/appinstance
mount -o remount,bind,ro /usr/share
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -o remount,bind,ro /
exec {become} setpriv {identity} --no-new-privs \
    --inh-caps=-all --ambient-caps=-all --bounding-set=-all \
    /usr/share/appinstance/serve.sh -c /usr/share/appinstance/nginx.conf
"""
# Who is not root has one uid: it is root's in a first namespace, for the mounts, and 10001 in a
# second one within it, with the capabilities that it takes to give them all up.
_NAMESPACES: Final = ("--mount", "--propagation", "private")
if AS_ROOT:
    _UNSHARE: tuple[str, ...] = ("unshare", *_NAMESPACES)
    _SCRIPT = _CONTAINED.format(become="", identity=f"--reuid {UID} --regid {UID} --clear-groups")
else:
    _UNSHARE = ("unshare", "--user", "--map-root-user", *_NAMESPACES)
    _SCRIPT = _CONTAINED.format(
        become=f"unshare --user --map-user={UID} --map-group={UID} --keep-caps", identity=""
    )

_EDGE: Final = """
daemon off;
{user}
worker_processes 1;
pid {folder}/edge.pid;
error_log {folder}/edge-error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/edge-body;
    proxy_temp_path {folder}/edge-proxy;
    fastcgi_temp_path {folder}/edge-fastcgi;
    uwsgi_temp_path {folder}/edge-uwsgi;
    scgi_temp_path {folder}/edge-scgi;
    client_max_body_size 64m;
    server {{
        listen 127.0.0.1:{port};
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $http_x_test_client;
        proxy_set_header X-Forwarded-Proto http;
        location /api {{ proxy_pass http://127.0.0.1:{backend}; }}
        location / {{ proxy_pass http://127.0.0.1:{frontend}; }}
    }}
}}
"""


@dataclass(frozen=True)
class Server:
    """A running process and where it answers."""

    port: int
    pid: int
    log: Path
    health_port: int = 0

    @property
    def origin(self) -> str:
        """Such as `http://localhost:40123`; by name, because passkeys belong to names."""
        return f"http://localhost:{self.port}"


@contextmanager
def running_frontend(folder: Path, media_origin: str = "") -> Iterator[Server]:
    """Our entrypoint, nginx configuration and site; only the ports differ from the image."""
    port, health_port = free_port(), free_port()
    text = NGINX_CONF.read_text()
    for line in (LISTEN_LINE, HEALTH_LINE):
        if text.count(line) != 1:
            raise AssertionError(f"nginx.conf should have the line `{line}` exactly once.")
    text = text.replace(HEALTH_LINE, f"listen 127.0.0.1:{health_port};")
    conf = folder / "frontend.conf"
    conf.write_text(text.replace(LISTEN_LINE, f"listen 127.0.0.1:{port} default_server;"))
    command = [*_UNSHARE, "sh", "-ec", _SCRIPT, "sh"]
    log = folder / "frontend.log"
    log.touch()
    if AS_ROOT:
        # nginx opens /dev/stdout by name, so the file behind it must be its own; a container
        # runtime does the same for the pipes it hands over.
        os.chown(log, UID, UID)
    command += [str(SITE), str(conf), str(ENTRYPOINT)]
    with _running(command, port, log, {**os.environ, "MEDIA_ORIGIN": media_origin}) as server:
        yield replace(server, health_port=health_port)


@contextmanager
def running_edge(
    folder: Path, *, frontend: Server, backend_port: int, port: int
) -> Iterator[Server]:
    """One origin for both, as the Ingress makes it. Does not need its servers to be up yet."""
    conf = folder / "edge.conf"
    conf.write_text(
        _EDGE.format(
            folder=folder,
            port=port,
            backend=backend_port,
            frontend=frontend.port,
            # The folder is the user's own; the workers of root's nginx would be nobody's.
            user="user root;" if AS_ROOT else "",
        )
    )
    command = ["nginx", "-e", str(folder / "edge-error.log"), "-c", str(conf)]
    with _running(command, port, folder / "edge.log") as server:
        yield server


@contextmanager
def running_backend(
    folder: Path, *, port: int, public_url: str, more: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """`appinstance-app serve` on the file store in `folder`; it can also serve the site itself."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = kept | {
        "APP_ENVIRONMENT": "development",
        "APP_PORT": str(port),
        "APP_METRICS_PORT": str(free_port()),
        "APP_PUBLIC_URL": public_url,
        "APP_TRUSTED_PROXY_HOPS": "1",
        "APP_SECRET_KEY": "only-for-the-browser-tests-0123456789abcdef",
        "APP_STATIC_DIR": str(SITE),
        "USE_FILE_STORAGE": "true",
    }
    command = [str(Path(sys.executable).with_name("appinstance-app")), "serve"]
    with _running(
        command, port, folder / "backend.log", environment | dict(more or {}), cwd=folder
    ) as server:
        yield server


@contextmanager
def _running(
    command: Sequence[str],
    port: int,
    log: Path,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator[Server]:
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env=environment, cwd=cwd
        )
    try:
        _await_answer(process, port, log)
        yield Server(port=port, pid=process.pid, log=log)
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_answer(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"{process.args!r} ended at once:\n{log.read_text()}")
        try:
            httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=2)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"{process.args!r} does not answer on port {port}:\n{log.read_text()}")


def missing() -> str:
    """What these tests need and this machine lacks, in one sentence; empty when all is there."""
    needed = {"chromium": "chromium", "nginx": "nginx-light", "setpriv": "util-linux"}
    packages = [package for tool, package in needed.items() if not shutil.which(tool)]
    if packages:
        return f"The browser tests need packages: apt-get install {' '.join(packages)}"
    tried = subprocess.run([*_UNSHARE, "true"], check=False, capture_output=True, text=True)
    if tried.returncode == 0:
        return ""
    if AS_ROOT:
        way = "run them where root may make one (a container needs CAP_SYS_ADMIN)"
    else:
        way = (
            "run them as root, or allow user namespaces: sysctl -w"
            " kernel.unprivileged_userns_clone=1 (Debian),"
            " kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu)"
        )
    return f"The browser tests need a mount namespace ({tried.stderr.strip()}): {way}"
