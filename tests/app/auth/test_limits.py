"""Rate limits: per account and per address, shared by replicas, not to be slipped past."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from app.conftest import Running
from app.processes import EMAIL, USER_PASSWORD
from sqlalchemy import event
from structlog.testing import capture_logs

from appinstance_app.auth.tokens import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from appinstance_app.store.protocol import Store
    from appinstance_app.store.sql import SqlStore


MOMENT = utc_now().replace(minute=1, second=0, microsecond=0)


@pytest.fixture(autouse=True)
def _one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """All attempts fall into one window, however slow the machine is."""
    monkeypatch.setattr("appinstance_app.auth.tokens.utc_now", lambda: MOMENT)


def at(app: Running, moment: datetime) -> None:
    app.app.state.context.sessions.clock = lambda: moment


async def attempt(
    app: Running, email: str = EMAIL, password: str = "wrong", forwarded: str | None = None
) -> httpx.Response:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    async with app.elsewhere() as stranger:
        return await stranger.client.post(
            "/api/v1/auth/sign-in", json={"email": email, "password": password}, headers=headers
        )


@pytest.fixture
async def app(start: Callable[..., Any], store: Store) -> Running:
    result: Running = await start(
        store=store,
        trusted_proxy_hops=1,
        sign_in_per_account=3,
        sign_in_per_address=5,
        sign_up_per_address=2,
    )
    at(result, MOMENT)
    return result


async def test_an_account_is_limited_whatever_the_address(app: Running) -> None:
    await app.signed_up()
    statuses = [
        (await attempt(app, forwarded=f"203.0.113.{number}")).status_code for number in range(4)
    ]
    assert statuses == [401, 401, 401, 429]
    right = await attempt(app, password=USER_PASSWORD, forwarded="203.0.113.99")
    assert right.status_code == 429, "Over the limit even the right password tells nothing."


async def test_a_limit_that_is_reached_is_logged_once_and_of_nobody(app: Running) -> None:
    await app.signed_up()
    with capture_logs() as logs:
        for number in range(6):
            await attempt(app, forwarded=f"203.0.113.{number}")
    (told,) = [line for line in logs if line["event"] == "limit.reached"]
    assert (told["limit"], told["log_level"]) == ("sign-in-account", "warning")
    assert set(told) == {"event", "limit", "log_level"}


async def test_the_answer_says_how_long_to_wait(app: Running) -> None:
    for _ in range(3):
        await attempt(app)
    answer = await attempt(app)
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "240"  # one minute into a window of five
    assert answer.json()["detail"] == "Too many attempts; try again in 240 seconds."


async def test_after_the_window_one_may_try_again(app: Running) -> None:
    for _ in range(4):
        await attempt(app)
    at(app, MOMENT.replace(minute=6))
    assert (await attempt(app)).status_code == 401


async def test_an_unknown_account_is_limited_like_any_other(app: Running) -> None:
    statuses = [(await attempt(app, email="nobody@example.com")).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]


async def test_writing_the_email_differently_is_no_way_round(app: Running) -> None:
    emails = (EMAIL, EMAIL.upper(), " ada@EXAMPLE.com", "Ada@example.com")
    statuses = [(await attempt(app, email=email)).status_code for email in emails]
    assert statuses == [401, 401, 401, 429]


async def test_an_address_is_limited_whatever_the_account(app: Running) -> None:
    statuses = [
        (await attempt(app, f"user{number}@example.com", forwarded="203.0.113.5")).status_code
        for number in range(6)
    ]
    assert statuses == [401] * 5 + [429]
    other = await attempt(app, "user0@example.com", forwarded="203.0.113.6")
    assert other.status_code == 401


async def test_a_made_up_forwarded_for_is_no_way_round(app: Running) -> None:
    statuses = [
        (
            await attempt(
                app, f"user{number}@example.com", forwarded=f"198.51.100.{number}, 203.0.113.5"
            )
        ).status_code
        for number in range(6)
    ]
    assert statuses == [401] * 5 + [429]


async def test_a_flood_from_one_address_locks_nobody_out(app: Running) -> None:
    await app.signed_up()
    for number in range(5):
        await attempt(app, f"user{number}@example.com", forwarded="203.0.113.5")
    for _ in range(10):
        assert (await attempt(app, forwarded="203.0.113.5")).status_code == 429
    owner = await attempt(app, password=USER_PASSWORD, forwarded="203.0.113.6")
    assert owner.status_code == 200


async def test_whoever_knows_the_password_starts_anew(app: Running) -> None:
    await app.signed_up()
    for number in range(4):
        for wrong in range(2):
            answer = await attempt(app, forwarded=f"203.0.113.{10 * number + wrong}")
            assert answer.status_code == 401
        right = await attempt(app, password=USER_PASSWORD, forwarded=f"203.0.113.{10 * number + 9}")
        assert right.status_code == 200


async def test_sign_ups_are_limited_by_address(app: Running) -> None:
    async def sign_up(number: int, address: str) -> int:
        answer = await app.client.post(
            "/api/v1/auth/sign-up",
            json={
                "email": f"user{number}@example.com",
                "password": USER_PASSWORD,
                "display_name": "Ada",
            },
            headers={"X-Forwarded-For": address},
        )
        return answer.status_code

    assert [await sign_up(number, "203.0.113.5") for number in range(3)] == [201, 201, 429]
    assert await sign_up(9, "203.0.113.6") == 201
    # One subscriber has many IPv6 addresses.
    v6 = [await sign_up(20 + number, f"2001:db8::{number}") for number in range(3)]
    assert v6 == [201, 201, 429]


async def test_simultaneous_attempts_do_not_slip_past(app: Running) -> None:
    answers = await asyncio.gather(
        *(attempt(app, forwarded=f"203.0.113.{number}") for number in range(12))
    )
    assert sorted(answer.status_code for answer in answers) == [401] * 3 + [429] * 9


@pytest.mark.integration
async def test_replicas_count_together(start: Callable[..., Any], sql_store: Store) -> None:
    replicas = [await start(store=sql_store, sign_in_per_account=3) for _ in range(2)]
    for replica in replicas:
        at(replica, MOMENT)
    answers = await asyncio.gather(*(attempt(replicas[number % 2]) for number in range(10)))
    assert sorted(answer.status_code for answer in answers) == [401] * 3 + [429] * 7


@pytest.mark.integration
async def test_an_attempt_is_kept_before_the_password_is_looked_at(
    start: Callable[..., Any], sql_store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And all that a right one brings about is kept at once: two transactions in all."""
    app: Running = await start(store=sql_store)
    await app.signed_up()
    kept = Kept(sql_store)
    counted = ["INSERT hits", "INSERT hits"]
    passwords = app.app.state.context.auth._passwords
    verify = passwords.verify

    async def look(*given: str | None) -> Any:
        assert kept.transactions == [counted]
        return await verify(*given)

    monkeypatch.setattr(passwords, "verify", look)
    assert (await attempt(app, password=USER_PASSWORD)).status_code == 200
    session = ["INSERT sessions", "INSERT refresh_tokens", "INSERT activity", "DELETE hits"]
    assert kept.transactions == [counted, session]
    kept.transactions.clear()
    assert (await attempt(app, "nobody@example.com")).status_code == 401
    assert kept.transactions == [counted]


class Kept:
    """The transactions that insert something, as what was changed in each. (The chores that run
    beside insert nothing.)"""

    def __init__(self, store: SqlStore) -> None:
        self.transactions: list[list[str]] = []
        self._open: defaultdict[Connection, list[str]] = defaultdict(list)
        event.listen(store._engine, "before_cursor_execute", self._executed)
        event.listen(store._engine, "commit", self._committed)

    def _executed(
        self, connection: Connection, _cursor: object, statement: str, *_: object
    ) -> None:
        if found := re.match(r"(INSERT|DELETE|UPDATE)(?: INTO| FROM)? `?(\w+)", statement):
            self._open[connection].append(" ".join(found.groups()))

    def _committed(self, connection: Connection) -> None:
        changes = self._open.pop(connection, [])
        if any(change.startswith("INSERT") for change in changes):
            self.transactions.append(changes)


async def test_counters_hold_neither_emails_nor_addresses(
    start: Callable[..., Any], tmp_path: Any
) -> None:
    app = await start()
    await attempt(app, email="planted@example.com")
    kept = (tmp_path / "data" / "store.json").read_text()
    assert "sign-in-account:" in kept
    assert "planted" not in kept
    assert "192.0.2.7" not in kept
