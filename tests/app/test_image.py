"""What the backend's image is made of: the app and what it needs, nothing of its development."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from appinstance_local.paths import REPO

# What "standard" extras and test suites bring along: reloaders, consoles, servers of WebSockets.
DEVELOPMENT = {
    "watchfiles", "websockets", "rich", "typer", "fastapi-cli", "fastapi-cloud-cli", "jinja2",
    "sentry-sdk", "pytest", "moto", "httpx2", "playwright", "mypy", "ruff", "hypothesis", "trustme",
    "sqlmodel", "psycopg", "psycopg-binary", "pillow", "aiosmtpd", "werkzeug", "flask",
}  # fmt: skip


def installed(lock: dict[str, Any], package: str) -> set[str]:
    """The package and all that it needs on Linux, as uv resolved them."""
    packages = {one["name"]: one for one in lock["package"]}
    found: set[str] = set()
    waiting: list[dict[str, Any]] = [{"name": package}]
    while waiting:
        needed = waiting.pop()
        one = packages[needed["name"]]
        extras: list[str] = needed.get("extra", [])
        waiting += [
            dependency
            for dependency in [
                *one.get("dependencies", []),
                *(also for extra in extras for also in one["optional-dependencies"][extra]),
            ]
            if dependency["name"] not in found and "win32" not in dependency.get("marker", "")
        ]
        found.add(needed["name"])
    return found


def test_no_development_extra_is_in_it() -> None:
    lock = tomllib.loads((REPO / "uv.lock").read_text())
    found = installed(lock, "appinstance-app")
    assert {"fastapi", "uvicorn", "uvloop", "httptools", "pyvips-binary"} <= found
    assert not found & DEVELOPMENT
    # The search sees them where they are.
    assert {"pytest", "moto"} <= {one["name"] for one in lock["package"]} & DEVELOPMENT


def test_it_is_built_of_that_and_of_named_folders() -> None:
    dockerfile = (REPO / "Dockerfile").read_text()
    stage = dockerfile.split("AS backend-build")[1].split("FROM")[0]
    syncs = re.findall(r"uv sync .*", stage)
    assert syncs
    for sync in syncs:
        assert {"--frozen", "--no-dev", "--package", "appinstance-app"} <= set(sync.split())
    # Neither the whole tree, with its history, nor tests.
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE)
    assert copied
    for source in " ".join(copied).split():
        assert source.startswith(("app/", "operator/", "local/pyproject.toml", "uv.lock")) or (
            source == "pyproject.toml"
        )
