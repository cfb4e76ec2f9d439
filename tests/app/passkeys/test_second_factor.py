"""The second factor: a passkey or a recovery code after the password."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from app.passkeys.authenticator import Authenticator
from app.passkeys.conftest import AUTH, ME, Person
from app.processes import USER_PASSWORD

if TYPE_CHECKING:
    from pathlib import Path

    import httpx
    import pytest
    from app.conftest import Running

PASSKEY = "second-factor/passkey"


async def by_code(person: Person, ticket: str, code: str) -> httpx.Response:
    body = {"ticket": ticket, "code": code}
    return await person.client.post(f"{AUTH}/second-factor/recovery-code", json=body)


async def test_the_password_alone_opens_nothing(ada: Person) -> None:
    await ada.with_second_factor(Authenticator())
    answer = await ada.client.post(
        f"{AUTH}/sign-in", json={"email": ada.email, "password": USER_PASSWORD}
    )
    assert answer.status_code == 202
    assert "set-cookie" not in answer.headers
    asked = answer.json()["second_factor"]
    assert asked["methods"] == ["passkey", "recovery_code"]
    assert asked["expires_in"] == 300
    form = {"username": ada.email, "password": USER_PASSWORD}
    token = await ada.client.post(f"{AUTH}/token", data=form)
    assert token.status_code == 403
    assert token.json()["type"] == "/problems/second-factor-required"
    wrong = await ada.client.post(
        f"{AUTH}/sign-in", json={"email": ada.email, "password": "wrong horse battery"}
    )
    assert wrong.status_code == 401


async def test_a_passkey_after_the_password(ada: Person) -> None:
    device = Authenticator()
    await ada.with_second_factor(device)
    ticket = await ada.ticket()
    # The password was the one factor: a device that does not verify its owner is the other.
    answer = await ada.answered(PASSKEY, replace(device, verified=False), {"ticket": ticket})
    assert answer.status_code == 200, answer.text
    assert answer.json()["user"]["second_factor"] is True
    again = await ada.client.post(f"{AUTH}/{PASSKEY}/options", json={"ticket": ticket})
    assert again.status_code == 401


async def test_a_recovery_code_after_the_password_is_good_once_however_it_is_typed(
    ada: Person,
) -> None:
    codes = await ada.with_second_factor(Authenticator())
    assert len(set(codes)) == 10
    typed = f" {codes[0].upper().replace('-', ' ')} "
    assert (await by_code(ada, await ada.ticket(), typed)).status_code == 200
    assert (await by_code(ada, await ada.ticket(), codes[0])).status_code == 401
    assert (await by_code(ada, await ada.ticket(), codes[1])).status_code == 200
    kinds = await ada.kinds()
    assert kinds.count("recovery-code-used") == 2
    assert "sign-in-failed" in kinds


async def test_new_codes_take_the_place_of_the_old_ones(ada: Person) -> None:
    old = await ada.with_second_factor(Authenticator())
    new = (await ada.ask("POST", f"{ME}/recovery-codes")).json()["codes"]
    assert not set(old) & set(new)
    assert (await by_code(ada, await ada.ticket(), old[0])).status_code == 401
    assert (await by_code(ada, await ada.ticket(), new[0])).status_code == 200


async def test_no_code_and_no_ticket_is_in_the_store_as_it_is(ada: Person, tmp_path: Path) -> None:
    codes = await ada.with_second_factor(Authenticator())
    ticket = await ada.ticket()
    asked = (await ada.client.post(f"{AUTH}/passkey/options")).json()
    kept = (tmp_path / "data" / "store.json").read_text()
    for secret in (*codes, codes[0].replace("-", ""), ticket, asked["challenge_id"]):
        assert secret not in kept
    assert asked["options"]["challenge"] not in kept


async def test_all_codes_used_are_not_offered(ada: Person) -> None:
    codes = await ada.with_second_factor(Authenticator())
    for code in codes:
        assert (await by_code(ada, await ada.ticket(), code)).status_code == 200
    answer = await ada.client.post(
        f"{AUTH}/sign-in", json={"email": ada.email, "password": USER_PASSWORD}
    )
    assert answer.json()["second_factor"]["methods"] == ["passkey"]


async def test_another_persons_passkey_or_code_is_refused(ada: Person, bob: Person) -> None:
    mine, theirs = Authenticator(), Authenticator()
    await ada.with_second_factor(mine)
    codes = await bob.with_second_factor(theirs)
    ticket = await ada.ticket()
    assert (await ada.answered(PASSKEY, theirs, {"ticket": ticket})).status_code == 401
    assert (await by_code(ada, ticket, codes[0])).status_code == 401
    assert (await ada.answered(PASSKEY, mine, {"ticket": ticket})).status_code == 200


async def test_a_challenge_belongs_to_its_ticket(ada: Person) -> None:
    device = Authenticator()
    await ada.with_second_factor(device)
    first, second = await ada.ticket(), await ada.ticket()
    asked = (await ada.client.post(f"{AUTH}/{PASSKEY}/options", json={"ticket": first})).json()
    credential = device.used(asked["options"])
    body = {"ticket": second, "challenge_id": asked["challenge_id"], "credential": credential}
    assert (await ada.client.post(f"{AUTH}/{PASSKEY}", json=body)).status_code == 401


async def test_a_ticket_is_good_for_so_many_tries(ada: Person) -> None:
    codes = await ada.with_second_factor(Authenticator())
    ticket = await ada.ticket()
    statuses = [
        (await ada.client.post(f"{AUTH}/{PASSKEY}/options", json={"ticket": ticket})).status_code
        for _ in range(11)
    ]
    assert statuses == [200] * 10 + [401]
    assert (await by_code(ada, ticket, codes[0])).status_code == 401
    assert (await by_code(ada, await ada.ticket(), codes[0])).status_code == 200


async def test_codes_are_not_guessed_with_ticket_after_ticket(ada: Person) -> None:
    device = Authenticator()
    codes = await ada.with_second_factor(device)
    statuses = [
        (await by_code(ada, await ada.ticket(), "00000-00000")).status_code for _ in range(11)
    ]
    assert statuses == [401] * 10 + [429]
    assert (await by_code(ada, await ada.ticket(), codes[0])).status_code == 429
    # The owner is not kept out by it: a passkey can't be guessed, so it is not counted.
    more = {"ticket": await ada.ticket()}
    assert (await ada.answered(PASSKEY, device, more)).status_code == 200


async def test_a_ticket_ends_with_its_password(ada: Person) -> None:
    codes = await ada.with_second_factor(Authenticator())
    ticket = await ada.ticket()
    body = {"current_password": USER_PASSWORD, "new_password": "another planted Zk4 password"}
    assert (await ada.ask("PUT", f"{ME}/password", body)).status_code == 204
    assert (await by_code(ada, ticket, codes[0])).status_code == 401


async def test_a_ticket_expires(
    ada: Person, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    from appinstance_app.passkeys.tickets import LIFETIME

    codes = await ada.with_second_factor(Authenticator())
    ticket = await ada.ticket()
    tickets = running.app.state.context.entrance._tickets
    late = tickets._clock() + LIFETIME
    monkeypatch.setattr(tickets, "_clock", lambda: late)
    assert (await by_code(ada, ticket, codes[0])).status_code == 401


async def test_without_a_passkey_there_is_no_second_factor(ada: Person) -> None:
    assert (await ada.ask("PUT", f"{ME}/second-factor", {"enabled": True})).status_code == 409
    assert (await ada.ask("POST", f"{ME}/recovery-codes")).status_code == 409
    device = Authenticator()
    await ada.with_second_factor(device)
    (passkey,) = (await ada.ask("GET", f"{ME}/passkeys")).json()
    assert (await ada.ask("DELETE", f"{ME}/passkeys/{passkey['id']}")).status_code == 204
    me: dict[str, Any] = await ada.me()
    assert (me["passkeys"], me["second_factor"]) == (0, False)
    answer = await ada.client.post(
        f"{AUTH}/sign-in", json={"email": ada.email, "password": USER_PASSWORD}
    )
    assert answer.status_code == 200
    assert {"second-factor-on", "second-factor-off", "passkey-removed"} <= set(await ada.kinds())
