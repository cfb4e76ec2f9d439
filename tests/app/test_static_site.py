"""The page, as `make app` serves it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from appinstance_app.static_site import CONTENT_SECURITY_POLICY

if TYPE_CHECKING:
    from collections.abc import Callable

FRONTEND = Path(__file__).resolve().parents[2] / "app" / "frontend"


def test_the_policy_is_the_one_of_the_frontend_image() -> None:
    found = re.search(
        r'add_header Content-Security-Policy "([^"]+)"', (FRONTEND / "nginx.conf").read_text()
    )
    assert found is not None
    # In development the app delivers the pictures itself.
    assert found[1].replace("$media_origin", "") == CONTENT_SECURITY_POLICY


async def test_page_and_api_come_from_one_origin(start: Callable[..., Any]) -> None:
    app = await start(static_dir=FRONTEND / "site")
    page = await app.client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    script = await app.client.get("/scripts/main.js")
    assert "javascript" in script.headers["content-type"]
    assert script.headers["x-content-type-options"] == "nosniff"
    assert (await app.client.get("/healthz")).text == "ok\n"
    await app.signed_up()


@pytest.mark.parametrize("path", ["/../nginx.conf", "/..%2fnginx.conf", "/%2e%2e/nginx.conf"])
async def test_nothing_outside_the_folder_is_served(start: Callable[..., Any], path: str) -> None:
    app = await start(static_dir=FRONTEND / "site")
    answer = await app.client.get(path)
    assert answer.status_code == 404
    assert "proxy" not in answer.text


async def test_without_a_folder_there_is_no_page(start: Callable[..., Any]) -> None:
    app = await start()
    assert (await app.client.get("/")).status_code == 404
