"""Every answer: its headers, its problem, its id, its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from app.conftest import Running
from prometheus_client import generate_latest
from pydantic import SecretStr

from appinstance_app.application import create_app
from appinstance_app.settings import Environment
from appinstance_app.store.protocol import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REQUESTS = [
    ("GET", "/healthz", 200),
    ("GET", "/nowhere", 404),
    ("GET", "/api/v1/users/me", 401),
    ("GET", "/api/v1/auth/sign-in", 405),
    ("POST", "/api/v1/auth/sign-in", 422),
    ("POST", "/api/v1/auth/refresh", 401),
    ("TRACE", "/api/v1/users/me", 405),
]


@pytest.mark.parametrize(("method", "path", "status"), REQUESTS)
async def test_every_answer_is_guarded(
    running: Running, method: str, path: str, status: int
) -> None:
    answer = await running.client.request(method, path)
    assert answer.status_code == status
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert len(answer.headers["x-request-id"]) >= 8
    assert "server" not in answer.headers
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(("method", "path", "status"), REQUESTS[1:])
async def test_every_error_is_a_problem(
    running: Running, method: str, path: str, status: int
) -> None:
    answer = await running.client.request(method, path)
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert {"type", "title", "status", "detail", "instance", "request_id"} <= set(body)
    assert body["status"] == status
    assert body["instance"] == path
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["detail"].endswith(".")


async def test_hsts_is_sent_where_people_come_over_https(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    plain = await start()
    secure = await start(public_url="https://app.localhost", data_dir=tmp_path / "other")
    assert "strict-transport-security" not in (await plain.client.get("/healthz")).headers
    header = (await secure.client.get("/healthz")).headers["strict-transport-security"]
    assert header.startswith("max-age=63072000")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("edge-12345678", True),
        ("Root=1-67891233-abcdef012345678912345678", True),
        ("short", False),
        ("x" * 129, False),
        ("with space 123", False),
        ('"}\n{"event":"planted', False),
        ("", False),
    ],
)
async def test_an_id_from_the_edge_is_kept_if_it_is_harmless(
    running: Running, given: str, kept: bool
) -> None:
    answer = await running.client.get("/healthz", headers=[(b"X-Request-ID", given.encode())])
    assert (answer.headers["x-request-id"] == given) is kept


async def test_the_unforeseen_is_a_problem_with_all_headers_and_no_details(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("planted detail")

    headers = await running.signed_up()
    monkeypatch.setattr(running.app.state.context.store, "caller", fail)
    answer = await running.client.get("/api/v1/users/me", headers=headers)
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "planted" not in answer.text


async def test_without_the_store_it_is_503_with_a_time_to_wait(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreUnavailableError("planted detail")

    headers = await running.signed_up()
    monkeypatch.setattr(running.app.state.context.store, "caller", fail)
    answer = await running.client.get("/api/v1/users/me", headers=headers)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "planted" not in answer.text


@pytest.mark.parametrize("path", ["/api/v1/auth/sign-up", "/api/v1/auth/refresh", "/nowhere"])
async def test_a_body_over_the_general_limit_is_refused(running: Running, path: str) -> None:
    answer = await running.client.post(path, content=bytes(64 * 1024 + 1))
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"
    assert answer.headers["x-request-id"]


async def test_a_body_without_a_length_is_counted(running: Running) -> None:
    async def chunks() -> Any:
        for _ in range(20):
            yield bytes(8192)

    answer = await running.client.post(
        "/api/v1/auth/sign-up", content=chunks(), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413


async def test_metrics_have_route_templates_and_few_values(running: Running) -> None:
    await running.client.get(f"/api/v1/avatars/{'a' * 32}/{'b' * 48}.webp")
    await running.client.get("/planted-path")
    await running.client.request("PLANTED", "/healthz")
    text = generate_latest(running.app.state.context.metrics.registry).decode()
    template = 'route="/api/v1/avatars/{user_id}/{name}.webp"'
    assert f'http_requests_total{{method="GET",{template},status="404"}} 1.0' in text
    assert 'http_requests_total{method="GET",route="unmatched",status="404"} 1.0' in text
    assert 'method="OTHER"' in text
    assert "lanted" not in text
    assert f'http_request_duration_seconds_count{{method="GET",{template}}} 1.0' in text


async def test_metrics_are_not_on_the_public_port(running: Running) -> None:
    assert (await running.client.get("/metrics")).status_code == 404


async def test_the_api_describes_itself_with_the_password_flow(running: Running) -> None:
    schema = (await running.client.get("/api/v1/openapi.json")).json()
    flows = schema["components"]["securitySchemes"]["OAuth2PasswordBearer"]["flows"]
    assert flows["password"]["tokenUrl"] == "/api/v1/auth/token"
    upload = schema["paths"]["/api/v1/users/me/avatar"]["put"]["requestBody"]
    assert "multipart/form-data" in upload["content"]
    assert set(schema["paths"]) == {
        "/api/v1/auth/methods",
        "/api/v1/auth/sign-up",
        "/api/v1/auth/sign-in",
        "/api/v1/auth/token",
        "/api/v1/auth/refresh",
        "/api/v1/auth/sign-out",
        "/api/v1/auth/confirm",
        "/api/v1/auth/confirm/passkey",
        "/api/v1/auth/confirm/passkey/options",
        "/api/v1/auth/passkey",
        "/api/v1/auth/passkey/options",
        "/api/v1/auth/second-factor/passkey",
        "/api/v1/auth/second-factor/passkey/options",
        "/api/v1/auth/second-factor/recovery-code",
        "/api/v1/auth/oidc/start",
        "/api/v1/auth/oidc/callback",
        "/api/v1/auth/verify-email",
        "/api/v1/auth/password-reset",
        "/api/v1/auth/password-reset/confirm",
        "/api/v1/users/me",
        "/api/v1/users/me/avatar",
        "/api/v1/users/me/password",
        "/api/v1/users/me/email",
        "/api/v1/users/me/verification",
        "/api/v1/users/me/sessions",
        "/api/v1/users/me/sessions/{session_id}",
        "/api/v1/users/me/sessions/end-others",
        "/api/v1/users/me/activity",
        "/api/v1/users/me/passkeys",
        "/api/v1/users/me/passkeys/options",
        "/api/v1/users/me/passkeys/{passkey_id}",
        "/api/v1/users/me/second-factor",
        "/api/v1/users/me/recovery-codes",
        "/api/v1/users/me/oidc/link",
        "/api/v1/avatars/{user_id}/{name}.webp",
    }


def test_in_production_the_description_is_not_public(
    make_settings: Callable[..., Any], tmp_path: Path
) -> None:
    ca = tmp_path / "ca.crt"
    ca.touch()
    settings = make_settings(
        environment=Environment.PRODUCTION,
        use_file_storage=False,
        secret_key=SecretStr("Zr1xV0nT5mJ7cB2yW9kL4pD6hF3sGaQ8"),
        public_url="https://acme.apps.localhost",
        db_host="db",
        db_username="u",
        db_name="d",
        db_password=SecretStr("pl4nted"),
        db_tls_ca_file=ca,
        media_bucket="b",
    )
    stand_in: Any = object()
    app = create_app(settings, store=stand_in, media=stand_in)
    paths = {getattr(route, "path", "") for route in app.routes}
    assert not {path for path in paths if "docs" in path or "openapi" in path}
