"""Passkeys over the API: added, used in place of the password, named, removed; and the hostile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from app.passkeys.authenticator import Authenticator, data, text
from app.passkeys.conftest import AUTH, ME, Person

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.conftest import Running

LYING: dict[str, dict[str, Any]] = {
    "another origin": {"origin": "https://other.testserver"},
    "the origin over TLS": {"origin": "https://testserver"},
    "the origin with a port": {"origin": "http://testserver:81"},
    "the parent domain": {"rp_id": "server"},
    "a sibling's host": {"rp_id": "other.testserver"},
    "nobody present": {"present": False},
    "nobody verified": {"verified": False},
}


async def test_a_passkey_takes_the_place_of_the_password(ada: Person, bob: Person) -> None:
    device = Authenticator()
    added = await ada.added(device, "Ada's phone")
    assert added["passkey"]["name"] == "Ada's phone"
    assert added["passkey"]["last_used_at"] is None
    session = await ada.answered("passkey", device)
    assert session.status_code == 200, session.text
    assert session.json()["user"]["id"] == (await ada.me())["id"]
    assert session.json()["user"]["passkeys"] == 1
    assert "samesite=strict" in session.headers["set-cookie"].lower()
    (own,) = (await ada.ask("GET", f"{ME}/passkeys")).json()
    assert own["last_used_at"] is not None
    assert (await bob.ask("GET", f"{ME}/passkeys")).json() == []
    assert (await ada.kinds())[:3] == ["signed-in", "recovery-codes-made", "passkey-added"]


async def test_options_are_for_this_host_and_ask_for_the_owner(ada: Person) -> None:
    made = (await ada.ask("POST", f"{ME}/passkeys/options")).json()["options"]
    assert made["rp"]["id"] == "testserver"
    assert made["authenticatorSelection"]["residentKey"] == "required"
    assert made["authenticatorSelection"]["userVerification"] == "required"
    assert data(made["user"]["id"]).hex() == (await ada.me())["id"]
    device = Authenticator()
    await ada.added(device)
    again = (await ada.ask("POST", f"{ME}/passkeys/options")).json()["options"]
    assert [item["id"] for item in again["excludeCredentials"]] == [text(device.credential_id)]
    used = (await ada.client.post(f"{AUTH}/passkey/options")).json()["options"]
    assert used["rpId"] == "testserver"
    assert used["userVerification"] == "required"
    assert not used.get("allowCredentials")


@pytest.mark.parametrize("lie", LYING.values(), ids=LYING)
async def test_a_passkey_made_by_a_lie_is_not_added(ada: Person, lie: dict[str, Any]) -> None:
    assert (await ada.try_add(Authenticator(**lie))).status_code == 422
    assert (await ada.me())["passkeys"] == 0


@pytest.mark.parametrize("lie", LYING.values(), ids=LYING)
async def test_a_lie_opens_no_session(ada: Person, lie: dict[str, Any]) -> None:
    device = Authenticator()
    await ada.added(device)
    refused = await ada.answered("passkey", replace(device, **lie))
    assert refused.status_code == 401
    assert "set-cookie" not in refused.headers
    assert (await ada.answered("passkey", device)).status_code == 200


@pytest.mark.parametrize("change", ["signature", "authenticatorData", "clientDataJSON"])
async def test_bytes_that_were_changed_open_no_session(ada: Person, change: str) -> None:
    device = Authenticator()
    await ada.added(device)
    for bad in ("AAAA", text(b"{}"), text(b'{"type":1}'), text(bytes(37)), text(b"\xff" * 200)):
        asked = (await ada.client.post(f"{AUTH}/passkey/options")).json()
        credential = device.used(asked["options"], **{change: bad})
        body = {"challenge_id": asked["challenge_id"], "credential": credential}
        assert (await ada.client.post(f"{AUTH}/passkey", json=body)).status_code == 401


@pytest.mark.parametrize("bad", ["AAAA", text(b"\xa0"), text(b"\x9f" * 500), text(b"\xff" * 90)])
async def test_an_attestation_that_is_none_is_a_clear_error(ada: Person, bad: str) -> None:
    asked = (await ada.ask("POST", f"{ME}/passkeys/options")).json()
    credential = Authenticator().made(asked["options"])
    credential["response"]["attestationObject"] = bad
    body = {"challenge_id": asked["challenge_id"], "name": "Phone", "credential": credential}
    assert (await ada.ask("POST", f"{ME}/passkeys", body)).status_code == 422


async def test_a_challenge_is_good_once(ada: Person) -> None:
    device = Authenticator()
    await ada.added(device)
    asked = (await ada.client.post(f"{AUTH}/passkey/options")).json()
    body = {"challenge_id": asked["challenge_id"], "credential": device.used(asked["options"])}
    answers = [await ada.client.post(f"{AUTH}/passkey", json=body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 401]


async def test_a_challenge_is_good_for_what_it_was_given_for(ada: Person) -> None:
    device = Authenticator()
    await ada.added(device)
    asked = (await ada.ask("POST", f"{AUTH}/confirm/passkey/options")).json()
    body = {"challenge_id": asked["challenge_id"], "credential": device.used(asked["options"])}
    assert (await ada.client.post(f"{AUTH}/passkey", json=body)).status_code == 401


async def test_a_challenge_expires(
    ada: Person, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = Authenticator()
    await ada.added(device)
    from appinstance_app.passkeys.challenges import LIFETIME

    parts = running.app.state.context
    asked = (await ada.client.post(f"{AUTH}/passkey/options")).json()
    challenges = parts.entrance._challenges
    late = challenges._clock() + LIFETIME
    monkeypatch.setattr(challenges, "_clock", lambda: late)
    body = {"challenge_id": asked["challenge_id"], "credential": device.used(asked["options"])}
    assert (await ada.client.post(f"{AUTH}/passkey", json=body)).status_code == 401


async def test_another_sessions_challenge_adds_nothing(ada: Person, bob: Person) -> None:
    asked = (await ada.ask("POST", f"{ME}/passkeys/options")).json()
    credential = Authenticator().made(asked["options"])
    body = {"challenge_id": asked["challenge_id"], "name": "Phone", "credential": credential}
    assert (await bob.ask("POST", f"{ME}/passkeys", body)).status_code == 422
    assert (await bob.me())["passkeys"] == 0


async def test_a_passkey_that_says_it_is_another_persons_opens_no_session(
    ada: Person, bob: Person
) -> None:
    mine, theirs = Authenticator(), Authenticator()
    await ada.added(mine)
    await bob.added(theirs)
    lie = replace(mine, user_handle=theirs.user_handle)
    assert (await ada.answered("passkey", lie)).status_code == 401
    signed_by_another_key = replace(mine, credential_id=theirs.credential_id)
    assert (await ada.answered("passkey", signed_by_another_key)).status_code == 401


async def test_a_credential_that_another_has_is_not_taken_over(ada: Person, bob: Person) -> None:
    device = Authenticator()
    await ada.added(device)
    assert (await bob.try_add(replace(device, user_handle=None))).status_code == 409


async def test_a_copied_passkey_is_found_by_its_counter(ada: Person) -> None:
    device = Authenticator(counter=5)
    await ada.added(device)
    for counter, status in ((6, 200), (6, 401), (2, 401), (0, 401), (7, 200)):
        answer = await ada.answered("passkey", replace(device, counter=counter))
        assert answer.status_code == status, counter


async def test_passkeys_are_named_and_removed_by_their_owner_alone(
    ada: Person, bob: Person
) -> None:
    passkey = (await ada.added(Authenticator()))["passkey"]
    path = f"{ME}/passkeys/{passkey['id']}"
    assert (await bob.ask("PATCH", path, {"name": "Mine"})).status_code == 404
    assert (await bob.ask("DELETE", path)).status_code == 404
    assert (await ada.ask("PATCH", path, {"name": "Tablet"})).status_code == 204
    assert (await ada.ask("PATCH", path, {"name": "\u202e"})).status_code == 422
    assert (await ada.ask("GET", f"{ME}/passkeys")).json()[0]["name"] == "Tablet"
    assert (await ada.ask("DELETE", path)).status_code == 204
    assert (await ada.ask("DELETE", path)).status_code == 404
    assert (await ada.me())["passkeys"] == 0


async def test_a_removed_passkey_opens_no_session(ada: Person) -> None:
    device = Authenticator()
    passkey = (await ada.added(device))["passkey"]
    await ada.ask("DELETE", f"{ME}/passkeys/{passkey['id']}")
    assert (await ada.answered("passkey", device)).status_code == 401


async def test_a_shut_account_is_not_opened_by_a_passkey(ada: Person, running: Running) -> None:
    device = Authenticator()
    await ada.added(device)
    context = running.app.state.context
    context.store.set_disabled((await ada.me())["id"], context.sessions.clock())
    answer = await ada.answered("passkey", device)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/account-disabled")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/passkeys/options", None),
        ("DELETE", "/passkeys/{id}", None),
        ("PUT", "/second-factor", {"enabled": True}),
        ("POST", "/recovery-codes", None),
    ],
)
async def test_what_is_sensitive_asks_for_a_fresh_proof_which_a_passkey_gives(
    ada: Person,
    running: Running,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    path: str,
    body: Any,
) -> None:
    device = Authenticator()
    passkey = (await ada.added(device))["passkey"]
    path = ME + path.format(id=passkey["id"])
    from appinstance_app.auth.sessions import CONFIRMED_FOR

    sessions = running.app.state.context.sessions
    clock: Callable[[], Any] = sessions.clock
    monkeypatch.setattr(sessions, "clock", lambda: clock() + CONFIRMED_FOR * 1.01)
    refused = await ada.ask(method, path, body)
    assert refused.status_code == 403
    assert refused.json()["type"] == "/problems/confirmation-required"
    for wrong in (Authenticator(), replace(device, verified=False)):
        answer = await ada.answered("confirm/passkey", wrong)
        assert answer.status_code == 403
    assert (await ada.ask(method, path, body)).status_code == 403
    assert (await ada.answered("confirm/passkey", device)).status_code == 204
    assert (await ada.ask(method, path, body)).status_code in (200, 204)


async def test_another_persons_passkey_confirms_nothing(ada: Person, bob: Person) -> None:
    mine, theirs = Authenticator(), Authenticator()
    await ada.added(mine)
    await bob.added(theirs)
    assert (await ada.answered("confirm/passkey", theirs)).status_code == 403


async def test_there_is_an_end_to_passkeys(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appinstance_app.passkeys.service.MOST", 2)
    assert (await ada.added(Authenticator()))["recovery_codes"] is not None
    assert (await ada.added(Authenticator()))["recovery_codes"] is None
    assert (await ada.ask("POST", f"{ME}/passkeys/options")).status_code == 409


async def test_challenges_are_not_given_out_without_end(start: Callable[..., Any]) -> None:
    running = await start(sign_in_per_address=3)
    answers = [await running.client.post(f"{AUTH}/passkey/options") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]


async def test_other_origins_pages_are_refused(ada: Person) -> None:
    for path in (f"{AUTH}/passkey/options", f"{ME}/passkeys/options"):
        answer = await ada.client.post(path, headers={**ada.headers, "Sec-Fetch-Site": "same-site"})
        assert answer.status_code == 403, path


async def test_the_page_learns_that_there_are_passkeys(ada: Person) -> None:
    methods = (await ada.client.get(f"{AUTH}/methods")).json()
    assert methods == {"password": True, "passkeys": True, "mail": False, "oidc": None}
