"""Logs: JSON, one record per line, and nothing secret, not even when something fails."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from app.avatars.hostile import drawn, saved
from app.conftest import SECRET_KEY
from app.processes import EMAIL, USER_PASSWORD

from appinstance_app.logs import configure_logging, without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WRONG = "planted wrong password Qw9"


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The records so far, at the chattiest level."""
    root = logging.getLogger()
    before = (root.handlers, root.level)
    configured = structlog.get_config()
    stream = io.StringIO()
    configure_logging("DEBUG", stream)

    def read() -> list[dict[str, Any]]:
        records = (json.loads(line) for line in stream.getvalue().splitlines())
        return [record for record in records if record["logger"] != "httpx"]  # the test's client

    yield read
    root.handlers, level = before
    root.setLevel(level)
    structlog.configure(**configured)


async def test_no_password_and_no_token_is_logged_whatever_happens(
    start: Callable[..., Any],
    lines: Callable[[], list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = await start(sign_in_per_account=3)
    secrets = [USER_PASSWORD, WRONG, SECRET_KEY]

    async def post(path: str, **request: Any) -> None:
        answer = await app.client.post(f"/api/v1/auth/{path}", **request)
        if app.client.cookies.get("session"):
            secrets.append(app.cookie)
        if "access_token" in answer.text:
            secrets.append(answer.json()["access_token"])

    await app.signed_up()
    secrets.append(app.cookie)
    await post("sign-in", json={"email": EMAIL, "password": USER_PASSWORD})
    await post("sign-in", json={"email": EMAIL, "password": WRONG})
    await post("sign-in?password=" + WRONG.replace(" ", "+"), json={"password": WRONG})
    await post("token", data={"username": EMAIL, "password": WRONG})
    await post("sign-up", json={"email": WRONG, "password": WRONG, "display_name": "x" * 99})
    await post("sign-in", content=f'{{"password": "{WRONG}"')
    first = app.cookie
    await post("refresh")
    await post("refresh", headers={"Cookie": f"session={first}"})  # reuse
    await app.client.get("/api/v1/users/me", headers={"Authorization": f"Bearer {secrets[-1]}x"})

    def fail(*_: object) -> None:
        local = WRONG  # what a traceback with local variables would show
        raise RuntimeError(f"unforeseen {len(local)}")

    with monkeypatch.context() as patch:
        patch.setattr(app.app.state.context.store, "credentials", fail)
        answer = await app.client.post(
            "/api/v1/auth/sign-in", json={"email": "b@example.com", "password": WRONG}
        )
    assert answer.status_code == 500
    assert "unforeseen" not in answer.text
    await post("sign-out")

    records = lines()
    assert len(records) > 12
    assert any(record["event"] == "request.failed" for record in records)
    text = json.dumps(records)
    for secret in secrets:
        assert secret not in text
    assert WRONG.split()[-1] not in text  # nor in another encoding of its spaces
    assert EMAIL not in text


async def test_the_name_of_a_picture_is_not_logged(
    start: Callable[..., Any], lines: Callable[[], list[dict[str, Any]]]
) -> None:
    app = await start()
    headers = await app.signed_up()
    files = {"file": ("a.png", saved(drawn(), "PNG"), "image/png")}
    url = (await app.client.put("/api/v1/users/me/avatar", headers=headers, files=files)).json()[
        "avatar_url"
    ]
    await app.client.get(url)
    text = json.dumps(lines())
    assert "/api/v1/avatars/{user_id}/{name}.webp" in text
    assert url.rsplit("/", 1)[1] not in text


async def test_a_request_leaves_one_record_with_its_id(
    start: Callable[..., Any], lines: Callable[[], list[dict[str, Any]]]
) -> None:
    app = await start(trusted_proxy_hops=1)
    await app.client.get(
        "/api/v1/users/me?planted=1",
        headers={
            "X-Request-ID": "edge-12345678",
            "X-Forwarded-For": "1.1.1.1, 203.0.113.5",
            "User-Agent": "agent\t1",
        },
    )
    (record,) = [r for r in lines() if r["event"] == "request"]
    assert record["request_id"] == "edge-12345678"
    assert record["client"] == "203.0.113.5"
    assert (record["method"], record["route"], record["status"]) == ("GET", "/api/v1/users/me", 401)
    assert record["level"] == "info"
    assert record["timestamp"].endswith("Z")
    assert "planted" not in json.dumps(record)


async def test_probes_that_succeed_leave_no_record(
    start: Callable[..., Any], lines: Callable[[], list[dict[str, Any]]]
) -> None:
    app = await start()
    await app.client.get("/healthz")
    assert [r for r in lines() if r["event"] == "request"] == []


def test_libraries_log_json_too_and_never_their_requests(
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    logging.getLogger("botocore.auth").debug("planted signature")
    logging.getLogger("uvicorn.error").info("Started %s", "planted-server")
    (record,) = lines()
    assert (record["event"], record["logger"]) == ("Started planted-server", "uvicorn.error")


@pytest.mark.parametrize(
    "name", ["password", "new_password", "access_token", "Authorization", "cookie", "secret_key"]
)
def test_what_is_named_like_a_secret_is_blanked(name: str) -> None:
    assert without_secrets(None, "info", {name: "planted", "user": "1"}) == {
        name: "[removed]",
        "user": "1",
    }
