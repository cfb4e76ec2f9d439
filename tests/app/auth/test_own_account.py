"""What owners see and change about getting in: over HTTP, on both stores."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from app.auth.test_sessions import SIGN_IN, clock_of, refreshed
from app.avatars.hostile import drawn, saved
from app.conftest import Running
from app.processes import EMAIL, USER_PASSWORD
from structlog.testing import capture_logs

if TYPE_CHECKING:
    from collections.abc import Callable

    from appinstance_app.store.protocol import Store

ME = "/api/v1/users/me"
OTHER_PASSWORD = "violet otter plays the trombone"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
async def app(start: Callable[..., Any], store: Store) -> Running:
    result: Running = await start(store=store, trusted_proxy_hops=1)
    return result


async def signed_in(app: Running, password: str = USER_PASSWORD, **headers: str) -> dict[str, str]:
    answer = await app.client.post(
        "/api/v1/auth/sign-in", json={**SIGN_IN, "password": password}, headers=headers
    )
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def kinds(app: Running, headers: dict[str, str]) -> list[str]:
    await app.app.state.context.outgoing.idle()
    answer = await app.client.get(f"{ME}/activity", headers=headers)
    assert answer.status_code == 200
    return [item["kind"] for item in answer.json()]


async def test_sessions_are_listed_with_device_place_and_last_use(app: Running) -> None:
    headers = await app.signed_up()
    async with app.elsewhere() as phone:
        phones = await signed_in(
            phone, **{"User-Agent": FIREFOX, "X-Forwarded-For": "203.0.113.77"}
        )
        listed = (await phone.client.get(f"{ME}/sessions", headers=phones)).json()
    assert [item["current"] for item in listed] == [True, False]
    assert listed[0]["device"] == "Firefox on Linux"
    assert listed[0]["place"] == "203.0.113.0/24"
    assert listed[0]["last_used_at"] >= listed[0]["created_at"]
    mine = (await app.client.get(f"{ME}/sessions", headers=headers)).json()
    assert {item["id"] for item in mine} == {item["id"] for item in listed}
    assert [item["id"] for item in mine if item["current"]] == [listed[1]["id"]]


async def test_a_session_that_is_ended_is_over_at_once(app: Running) -> None:
    headers = await app.signed_up()
    async with app.elsewhere() as phone:
        phones = await signed_in(phone)
        (other,) = [
            item["id"]
            for item in (await app.client.get(f"{ME}/sessions", headers=headers)).json()
            if not item["current"]
        ]
        ended = await app.client.delete(f"{ME}/sessions/{other}", headers=headers)
        assert ended.status_code == 204
        assert (await phone.client.get(ME, headers=phones)).status_code == 401
        assert (await refreshed(app, phone.cookie)).status_code == 401
    assert (await app.client.get(ME, headers=headers)).status_code == 200
    again = await app.client.delete(f"{ME}/sessions/{other}", headers=headers)
    assert again.status_code == 404


async def test_nobody_ends_anothers_session(app: Running) -> None:
    await app.signed_up()
    async with app.elsewhere() as eve:
        eves = await eve.signed_up("eve@example.com")
        (session,) = (await eve.client.get(f"{ME}/sessions", headers=eves)).json()
        async with app.elsewhere() as ada:
            adas = await signed_in(ada)
            answer = await ada.client.delete(f"{ME}/sessions/{session['id']}", headers=adas)
            assert answer.status_code == 404
        assert (await eve.client.get(ME, headers=eves)).status_code == 200


async def test_all_sessions_but_this_one_are_ended(app: Running) -> None:
    headers = await app.signed_up()
    async with app.elsewhere() as one, app.elsewhere() as two:
        others = [(one, await signed_in(one)), (two, await signed_in(two))]
        answer = await app.client.post(f"{ME}/sessions/end-others", headers=headers)
        assert answer.status_code == 204
        for browser, theirs in others:
            assert (await browser.client.get(ME, headers=theirs)).status_code == 401
    assert len((await app.client.get(f"{ME}/sessions", headers=headers)).json()) == 1


async def test_a_signed_out_access_token_is_worth_nothing(app: Running) -> None:
    headers = await app.signed_up()
    await app.client.post("/api/v1/auth/sign-out")
    assert (await app.client.get(ME, headers=headers)).status_code == 401


async def test_a_password_is_changed_by_who_knows_it_and_ends_the_other_sessions(
    app: Running,
) -> None:
    headers = await app.signed_up()
    async with app.elsewhere() as phone:
        phones = await signed_in(phone)
        body = {"current_password": "not this one", "new_password": OTHER_PASSWORD}
        wrong = await app.client.put(f"{ME}/password", headers=headers, json=body)
        assert wrong.status_code == 403
        assert wrong.json()["errors"][0]["field"] == "current_password"
        body["current_password"] = USER_PASSWORD
        right = await app.client.put(f"{ME}/password", headers=headers, json=body)
        assert right.status_code == 204, right.text
        assert (await phone.client.get(ME, headers=phones)).status_code == 401
        assert (await app.client.get(ME, headers=headers)).status_code == 200
        assert (await phone.client.post("/api/v1/auth/sign-in", json=SIGN_IN)).status_code == 401
        await signed_in(phone, OTHER_PASSWORD)
    assert "password-changed" in await kinds(app, headers)


async def test_within_a_session_a_password_can_not_be_guessed(
    start: Callable[..., Any], store: Store
) -> None:
    app = await start(store=store, sign_in_per_account=3)
    headers = await app.signed_up()
    statuses = [
        (
            await app.client.post(
                "/api/v1/auth/confirm", headers=headers, json={"password": f"guess {number}"}
            )
        ).status_code
        for number in range(4)
    ]
    assert statuses == [403, 403, 403, 429]


@pytest.mark.parametrize(
    "password",
    [
        "password1234", "aaaaaaaaaaaa", "qwertyuiopas", "ada@example.com", "Ada@Example.com",
        "123456789012", "987654321098", "passwordpassword", "P@ssw0rd1234", "iloveyou2020",
    ],
)  # fmt: skip
async def test_easily_guessed_passwords_are_refused(app: Running, password: str) -> None:
    body = {"email": EMAIL, "password": password, "display_name": "Ada"}
    answer = await app.client.post("/api/v1/auth/sign-up", json=body)
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/common-password"
    assert answer.json()["errors"][0]["field"] == "password"
    assert password not in answer.text


async def test_a_password_is_the_same_in_whatever_form_it_is_typed(app: Running) -> None:
    composed, decomposed = "zw\u00f6lf gr\u00fcne \u00c4pfel", "zwo\u0308lf gru\u0308ne A\u0308pfel"
    body = {"email": EMAIL, "password": decomposed, "display_name": "Ada"}
    assert (await app.client.post("/api/v1/auth/sign-up", json=body)).status_code == 201
    await signed_in(app, composed)
    await signed_in(app, decomposed)


@pytest.mark.parametrize("name", ["\u200b", "\u200b\u200d", " \u2060 ", "\u00ad"])
async def test_a_name_has_something_to_see(app: Running, name: str) -> None:
    body = {"email": EMAIL, "password": USER_PASSWORD, "display_name": name}
    answer = await app.client.post("/api/v1/auth/sign-up", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["display_name"]


async def test_a_profile_is_changed(app: Running) -> None:
    headers = await app.signed_up()
    answer = await app.client.patch(ME, headers=headers, json={"display_name": " Countess "})
    assert answer.json()["display_name"] == "Countess"
    assert (await app.client.get(ME, headers=headers)).json() == answer.json()
    bad = await app.client.patch(ME, headers=headers, json={"display_name": "x", "email": "a@b.de"})
    assert bad.status_code == 422


async def test_an_account_is_deleted_with_all_its_sessions(app: Running) -> None:
    headers = await app.signed_up()
    async with app.elsewhere() as phone:
        phones = await signed_in(phone)
        assert (await app.client.delete(ME, headers=headers)).status_code == 204
        assert (await phone.client.get(ME, headers=phones)).status_code == 401
        assert (await phone.client.post("/api/v1/auth/sign-in", json=SIGN_IN)).status_code == 401
    await app.signed_up()


async def test_what_matters_needs_a_fresh_proof(app: Running) -> None:
    go = clock_of(app)
    go(-timedelta(minutes=11))
    await app.signed_up()
    go(timedelta(minutes=11))
    answer = await app.client.post("/api/v1/auth/refresh")
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    refused = await app.client.delete(ME, headers=headers)
    assert refused.status_code == 403
    assert refused.json()["type"] == "/problems/confirmation-required"
    confirm = "/api/v1/auth/confirm"
    wrong = await app.client.post(confirm, headers=headers, json={"password": "wrong"})
    assert wrong.status_code == 403
    assert (await app.client.delete(ME, headers=headers)).status_code == 403
    right = await app.client.post(confirm, headers=headers, json={"password": USER_PASSWORD})
    assert right.status_code == 204
    assert (await app.client.delete(ME, headers=headers)).status_code == 204


async def test_people_see_what_happened_to_their_account_and_to_no_other(app: Running) -> None:
    headers = await app.signed_up()
    async with app.elsewhere() as thief:
        await thief.client.post(
            "/api/v1/auth/sign-in", json={**SIGN_IN, "password": "wrong"},
            headers={"User-Agent": FIREFOX, "X-Forwarded-For": "198.51.100.7"},
        )  # fmt: skip
        eves = await thief.signed_up("eve@example.com")
        assert await kinds(thief, eves) == ["account-created"]
    await app.client.patch(ME, headers=headers, json={"display_name": "Countess"})
    assert await kinds(app, headers) == ["profile-changed", "sign-in-failed", "account-created"]
    failed = (await app.client.get(f"{ME}/activity", headers=headers)).json()[1]
    assert (failed["device"], failed["place"]) == ("Firefox on Linux", "198.51.100.0/24")


async def test_people_see_sign_ins_sign_outs_and_changes_of_their_picture(app: Running) -> None:
    headers = await app.signed_up()
    async with app.elsewhere() as phone, app.elsewhere() as laptop:
        await signed_in(phone)
        await phone.client.post("/api/v1/auth/sign-out")
        await signed_in(laptop)
        await app.client.post(f"{ME}/sessions/end-others", headers=headers)
    files = {"file": ("a.png", saved(drawn(), "PNG"), "image/png")}
    await app.client.put(f"{ME}/avatar", headers=headers, files=files)
    await app.client.delete(f"{ME}/avatar", headers=headers)
    assert await kinds(app, headers) == [
        "picture-removed", "picture-changed", "session-ended", "signed-in", "signed-out",
        "signed-in", "account-created",
    ]  # fmt: skip


async def test_the_log_has_all_of_it_by_the_accounts_id_alone(app: Running) -> None:
    with capture_logs() as logs:
        headers = await app.signed_up()
        await app.client.patch(ME, headers=headers, json={"display_name": "Countess"})
        async with app.elsewhere() as thief:
            wrong = {**SIGN_IN, "password": "wrong"}
            await thief.client.post("/api/v1/auth/sign-in", json=wrong)
        await app.app.state.context.outgoing.idle()
    user = (await app.client.get(ME, headers=headers)).json()
    told = [line for line in logs if line["event"] == "account.activity"]
    assert [line["activity"] for line in told] == [
        "account-created", "profile-changed", "sign-in-failed",
    ]  # fmt: skip
    assert {line["user"] for line in told} == {user["id"]}
    words = " ".join(str(line) for line in told)
    for personal in (EMAIL, "Ada", "Countess", "192.0.2.7", "wrong"):
        assert personal not in words


async def test_a_known_device_is_let_try_while_strangers_are_locked_out(
    start: Callable[..., Any], store: Store
) -> None:
    app = await start(store=store, sign_in_per_account=3, sign_in_per_address=1000)
    await app.signed_up()
    async with app.elsewhere() as strangers, app.elsewhere() as new:
        wrong = {**SIGN_IN, "password": "wrong"}
        for status in (401, 401, 401, 429, 429):
            answer = await strangers.client.post("/api/v1/auth/sign-in", json=wrong)
            assert answer.status_code == status
        assert (await new.client.post("/api/v1/auth/sign-in", json=SIGN_IN)).status_code == 429
        await signed_in(app)
        # Nor does the owner's device open a way for guessing: it has as many tries.
        for status in (401, 401, 401, 429):
            answer = await app.client.post("/api/v1/auth/sign-in", json=wrong)
            assert answer.status_code == status


async def test_a_device_that_is_known_for_one_account_is_a_stranger_to_others(
    start: Callable[..., Any], store: Store
) -> None:
    app = await start(store=store, sign_in_per_account=2, sign_in_per_address=1000)
    await app.signed_up()
    async with app.elsewhere() as eve:
        await eve.signed_up("eve@example.com")
        wrong = {**SIGN_IN, "password": "wrong"}
        statuses = [
            (await eve.client.post("/api/v1/auth/sign-in", json=wrong)).status_code
            for _ in range(3)
        ]
        assert statuses == [401, 401, 429]


async def test_a_shut_account_is_told_to_its_owner_alone(app: Running, store: Store) -> None:
    headers = await app.signed_up()
    found = store.credentials(EMAIL)
    assert found is not None
    store.set_disabled(found.user.id, found.user.created_at)
    assert (await app.client.get(ME, headers=headers)).status_code == 401
    wrong = await app.client.post("/api/v1/auth/sign-in", json={**SIGN_IN, "password": "wrong"})
    assert wrong.status_code == 401
    right = await app.client.post("/api/v1/auth/sign-in", json=SIGN_IN)
    assert right.status_code == 403
    assert right.json()["type"] == "/problems/account-disabled"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{ME}/sessions"), ("DELETE", f"{ME}/sessions/x"), ("GET", f"{ME}/activity"),
        ("POST", f"{ME}/sessions/end-others"), ("PUT", f"{ME}/password"), ("PATCH", ME),
        ("DELETE", ME), ("POST", f"{ME}/email"), ("POST", f"{ME}/verification"),
        ("POST", "/api/v1/auth/confirm"),
    ],
)  # fmt: skip
async def test_without_a_session_nothing_of_it_is_there(
    running: Running, method: str, path: str
) -> None:
    bodies = {
        f"{ME}/password": {"current_password": "x", "new_password": OTHER_PASSWORD},
        ME: {"display_name": "x"}, f"{ME}/email": {"email": EMAIL},
        "/api/v1/auth/confirm": {"password": "x"},
    }  # fmt: skip
    answer = await running.client.request(method, path, json=bodies.get(path))
    assert answer.status_code == 401
