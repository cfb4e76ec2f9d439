"""Which picture is whose, and which objects are to go: what both stores must do alike."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.store.test_contract import NOW, at_once, user

from appinstance_app.store.records import Leftovers, OldPicture, new_id

if TYPE_CHECKING:
    from datetime import datetime

    from appinstance_app.store.protocol import Store

MINUTE = timedelta(minutes=1)


def signed_up(store: Store) -> str:
    ada = user()
    store.add_user(ada, "hash")
    return ada.id


def shown(store: Store, owner: str, name: str, *, now: datetime = NOW) -> bool:
    """The account gets a picture, as an upload does it."""
    store.announce_picture(owner, name, due_at=now + MINUTE)
    return store.replace_avatar(owner, name, now=now)


def current(store: Store, owner: str) -> str | None:
    found = store.user(owner)
    assert found
    return found.avatar_name


def claimed(store: Store, *, now: datetime = NOW) -> list[OldPicture]:
    found = []
    while one := store.claim_old_picture(now=now, again_at=now + MINUTE):
        found.append(one)
    return found


def test_the_picture_before_is_to_go_and_the_one_now_is_not(store: Store) -> None:
    ada = signed_up(store)
    assert shown(store, ada, "first")
    assert claimed(store, now=NOW + 9 * MINUTE) == []
    assert shown(store, ada, "second")
    assert claimed(store) == [OldPicture(ada, "first", attempts=1)]
    assert current(store, ada) == "second"
    assert store.replace_avatar(ada, None, now=NOW)
    assert claimed(store) == [OldPicture(ada, "second", attempts=1)]
    assert current(store, ada) is None


def test_without_a_picture_before_nothing_is_to_go(store: Store) -> None:
    ada = signed_up(store)
    assert store.replace_avatar(ada, None, now=NOW)
    assert claimed(store, now=NOW + 9 * MINUTE) == []


def test_of_many_simultaneous_changes_all_pictures_but_the_last_are_to_go(store: Store) -> None:
    ada = signed_up(store)
    names = {f"name-{number}" for number in range(6)}
    assert all(at_once(6, lambda number: shown(store, ada, f"name-{number}")))
    left = {one.name for one in claimed(store)}
    assert len(left) == 5
    assert left | {current(store, ada)} == names


def test_a_picture_that_never_became_one_is_to_go_after_a_while(store: Store) -> None:
    """As a process leaves it that ended between the object and the account."""
    ada = signed_up(store)
    store.announce_picture(ada, "lost", due_at=NOW + MINUTE)
    assert claimed(store) == []
    assert store.old_pictures(now=NOW) == Leftovers(0, None)
    assert claimed(store, now=NOW + MINUTE) == [OldPicture(ada, "lost", attempts=1)]


def test_a_picture_whose_deletion_has_begun_becomes_nobodys(store: Store) -> None:
    """As a process does that slept for an hour between the object and the account."""
    ada = signed_up(store)
    assert shown(store, ada, "first")
    store.announce_picture(ada, "late", due_at=NOW + MINUTE)
    claimed(store, now=NOW + MINUTE)
    assert not store.replace_avatar(ada, "late", now=NOW + 2 * MINUTE)
    store.forget_old_picture("late")
    assert not store.replace_avatar(ada, "late", now=NOW + 2 * MINUTE)
    assert current(store, ada) == "first"
    assert claimed(store, now=NOW + 9 * MINUTE) == []


def test_a_picture_is_only_of_the_account_that_it_was_announced_for(store: Store) -> None:
    ada = signed_up(store)
    eve = user("eve@example.com")
    store.add_user(eve, "hash")
    store.announce_picture(ada, "adas", due_at=NOW + MINUTE)
    assert not store.replace_avatar(eve.id, "adas", now=NOW)
    assert not store.replace_avatar(eve.id, "never announced", now=NOW)
    assert current(store, eve.id) is None
    assert store.replace_avatar(ada, "adas", now=NOW)


def test_announced_twice_it_is_due_at_the_earlier_time(store: Store) -> None:
    ada = signed_up(store)
    for minutes in (9, 1, 5):
        store.announce_picture(ada, "late", due_at=NOW + minutes * MINUTE)
    assert claimed(store) == []
    assert [one.name for one in claimed(store, now=NOW + MINUTE)] == ["late"]
    store.announce_picture(ada, "late", due_at=NOW + 9 * MINUTE)
    assert store.old_pictures(now=NOW + 2 * MINUTE) == Leftovers(1, NOW + MINUTE)
    # Nor is it anybody's picture again by that.
    assert not store.replace_avatar(ada, "late", now=NOW)


def test_an_account_that_goes_leaves_its_picture_to_be_deleted(store: Store) -> None:
    ada = signed_up(store)
    shown(store, ada, "first")
    store.announce_picture(ada, "on its way", due_at=NOW + MINUTE)
    gone = store.delete_user(ada, now=NOW)
    assert gone
    assert gone.avatar_name == "first"
    assert not store.replace_avatar(ada, "on its way", now=NOW)
    assert {one.name for one in claimed(store, now=NOW + MINUTE)} == {"first", "on its way"}


def test_an_account_without_a_picture_leaves_nothing(store: Store) -> None:
    ada = signed_up(store)
    assert store.delete_user(ada, now=NOW)
    assert store.delete_user(ada, now=NOW) is None
    assert not store.replace_avatar(new_id(), None, now=NOW)
    assert claimed(store, now=NOW + 9 * MINUTE) == []


def test_one_is_claimed_by_one_at_a_time_and_again_until_it_is_gone(store: Store) -> None:
    ada = signed_up(store)
    for number in range(4):
        shown(store, ada, f"name-{number}")
    later = NOW + MINUTE
    found = at_once(6, lambda _: store.claim_old_picture(now=NOW, again_at=later))
    names = [one.name for one in found if one]
    assert len(set(names)) == len(names)
    names += [one.name for one in claimed(store)]  # of those that two looked at together
    assert sorted(names) == ["name-0", "name-1", "name-2"]
    store.forget_old_picture("name-1")
    again = claimed(store, now=later)
    assert {(one.name, one.attempts) for one in again} == {("name-0", 2), ("name-2", 2)}


def test_the_longest_due_comes_first(store: Store) -> None:
    ada = signed_up(store)
    for number in (3, 1, 2):
        store.announce_picture(ada, f"name-{number}", due_at=NOW + number * MINUTE)
    found = claimed(store, now=NOW + 3 * MINUTE)
    assert [one.name for one in found] == ["name-1", "name-2", "name-3"]


def test_what_is_left_is_counted_from_when_it_became_old(store: Store) -> None:
    ada = signed_up(store)
    assert store.old_pictures(now=NOW) == Leftovers(0, None)
    for number in range(3):
        shown(store, ada, f"name-{number}", now=NOW + number * MINUTE)
    later = NOW + 5 * MINUTE
    assert store.old_pictures(now=later) == Leftovers(2, NOW + MINUTE)
    # A claim puts the next attempt off, and nothing else.
    claimed(store, now=later)
    assert store.old_pictures(now=later) == Leftovers(2, NOW + MINUTE)
    store.forget_old_picture("name-0")
    store.forget_old_picture("name-0")
    assert store.old_pictures(now=later) == Leftovers(1, NOW + 2 * MINUTE)


def test_old_pictures_do_not_expire(store: Store) -> None:
    ada = signed_up(store)
    shown(store, ada, "first")
    shown(store, ada, "second")
    store.purge_expired(now=NOW + timedelta(days=3650))
    assert [one.name for one in claimed(store)] == ["first"]
