"""`appinstance-app users`: shut, open, unlock; on both stores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from app.auth.test_own_account import ME, signed_in
from app.auth.test_sessions import SIGN_IN
from app.conftest import Running
from app.processes import EMAIL

from appinstance_app.users.command import UsersCommandError, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from appinstance_app.store.protocol import Store


@pytest.fixture
async def app(start: Callable[..., Any], store: Store) -> Running:
    result: Running = await start(store=store, sign_in_per_account=2)
    return result


def told(app: Running, *words: str) -> str:
    parts = app.app.state.context
    return run(words, parts.store, parts.settings)


async def test_a_shut_account_has_no_session_until_it_is_opened_again(app: Running) -> None:
    headers = await app.signed_up()
    assert "shut" in told(app, "disable", EMAIL.upper())
    assert (await app.client.get(ME, headers=headers)).status_code == 401
    assert (await app.client.post("/api/v1/auth/refresh")).status_code == 401
    assert (await app.client.post("/api/v1/auth/sign-in", json=SIGN_IN)).status_code == 403
    assert "open" in told(app, "enable", EMAIL)
    await signed_in(app)


async def test_an_account_that_strangers_used_up_is_unlocked(app: Running) -> None:
    await app.signed_up()
    async with app.elsewhere() as new:
        wrong = {**SIGN_IN, "password": "wrong"}
        for status in (401, 401, 429):
            answer = await new.client.post("/api/v1/auth/sign-in", json=wrong)
            assert answer.status_code == status
        told(app, "unlock", EMAIL)
        await signed_in(new)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "Say what to do"),
        (("disable",), "Say what to do"),
        (("delete", EMAIL), "Say what to do"),
        (("disable", EMAIL, EMAIL), "Say what to do"),
        (("disable", "ada"), "no email address"),
        (("disable", "nobody@example.com"), "no account"),
    ],
)
async def test_what_can_not_be_done_is_said(
    running: Running, words: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(UsersCommandError, match=sentence):
        told(running, *words)
