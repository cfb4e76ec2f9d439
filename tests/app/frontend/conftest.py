"""Fixtures of the browser tests: one set of servers and one Chromium, a fresh context per test."""

from __future__ import annotations

import io
import itertools
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from app.frontend.mailbox import Mailbox
from app.frontend.page import AppPage
from app.frontend.servers import (
    REPOSITORY,
    Server,
    running_backend,
    running_edge,
    running_frontend,
)
from PIL import Image, ImageDraw
from support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, FilePayload, Page


_CLIENTS = itertools.count(1)


@dataclass
class Watched:
    """A page with everything the browser complained about while it was open."""

    app: AppPage
    violations: list[str]
    errors: list[str]

    @property
    def page(self) -> Page:
        """Playwright's page beneath."""
        return self.app.page

    def await_violation(self, directive: str) -> None:
        """Waits until the browser has refused something under this directive of the policy."""
        self.page.wait_for_function(
            "name => window.violations.some(text => text.startsWith(name + ' '))", arg=directive
        )


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the servers of this session keep configuration, data and logs."""
    return tmp_path_factory.mktemp("frontend")


@pytest.fixture(scope="session")
def frontend(folder: Path, tools: None) -> Iterator[Server]:
    """Our nginx configuration as the image runs it."""
    with running_frontend(folder) as server:
        yield server


@pytest.fixture(scope="session")
def backend_port() -> int:
    """Known before the backend runs, so that the edge can be configured first."""
    return free_port()


@pytest.fixture(scope="session")
def edge(folder: Path, frontend: Server, backend_port: int) -> Iterator[Server]:
    """The origin that the browser sees."""
    with running_edge(
        folder, frontend=frontend, backend_port=backend_port, port=free_port()
    ) as server:
        yield server


@pytest.fixture(scope="session")
def backend(folder: Path, edge: Server, backend_port: int) -> Iterator[Server]:
    """The app itself, on a file store."""
    with running_backend(folder, port=backend_port, public_url=edge.origin) as server:
        yield server


@pytest.fixture(scope="session")
def mailing(
    tmp_path_factory: pytest.TempPathFactory, frontend: Server
) -> Iterator[tuple[Server, Mailbox]]:
    """An origin of its own whose app sends mail, to a folder."""
    folder = tmp_path_factory.mktemp("mailing")
    port, backend_port = free_port(), free_port()
    with (
        running_edge(folder, frontend=frontend, backend_port=backend_port, port=port) as server,
        running_backend(
            folder,
            port=backend_port,
            public_url=server.origin,
            more={"MAIL_FROM": "accounts@example.com"},
        ),
    ):
        yield server, Mailbox(folder / ".dev-data" / "mail")


@pytest.fixture
def opened(browser: Browser, edge: Server) -> Iterator[Callable[..., Watched]]:
    """Opens pages in contexts of their own; `opened(origin=…, **context options)`."""
    contexts = []

    def open_page(origin: str = edge.origin, **options: Any) -> Watched:
        number = next(_CLIENTS)
        context = browser.new_context(
            **{
                "viewport": {"width": 1280, "height": 800},
                "extra_http_headers": {"X-Test-Client": f"198.18.{number // 250}.{number % 250}"},
                **options,
            }
        )
        contexts.append(context)
        context.set_default_timeout(60_000)
        return watched(context.new_page(), origin)

    yield open_page
    for context in contexts:
        context.close()


def watched(page: Page, origin: str) -> Watched:
    """A page whose complaints are collected from its first script on."""
    result = Watched(AppPage(page, origin), violations=[], errors=[])
    page.expose_function("reportViolation", lambda text: result.violations.append(text))
    page.add_init_script(
        """window.violations = [];
        document.addEventListener("securitypolicyviolation", event => {
            const text = `${event.effectiveDirective} ${event.blockedURI}`;
            window.violations.push(text);
            window.reportViolation(text);
        });"""
    )
    page.on("pageerror", lambda error: result.errors.append(str(error)))
    return result


@pytest.fixture
def site(opened: Callable[..., Watched], backend: Server) -> Watched:
    """A signed-out page at the edge."""
    view = opened()
    view.app.open()
    return view


@pytest.fixture
def account() -> dict[str, str]:
    """An account that no other test uses."""
    return {
        "email": f"ada-{secrets.token_hex(6)}@example.com",
        "password": "correct horse battery staple",
        "name": "Ada Lovelace",
    }


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Where screenshots are kept; not committed."""
    path = REPOSITORY / "artifacts" / "frontend"
    path.mkdir(parents=True, exist_ok=True)
    return path


def landscape(top: tuple[int, int, int] = (250, 190, 140), size: int = 480) -> Image.Image:
    """A small drawn picture: sky, sun, two ranges of hills."""
    picture = Image.new("RGB", (size, size))
    draw = ImageDraw.Draw(picture)
    for y in range(size):
        share = y / size
        draw.line(
            [(0, y), (size, y)],
            fill=(
                int(top[0] - 90 * share),
                int(top[1] - 80 * share),
                min(255, int(top[2] + 20 * share)),
            ),
        )
    unit = size / 64
    draw.ellipse([40 * unit, 8 * unit, 54 * unit, 22 * unit], fill=(255, 226, 160))
    for color, heights in (((70, 92, 110), (42, 30, 43, 33, 47)), ((34, 54, 66), (52, 43, 56, 50))):
        step = 64 / (len(heights) - 1)
        ridge = [(index * step * unit, height * unit) for index, height in enumerate(heights)]
        draw.polygon([(0, size), *ridge, (size, size)], fill=color)
    return picture


def as_file(picture: Image.Image, name: str = "hills.png", **options: object) -> FilePayload:
    """The picture as a browser's file input takes it; the format follows the name."""
    format_name, mime = {"png": ("PNG", "image/png"), "jpg": ("JPEG", "image/jpeg")}[name[-3:]]
    buffer = io.BytesIO()
    picture.save(buffer, format=format_name, **options)
    return {"name": name, "mimeType": mime, "buffer": buffer.getvalue()}


@pytest.fixture
def picture() -> FilePayload:
    """A PNG."""
    return as_file(landscape())


@pytest.fixture
def other_picture() -> FilePayload:
    """Another one, a JPEG."""
    return as_file(landscape(top=(150, 200, 235)), "lake.jpg", quality=85)
