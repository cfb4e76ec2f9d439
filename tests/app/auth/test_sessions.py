"""Sign-up, sign-in, refresh and sign-out over HTTP, on both stores."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from app.conftest import Running
from app.processes import EMAIL, USER_PASSWORD

from appinstance_app.auth.sessions import GRACE
from appinstance_app.auth.tokens import utc_now
from appinstance_app.store.records import User, new_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from appinstance_app.store.protocol import Store

SIGN_IN = {"email": EMAIL, "password": USER_PASSWORD}


@pytest.fixture
async def app(start: Callable[..., Any], store: Store) -> Running:
    result: Running = await start(store=store)
    return result


def cookie_of(answer: httpx.Response) -> dict[str, str]:
    """The attributes of the refresh cookie, by their lower-case names."""
    header = next(h for h in answer.headers.get_list("set-cookie") if "session=" in h)
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return {name.lower(): value for name, _, value in pairs}


async def refreshed(app: Running, token: str) -> httpx.Response:
    """A refresh with exactly this cookie, by a client of its own."""
    transport = httpx.ASGITransport(app.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        return await client.post("/api/v1/auth/refresh", headers={"Cookie": f"session={token}"})


async def test_sign_up_opens_a_session(app: Running) -> None:
    answer = await app.client.post(
        "/api/v1/auth/sign-up",
        json={"email": "Ada@Example.COM", "password": USER_PASSWORD, "display_name": " Ada "},
    )
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"access_token", "token_type", "expires_in", "user"}
    assert (body["token_type"], body["expires_in"]) == ("bearer", 600)
    assert set(body["user"]) == {
        "id", "email", "email_verified", "display_name", "avatar_url", "created_at",
        "has_password", "passkeys", "second_factor",
    }  # fmt: skip
    assert body["user"]["email"] == EMAIL
    assert body["user"]["display_name"] == "Ada"
    assert body["user"]["avatar_url"] is None
    me = await app.client.get(
        "/api/v1/users/me", headers={"Authorization": f"Bearer {body['access_token']}"}
    )
    assert me.json() == body["user"]


async def test_the_cookie_is_for_this_server_alone(start: Callable[..., Any]) -> None:
    """A browser takes `__Host-` from the origin only, so no sibling instance can plant one."""
    app = await start(public_url="https://app.localhost")
    answer = await app.client.post(
        "/api/v1/auth/sign-up",
        json={"email": EMAIL, "password": USER_PASSWORD, "display_name": "Ada"},
    )
    for header in answer.headers.get_list("set-cookie"):
        assert header.startswith(("__Host-session=", "__Host-device="))
    cookie = cookie_of(answer)
    assert cookie["path"] == "/"
    assert cookie["samesite"].lower() == "strict"
    assert 7 * 86400 - 60 < int(cookie["max-age"]) <= 7 * 86400
    assert {"httponly", "secure"} <= set(cookie)
    assert "domain" not in cookie
    assert cookie["__host-session"] not in answer.text


async def test_a_planted_cookie_of_another_name_signs_nobody_in(start: Callable[..., Any]) -> None:
    app = await start(public_url="https://app.localhost")
    await app.signed_up()
    token = app.client.cookies["__Host-session"]
    async with app.elsewhere() as victim:
        for name in ("session", "refresh_token", "__host-session", "__Secure-session"):
            answer = await victim.client.post(
                "/api/v1/auth/refresh", headers={"Cookie": f"{name}={token}"}
            )
            assert answer.status_code == 401, name


async def test_only_over_http_in_development_the_cookie_is_not_secure(app: Running) -> None:
    await app.signed_up()
    answer = await app.client.post("/api/v1/auth/sign-in", json=SIGN_IN)
    assert "secure" not in cookie_of(answer)
    assert "httponly" in cookie_of(answer)


async def test_the_store_never_sees_the_refresh_token_itself(
    start: Callable[..., Any], tmp_path: Any
) -> None:
    app = await start()
    await app.signed_up()
    kept = (tmp_path / "data" / "store.json").read_text()
    assert app.cookie not in kept
    assert hashlib.sha256(app.cookie.encode()).hexdigest() in kept
    assert USER_PASSWORD not in kept


async def test_an_email_has_one_account_in_whatever_case(app: Running) -> None:
    await app.signed_up()
    answer = await app.client.post(
        "/api/v1/auth/sign-up",
        json={"email": "ADA@example.com", "password": USER_PASSWORD, "display_name": "Eve"},
    )
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["field"] == "email"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no address"),
        ("email", "a@b"),
        ("email", "a" * 250 + "@example.com"),
        ("email", "a\x00@example.com"),
        ("email", None),
        ("password", "elevenchars"),
        ("password", "x" * 257),
        ("password", 123456789012),
        ("display_name", "   "),
        ("display_name", "x" * 81),
        ("display_name", "Ada\nLovelace"),
        ("display_name", "Ada\u202eecalevoL"),
        ("display_name", "Ada\x00"),
        ("is_admin", True),
    ],
)
async def test_fields_that_are_not_valid_are_named(
    running: Running, field: str, value: Any
) -> None:
    body = {"email": EMAIL, "password": USER_PASSWORD, "display_name": "Ada", field: value}
    answer = await running.client.post("/api/v1/auth/sign-up", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert USER_PASSWORD not in answer.text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"email": "a@example.com", "password": "\\ud800aaaaaaaaaaaaaa", "display_name": "A"}',
        b'{"email": "\\ud800@example.com", "password": "aaaaaaaaaaaaaaa", "display_name": "A"}',
        b"[" * 20000,
    ],
)
async def test_a_body_that_makes_no_sense_is_no_server_error(
    running: Running, content: bytes
) -> None:
    answer = await running.client.post(
        "/api/v1/auth/sign-up", content=content, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_json_in_disguise_is_not_taken(running: Running) -> None:
    """A form of another site can send text/plain without asking first."""
    answer = await running.client.post(
        "/api/v1/auth/sign-in",
        content=b'{"email": "ada@example.com", "password": "aaaaaaaaaaaaaaa"}',
        headers={"Content-Type": "text/plain"},
    )
    assert answer.status_code == 422


async def test_sign_in_by_json_and_by_oauth2s_form(app: Running) -> None:
    await app.signed_up()
    by_json = await app.client.post("/api/v1/auth/sign-in", json=SIGN_IN)
    by_form = await app.client.post(
        "/api/v1/auth/token",
        data={"grant_type": "password", "username": EMAIL, "password": USER_PASSWORD},
    )
    assert (by_json.status_code, by_form.status_code) == (200, 200)
    assert by_json.json()["user"] == by_form.json()["user"]
    assert by_json.json()["access_token"] != by_form.json()["access_token"]


@pytest.mark.parametrize(
    ("email", "password"),
    [(EMAIL, "wrong password"), ("nobody@example.com", USER_PASSWORD), (EMAIL, "")],
)
async def test_a_refused_sign_in_does_not_tell_why(app: Running, email: str, password: str) -> None:
    await app.signed_up()
    for answer in (
        await app.client.post("/api/v1/auth/sign-in", json={"email": email, "password": password}),
        await app.client.post(
            "/api/v1/auth/token", data={"username": email, "password": password or "x"}
        ),
    ):
        assert answer.status_code == 401
        assert answer.json()["detail"] == "The email or the password is not right."
        assert "set-cookie" not in answer.headers


async def test_the_oauth2_form_with_a_broken_email_is_refused_like_any_other(app: Running) -> None:
    answer = await app.client.post("/api/v1/auth/token", data={"username": "x", "password": "y"})
    assert answer.status_code == 401


async def test_a_legacy_account_signs_in_and_is_upgraded_once(app: Running, store: Store) -> None:
    digest = hashlib.sha256(f"s4lt{USER_PASSWORD}".encode()).hexdigest()
    store.add_user(User(new_id(), EMAIL, "Ada", utc_now()), f"sha256$s4lt${digest}")
    wrong = await app.client.post("/api/v1/auth/sign-in", json={**SIGN_IN, "password": "wrong"})
    assert wrong.status_code == 401
    kept = store.credentials(EMAIL)
    assert kept is not None
    assert kept.password_hash.startswith("sha256$"), "A wrong password must change nothing."
    for _ in range(2):
        answer = await app.client.post("/api/v1/auth/sign-in", json=SIGN_IN)
        assert answer.status_code == 200
        kept = store.credentials(EMAIL)
        assert kept is not None
        assert kept.password_hash.startswith("$argon2id$")


async def test_a_refresh_gives_new_tokens_and_uses_the_old_one_up(app: Running) -> None:
    await app.signed_up()
    first = app.cookie
    answer = await app.client.post("/api/v1/auth/refresh")
    assert answer.status_code == 200
    assert answer.json()["user"]["email"] == EMAIL
    assert app.cookie != first
    assert (await app.client.post("/api/v1/auth/refresh")).status_code == 200


def clock_of(app: Running) -> Callable[[timedelta], None]:
    """What sets the app's clock on."""
    sessions = app.app.state.context.sessions
    moment = [utc_now()]
    sessions.clock = lambda: moment[0]

    def go(by: timedelta) -> None:
        moment[0] += by

    return go


async def test_reuse_of_a_rotated_token_ends_the_whole_family(app: Running) -> None:
    go = clock_of(app)
    headers = await app.signed_up()
    first = app.cookie
    await app.client.post("/api/v1/auth/refresh")
    second = app.cookie
    go(GRACE)
    stolen = await refreshed(app, first)
    assert stolen.status_code == 401
    assert cookie_of(stolen)["session"] in ("", '""')
    assert (await refreshed(app, second)).status_code == 401
    assert (await app.client.get("/api/v1/users/me", headers=headers)).status_code == 401


async def test_an_answer_that_was_lost_is_given_again_and_raises_no_alarm(app: Running) -> None:
    go = clock_of(app)
    await app.signed_up()
    first = app.cookie
    assert (await refreshed(app, first)).status_code == 200  # its answer never arrives
    go(GRACE / 2)
    again = await refreshed(app, first)
    assert again.status_code == 200
    go(GRACE)
    assert (await refreshed(app, cookie_of(again)["session"])).status_code == 200


async def test_a_thief_in_the_time_of_grace_is_found_when_the_owner_comes(app: Running) -> None:
    go = clock_of(app)
    await app.signed_up()
    first = app.cookie
    await app.client.post("/api/v1/auth/refresh")
    owners = app.cookie
    stolen = await refreshed(app, first)
    assert stolen.status_code == 200
    go(GRACE)
    assert (await refreshed(app, owners)).status_code == 401
    assert (await refreshed(app, cookie_of(stolen)["session"])).status_code == 401


async def test_other_sessions_of_the_same_person_go_on(app: Running) -> None:
    go = clock_of(app)
    await app.signed_up()
    first = app.cookie
    async with app.elsewhere() as phone:
        await phone.client.post("/api/v1/auth/sign-in", json=SIGN_IN)
        other = phone.cookie
    await refreshed(app, first)
    go(GRACE)
    await refreshed(app, first)
    assert (await refreshed(app, other)).status_code == 200


async def test_a_new_sign_in_ends_the_session_that_the_browser_had(app: Running) -> None:
    headers = await app.signed_up()
    first = app.cookie
    await app.client.post("/api/v1/auth/sign-in", json=SIGN_IN)
    assert (await app.client.get("/api/v1/users/me", headers=headers)).status_code == 401
    assert (await refreshed(app, first)).status_code == 401
    assert (await refreshed(app, app.cookie)).status_code == 200


async def test_simultaneous_refreshes_of_one_browser_all_go_on(app: Running) -> None:
    await app.signed_up()
    token = app.cookie
    answers = await asyncio.gather(*(refreshed(app, token) for _ in range(3)))
    assert [answer.status_code for answer in answers] == [200] * 3


@pytest.mark.parametrize("token", ["", "unknown", "ä", "x" * 5000, '"; DROP TABLE users'])
async def test_an_unknown_token_is_refused(running: Running, token: str) -> None:
    answer = await running.client.post(
        "/api/v1/auth/refresh", headers=[(b"Cookie", f"session={token}".encode())]
    )
    assert answer.status_code == 401


async def test_without_a_cookie_there_is_no_session(running: Running) -> None:
    assert (await running.client.post("/api/v1/auth/refresh")).status_code == 401


async def test_the_access_token_does_not_refresh(running: Running) -> None:
    headers = await running.signed_up()
    token = headers["Authorization"].removeprefix("Bearer ")
    assert (await refreshed(running, token)).status_code == 401


async def test_sign_out_ends_the_session_and_clears_the_cookie(app: Running) -> None:
    await app.signed_up()
    first = app.cookie
    await app.client.post("/api/v1/auth/refresh")
    second = app.cookie
    answer = await app.client.post("/api/v1/auth/sign-out")
    assert answer.status_code == 204
    assert answer.content == b""
    cookie = cookie_of(answer)
    assert cookie["max-age"] == "0"
    assert cookie["path"] == "/"
    assert (await refreshed(app, second)).status_code == 401
    assert (await refreshed(app, first)).status_code == 401


@pytest.mark.parametrize("cookie", [None, "unknown"])
async def test_sign_out_without_a_session_is_fine(running: Running, cookie: str | None) -> None:
    headers = {"Cookie": f"session={cookie}"} if cookie else {}
    answer = await running.client.post("/api/v1/auth/sign-out", headers=headers)
    assert answer.status_code == 204


async def test_a_refresh_token_and_a_session_end_at_their_time(app: Running) -> None:
    moment = utc_now()
    app.app.state.context.sessions.clock = lambda: moment
    await app.signed_up()
    moment += timedelta(days=7, seconds=1)
    assert (await refreshed(app, app.cookie)).status_code == 401
    await app.client.post("/api/v1/auth/sign-in", json=SIGN_IN)
    for _ in range(5):  # used every six days it goes on, but not beyond the session's 30 days
        status = (await app.client.post("/api/v1/auth/refresh")).status_code
        assert status == 200
        moment += timedelta(days=6)
    moment += timedelta(seconds=1)
    assert (await app.client.post("/api/v1/auth/refresh")).status_code == 401


@pytest.mark.parametrize("path", ["sign-up", "sign-in", "token", "refresh", "sign-out"])
@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
async def test_pages_of_other_origins_are_refused(running: Running, path: str, site: str) -> None:
    """Instances share a domain, so SameSite alone does not keep them apart."""
    await running.signed_up()
    answer = await running.client.post(
        f"/api/v1/auth/{path}", json=SIGN_IN, headers={"Sec-Fetch-Site": site}
    )
    assert answer.status_code == 403
    assert (await running.client.post("/api/v1/auth/refresh")).status_code == 200


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer x.y.z", "Basic YWRhOmFkYQ==", "bearer null"],
)
async def test_without_a_valid_token_nobody_is_anybody(
    running: Running, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    for method, path in (
        ("GET", "/api/v1/users/me"),
        ("PUT", "/api/v1/users/me/avatar"),
        ("DELETE", "/api/v1/users/me/avatar"),
    ):
        answer = await running.client.request(method, path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["status"] == 401
