"""What an attacker makes of mailed links, allowances and time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from app.auth.test_own_account import ME, OTHER_PASSWORD, signed_in
from app.auth.test_recovery import NEW, SIGN_UP, Post, post
from app.processes import EMAIL, USER_PASSWORD

from appinstance_app.store.records import Client, Event
from appinstance_app.workers import Busy

if TYPE_CHECKING:
    from email.message import EmailMessage

__all__ = ["post"]  # the fixture
RESET = "Choose a new password"


def token_in(mail: EmailMessage) -> str:
    found = re.search(r"#[a-z-]+=([\w-]+)", mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert found
    return found[1]


async def link_of_the_thief(post: Post, headers: dict[str, str]) -> str:
    """What was mailed to an address that whoever is signed in asked for."""
    assert (await post.post("users/me/email", headers, email=NEW)).status_code == 202
    (mail,) = [mail for mail in await post.mails() if mail["To"] == NEW]
    return token_in(mail)


async def test_a_reset_of_the_password_ends_a_change_of_address_under_way(post: Post) -> None:
    stolen = await link_of_the_thief(post, await post.admitted())
    await post.post("auth/password-reset", email=EMAIL)
    token = token_in([mail for mail in await post.mails() if mail["Subject"] == RESET][-1])
    done = await post.post("auth/password-reset/confirm", token=token, password=OTHER_PASSWORD)
    assert done.status_code == 204, done.text
    assert (await post.post("auth/verify-email", token=stolen)).status_code == 410


async def test_a_change_of_the_password_does_so_too(post: Post) -> None:
    headers = await post.admitted()
    stolen = await link_of_the_thief(post, headers)
    body = {"current_password": USER_PASSWORD, "new_password": OTHER_PASSWORD}
    changed = await post.app.client.put(f"{ME}/password", headers=headers, json=body)
    assert changed.status_code == 204, changed.text
    assert (await post.post("auth/verify-email", token=stolen)).status_code == 410


async def test_who_finds_no_place_may_use_the_link_again(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post.admitted()
    await post.post("auth/password-reset", email=EMAIL)
    body = {"token": await post.token(), "password": OTHER_PASSWORD}

    async def busy(*_: Any) -> str:
        raise Busy("passwords", "planted")

    with monkeypatch.context() as full:
        full.setattr(post.app.app.state.context.auth._passwords, "hash_new", busy)
        assert (await post.post("auth/password-reset/confirm", **body)).status_code == 503
    assert (await post.post("auth/password-reset/confirm", **body)).status_code == 204


async def test_sign_ups_of_strangers_keep_no_reset_from_the_owner(post: Post) -> None:
    await post.admitted()
    for _ in range(10):
        await post.post("auth/sign-up", **{**SIGN_UP, "password": OTHER_PASSWORD})
    await post.mails()
    await post.post("auth/password-reset", email=EMAIL)
    assert RESET in [mail["Subject"] for mail in await post.mails()]


async def test_before_the_answer_the_same_is_done_for_known_and_unknown(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post.admitted()
    store, calls = post.app.app.state.context.sessions._store, list[str]()

    def noted(name: str) -> Any:
        real = getattr(store, name)

        def call(*given: Any, **more: Any) -> Any:
            calls.append(name)
            return real(*given, **more)

        return call

    for name in (name for name in dir(type(store)) if not name.startswith("_")):
        monkeypatch.setattr(store, name, noted(name))
    monkeypatch.setattr(post.app.app.state.context.outgoing, "begin", lambda work: work.close())
    done = []
    for address in (EMAIL, "nobody@example.com"):
        calls.clear()
        async with post.app.elsewhere() as stranger:
            body = {"email": address, "password": "not this one at all"}
            answer = await stranger.client.post("/api/v1/auth/sign-in", json=body)
        assert answer.status_code == 401
        done.append(list(calls))
    assert done[0] == done[1]


async def test_failures_push_nothing_else_out_of_sight(post: Post) -> None:
    headers = await post.admitted()
    async with post.app.elsewhere() as other:
        await signed_in(other)
    parts = post.app.app.state.context
    me = (await post.app.client.get(ME, headers=headers)).json()
    for _ in range(60):
        await parts.history.note(
            me["id"], Event.SIGN_IN_FAILED, Client("x", "y"), now=parts.sessions.clock()
        )
    answer = await post.app.client.get(f"{ME}/activity", headers=headers)
    kinds = [item["kind"] for item in answer.json()]
    assert kinds.count("sign-in-failed") == 10
    assert kinds.count("signed-in") == 2
