"""What both stores must do alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from appinstance_app.store.protocol import EmailTakenError
from appinstance_app.store.records import (
    Hit,
    RefreshToken,
    Refused,
    Rotation,
    Session,
    User,
    new_id,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from appinstance_app.store.protocol import Store

NOW = datetime(2026, 5, 4, 12, 30, 15, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)


def token_hash(number: int) -> str:
    return f"{number:064x}"


def user(email: str = "ada@example.com", name: str = "Ada") -> User:
    return User(id=new_id(), email=email, display_name=name, created_at=NOW)


def opened(store: Store, *, first: int = 1, lifetime: timedelta = 10 * HOUR) -> Session:
    owner = user(f"{first}@example.com")
    store.add_user(owner, "hash")
    session = Session(id=new_id(), user_id=owner.id, created_at=NOW, expires_at=NOW + lifetime)
    store.open_session(session, RefreshToken(token_hash(first), session.id, NOW + HOUR))
    return session


def rotated(store: Store, old: int, new: int, *, now: datetime = NOW) -> Rotation:
    return store.rotate(token_hash(old), successor=token_hash(new), expires_at=now + HOUR, now=now)


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """The results of `count` calls that begin at the same moment."""
    barrier = Barrier(count)

    def run(number: int) -> Any:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_a_store_that_is_ready_says_so(store: Store) -> None:
    store.check()


def test_an_account_comes_back_as_it_went_in(store: Store) -> None:
    ada = user(name="Ada 🦉 Łovelace")
    store.add_user(ada, "hash")
    assert store.user(ada.id) == ada
    credentials = store.credentials(ada.email)
    assert credentials is not None
    assert (credentials.user, credentials.password_hash) == (ada, "hash")


def test_unknown_accounts_are_none(store: Store) -> None:
    assert store.user(new_id()) is None
    assert store.credentials("nobody@example.com") is None


def test_an_email_is_taken_once(store: Store) -> None:
    store.add_user(user(), "hash")
    with pytest.raises(EmailTakenError):
        store.add_user(user(), "other")
    credentials = store.credentials("ada@example.com")
    assert credentials is not None
    assert credentials.password_hash == "hash"


@pytest.mark.parametrize("other", ["adá@example.com", "ａda@example.com", "adaß@example.com"])
def test_emails_that_only_look_alike_are_different(store: Store, other: str) -> None:
    store.add_user(user("ada@example.com"), "hash")
    store.add_user(user("adass@example.com"), "hash")
    assert store.credentials(other) is None
    store.add_user(user(other), "hash")


def test_of_many_simultaneous_sign_ups_with_one_email_one_wins(store: Store) -> None:
    def attempt(_: int) -> bool:
        try:
            store.add_user(user(), "hash")
        except EmailTakenError:
            return False
        return True

    assert at_once(6, attempt).count(True) == 1


def test_a_hash_is_replaced_only_if_it_is_still_the_one_that_was_seen(store: Store) -> None:
    ada = user()
    store.add_user(ada, "first")
    assert store.replace_password_hash(ada.id, "first", "second")
    assert not store.replace_password_hash(ada.id, "first", "third")
    assert not store.replace_password_hash(new_id(), "first", "third")
    credentials = store.credentials(ada.email)
    assert credentials is not None
    assert credentials.password_hash == "second"


def test_a_token_is_rotated_and_its_successor_goes_on(store: Store) -> None:
    session = opened(store)
    assert rotated(store, 1, 2) == Rotation(session)
    assert rotated(store, 2, 3) == Rotation(session)


def test_a_token_that_was_used_is_told_from_one_that_never_was(store: Store) -> None:
    session = opened(store)
    rotated(store, 1, 2)
    assert rotated(store, 1, 4) == Rotation(session, Refused.REUSED)
    assert rotated(store, 99, 4) == Rotation(None, Refused.UNKNOWN)


def test_a_refusal_keeps_no_successor_and_revokes_nothing_by_itself(store: Store) -> None:
    session = opened(store)
    rotated(store, 1, 2)
    rotated(store, 1, 4)
    assert rotated(store, 4, 5).refused is Refused.UNKNOWN
    assert rotated(store, 2, 3) == Rotation(session)


def _rotated_into(store: Store, first: int, number: int) -> Rotation:
    return rotated(store, first, first + 1 + number)


def test_of_two_simultaneous_refreshes_exactly_one_wins(store: Store) -> None:
    for first in range(100, 900, 100):
        opened(store, first=first)
        outcomes = at_once(2, partial(_rotated_into, store, first))
        assert sorted(o.refused is None for o in outcomes) == [False, True]
        assert {o.refused for o in outcomes} == {None, Refused.REUSED}


def test_a_reuse_beside_the_rotation_ends_the_winners_token_as_well(store: Store) -> None:
    def refresh(number: int) -> Rotation:
        outcome = rotated(store, 1, 2 + number)
        if outcome.refused and outcome.session:
            store.revoke_session(outcome.session.id, now=NOW)
        return outcome

    opened(store)
    at_once(4, refresh)
    for successor in range(2, 6):
        assert rotated(store, successor, 50).refused is not None


def test_a_revoked_session_accepts_none_of_its_tokens(store: Store) -> None:
    session = opened(store)
    rotated(store, 1, 2)
    store.revoke_session(session.id, now=NOW)
    assert rotated(store, 2, 3) == Rotation(session, Refused.UNKNOWN)
    store.revoke_session(session.id, now=NOW)
    store.revoke_session(new_id(), now=NOW)


def test_other_sessions_go_on_when_one_is_revoked(store: Store) -> None:
    one, other = opened(store, first=10), opened(store, first=20)
    store.revoke_session(one.id, now=NOW)
    assert rotated(store, 20, 21) == Rotation(other)


def test_an_expired_token_is_refused_at_the_very_moment(store: Store) -> None:
    opened(store)
    assert rotated(store, 1, 2, now=NOW + HOUR).refused is Refused.UNKNOWN
    assert rotated(store, 1, 2, now=NOW + HOUR - timedelta(microseconds=1)).refused is None


def test_no_token_outlives_its_session(store: Store) -> None:
    opened(store, lifetime=timedelta(minutes=90))
    assert rotated(store, 1, 2, now=NOW + timedelta(minutes=50)).refused is None
    assert rotated(store, 2, 3, now=NOW + timedelta(minutes=90)).refused is Refused.UNKNOWN


def test_the_session_of_a_token_is_found_whatever_became_of_it(store: Store) -> None:
    session = opened(store)
    rotated(store, 1, 2)
    store.revoke_session(session.id, now=NOW)
    assert store.session_of(token_hash(1)) == session
    assert store.session_of(token_hash(2)) == session
    assert store.session_of(token_hash(3)) is None


def test_simultaneous_hits_are_each_counted_and_no_number_is_given_twice(store: Store) -> None:
    counts = at_once(8, lambda _: [store.count_hit("k", expires_at=NOW) for _ in range(5)])
    assert sorted(count for some in counts for count in some) == list(range(1, 41))


def test_counters_are_apart_and_can_be_cleared(store: Store) -> None:
    store.count_hit("one", expires_at=NOW)
    assert store.count_hit("two", expires_at=NOW) == 1
    assert store.count_hit("one", expires_at=NOW) == 2
    store.clear_hits("one")
    store.clear_hits("none")
    assert store.count_hit("one", expires_at=NOW) == 1
    assert store.count_hit("two", expires_at=NOW) == 2


def test_counters_in_turn_are_counted_as_far_as_the_first_that_is_full(store: Store) -> None:
    both = [Hit("first", 2, NOW), Hit("second", 9, NOW)]
    store.count_hit("second", expires_at=NOW)
    assert store.count_in_turn(both) == [1, 2]
    assert store.count_in_turn(both) == [2, 3]
    assert store.count_in_turn(both) == [3]
    assert store.count_in_turn(both) == [4]
    assert store.count_hit("second", expires_at=NOW) == 4


def test_simultaneous_attempts_in_turn_are_each_counted(store: Store) -> None:
    """They share the second counter alone, as guesses at one account from many addresses do."""

    def attempt(number: int) -> list[int]:
        both = [Hit(f"first-{number}", 5, NOW), Hit("shared", 40, NOW)]
        return [store.count_in_turn(both)[1] for _ in range(5)]

    counts = at_once(8, attempt)
    assert sorted(count for some in counts for count in some) == list(range(1, 41))


def test_only_what_has_expired_is_purged_and_used_tokens_stay_until_then(store: Store) -> None:
    opened(store, first=1, lifetime=2 * HOUR)
    opened(store, first=10)
    rotated(store, 1, 2, now=NOW + HOUR / 2)
    store.count_hit("old", expires_at=NOW)
    store.count_hit("new", expires_at=NOW + 5 * HOUR)
    assert store.purge_expired(now=NOW + HOUR / 2) == 1  # the old counter
    assert rotated(store, 1, 9, now=NOW + HOUR / 2).refused is Refused.REUSED
    assert store.purge_expired(now=NOW + HOUR) == 2  # the two first tokens
    assert store.session_of(token_hash(1)) is None
    assert store.session_of(token_hash(2)) is not None
    assert store.purge_expired(now=NOW + 2 * HOUR) == 2  # token 2 and its session
    assert store.count_hit("new", expires_at=NOW + 5 * HOUR) == 2
    assert store.count_hit("old", expires_at=NOW) == 1
