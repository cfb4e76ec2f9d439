"""What both stores must do alike for people's own accounts: grace, sessions, links, history."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from app.store.test_contract import HOUR, NOW, at_once, opened, token_hash, user
from sqlalchemy.exc import IntegrityError

from appinstance_app.store.protocol import EmailTakenError
from appinstance_app.store.records import (
    Activity,
    Client,
    Event,
    Link,
    PendingUser,
    Purpose,
    RefreshToken,
    Refused,
    Rotation,
    Session,
    new_id,
)

if TYPE_CHECKING:
    from datetime import datetime

    from appinstance_app.store.protocol import Store
    from appinstance_app.store.sql import SqlStore

GRACE = timedelta(seconds=20)
PHONE = Client("Safari on iPhone", "203.0.113.0/24")
LAPTOP = Client("Firefox on Linux", "2001:db8::/48")


def rotated(store: Store, old: int, new: int, *, now: datetime = NOW) -> Rotation:
    return store.rotate(
        token_hash(old), successor=token_hash(new), expires_at=now + HOUR, now=now, grace=GRACE
    )


# A lost answer


def test_a_token_whose_answer_was_lost_is_taken_once_more(store: Store) -> None:
    session = opened(store)
    assert rotated(store, 1, 2) == Rotation(session)
    assert rotated(store, 1, 3, now=NOW + timedelta(seconds=19)) == Rotation(session)
    assert rotated(store, 3, 4, now=NOW + HOUR / 2) == Rotation(session)


def test_the_answer_that_was_lost_carries_no_second_way_in(store: Store) -> None:
    opened(store)
    rotated(store, 1, 2)
    rotated(store, 1, 3)
    assert rotated(store, 2, 9, now=NOW + GRACE).refused is Refused.REUSED


def test_grace_ends(store: Store) -> None:
    opened(store)
    rotated(store, 1, 2)
    assert rotated(store, 1, 3, now=NOW + GRACE).refused is Refused.REUSED


def test_there_is_no_grace_once_the_successor_was_used(store: Store) -> None:
    opened(store)
    rotated(store, 1, 2)
    rotated(store, 2, 3)
    assert rotated(store, 1, 4).refused is Refused.REUSED
    assert rotated(store, 3, 5).refused is None


def test_grace_does_not_outlive_the_session(store: Store) -> None:
    session = opened(store)
    rotated(store, 1, 2)
    store.revoke_session(session.id, now=NOW)
    assert rotated(store, 1, 3).refused is Refused.REUSED


def _rotated_into(store: Store, first: int, number: int) -> Rotation:
    return rotated(store, first, first + 1 + number)


def test_tabs_that_refresh_at_once_all_go_on_and_one_token_is_left(store: Store) -> None:
    for first in range(100, 500, 100):
        opened(store, first=first)
        outcomes = at_once(4, partial(_rotated_into, store, first))
        assert [outcome.refused for outcome in outcomes] == [None] * 4
        later = NOW + timedelta(minutes=1)
        left = [rotated(store, first + 1 + n, first + 50 + n, now=later) for n in range(4)]
        assert sorted(outcome.refused is None for outcome in left) == [False, False, False, True]


# Sessions


def test_a_session_comes_back_as_it_went_in(store: Store) -> None:
    ada = user()
    store.add_user(ada, "hash")
    session = Session(
        id=new_id(), user_id=ada.id, created_at=NOW, expires_at=NOW + HOUR, client=PHONE,
        last_used_at=NOW, confirmed_at=NOW,
    )  # fmt: skip
    store.open_session(session, RefreshToken(token_hash(1), session.id, NOW + HOUR))
    assert store.caller(session.id, now=NOW) == (ada, session)
    assert store.sessions_of(ada.id, now=NOW) == (session,)
    assert store.session_of(token_hash(1)) == session
    store.note_use(session.id, LAPTOP, now=NOW + HOUR / 2)
    store.confirm_session(session.id, now=NOW + HOUR / 3)
    expected = replace(
        session, client=LAPTOP, last_used_at=NOW + HOUR / 2, confirmed_at=NOW + HOUR / 3
    )
    assert store.caller(session.id, now=NOW) == (ada, expected)


def test_nobody_calls_with_a_session_that_is_over_revoked_unknown_or_of_a_shut_account(
    store: Store,
) -> None:
    session = opened(store, lifetime=2 * HOUR)
    assert store.caller(session.id, now=NOW + 2 * HOUR) is None
    assert store.caller(new_id(), now=NOW) is None
    assert store.caller(session.id, now=NOW) is not None
    store.revoke_session(session.id, now=NOW)
    assert store.caller(session.id, now=NOW) is None
    other = opened(store, first=9)
    store.set_disabled(other.user_id, NOW)
    assert store.caller(other.id, now=NOW) is None
    assert rotated(store, 9, 10).refused is not None
    store.set_disabled(other.user_id, None)
    assert store.caller(other.id, now=NOW) is None


def test_a_session_begins_with_its_note_and_clears_its_counter(store: Store) -> None:
    ada = user()
    store.add_user(ada, "hash")
    session = Session(id=new_id(), user_id=ada.id, created_at=NOW, expires_at=NOW + HOUR)
    noted = Activity(ada.id, NOW, Event.SIGNED_IN, PHONE, NOW + HOUR)
    for key in ("tried", "other"):
        store.count_hit(key, expires_at=NOW)
    store.open_session(
        session, RefreshToken(token_hash(1), session.id, NOW + HOUR), noted=noted, cleared="tried"
    )
    assert store.caller(session.id, now=NOW) is not None
    assert store.activity_of(ada.id, most=9, failed=False) == (noted,)
    assert store.count_hit("tried", expires_at=NOW) == 1
    assert store.count_hit("other", expires_at=NOW) == 2


@pytest.mark.integration
def test_a_session_whose_note_is_not_kept_does_not_begin(sql_store: SqlStore) -> None:
    ada = user()
    sql_store.add_user(ada, "hash")
    sql_store.count_hit("tried", expires_at=NOW)
    session = Session(id=new_id(), user_id=ada.id, created_at=NOW, expires_at=NOW + HOUR)
    noted = Activity(new_id(), NOW, Event.SIGNED_IN, PHONE, NOW + HOUR)  # of nobody
    with pytest.raises(IntegrityError):
        sql_store.open_session(
            session,
            RefreshToken(token_hash(1), session.id, NOW + HOUR),
            noted=noted,
            cleared="tried",
        )
    assert sql_store.caller(session.id, now=NOW) is None
    assert sql_store.session_of(token_hash(1)) is None
    assert sql_store.count_hit("tried", expires_at=NOW) == 2


def _another(
    store: Store, session: Session, number: int, *, instead_of: str | None = None
) -> Session:
    """A further session of the same account."""
    made = replace(session, id=new_id(), last_used_at=NOW + timedelta(minutes=number))
    store.open_session(
        made, RefreshToken(token_hash(number), made.id, NOW + HOUR), instead_of=instead_of
    )
    return made


def test_sessions_are_listed_by_their_last_use_and_ended_all_but_one(store: Store) -> None:
    first = opened(store)
    stranger = opened(store, first=50)
    second, third = _another(store, first, 2), _another(store, first, 3)
    assert store.sessions_of(first.user_id, now=NOW) == (third, second, first)
    assert store.revoke_sessions(first.user_id, keep=second.id, now=NOW) == 2
    assert store.sessions_of(first.user_id, now=NOW) == (second,)
    assert store.revoke_sessions(first.user_id, keep=None, now=NOW) == 1
    assert store.revoke_sessions(first.user_id, keep=None, now=NOW) == 0
    assert store.sessions_of(stranger.user_id, now=NOW) == (stranger,)


def test_a_session_takes_the_place_of_the_one_that_the_browser_had(store: Store) -> None:
    first = opened(store)
    second = _another(store, first, 2, instead_of=token_hash(1))
    assert store.sessions_of(first.user_id, now=NOW) == (second,)
    third = _another(store, first, 3, instead_of=token_hash(99))
    assert store.sessions_of(first.user_id, now=NOW) == (third, second)


# Accounts


def test_what_an_owner_changes(store: Store) -> None:
    ada = user()
    store.add_user(ada, "hash")
    store.set_display_name(ada.id, "Countess")
    store.set_password_hash(ada.id, "newer", keep=None, now=NOW)
    store.set_email(ada.id, "lady@example.com", verified_at=NOW)
    found = store.credentials_of(ada.id)
    assert found is not None
    assert found.password_hash == "newer"
    assert found.user == replace(
        ada, display_name="Countess", email="lady@example.com", email_verified_at=NOW
    )
    assert store.credentials("ada@example.com") is None
    assert store.credentials("lady@example.com") == found
    assert store.credentials_of(new_id()) is None


def test_an_address_that_somebody_has_is_not_taken_from_them(store: Store) -> None:
    ada, bob = user(), user("bob@example.com")
    store.add_user(ada, "hash")
    store.add_user(bob, "hash")
    with pytest.raises(EmailTakenError):
        store.set_email(bob.id, ada.email, verified_at=NOW)
    assert store.user(bob.id) == bob
    store.set_email(bob.id, bob.email, verified_at=NOW)


def test_an_account_goes_with_all_that_is_its_own_and_nothing_else(store: Store) -> None:
    session, other = opened(store), opened(store, first=5)
    for owner, number in ((session.user_id, 70), (other.user_id, 71)):
        store.add_activity(Activity(owner, NOW, Event.SIGNED_IN, PHONE, NOW + HOUR))
        store.keep_link(_link(owner, number))
    gone = store.delete_user(session.user_id, now=NOW)
    assert gone is not None
    assert gone.id == session.user_id
    assert store.user(session.user_id) is None
    assert store.session_of(token_hash(1)) is None
    assert store.activity_of(session.user_id, most=9, failed=False) == ()
    assert store.use_link(token_hash(70), list(Purpose), now=NOW) is None
    assert store.delete_user(session.user_id, now=NOW) is None
    assert store.caller(other.id, now=NOW) is not None
    assert len(store.activity_of(other.user_id, most=9, failed=False)) == 1
    assert store.use_link(token_hash(71), list(Purpose), now=NOW) is not None


# Links


def _link(user_id: str, number: int, purpose: Purpose = Purpose.RESET) -> Link:
    return Link(token_hash(number), user_id, purpose, "ada@example.com", NOW + HOUR)


def test_a_link_is_good_once(store: Store) -> None:
    session = opened(store)
    link = _link(session.user_id, 70)
    store.keep_link(link)
    used = at_once(4, lambda _: store.use_link(token_hash(70), [Purpose.RESET], now=NOW))
    assert sorted(item is None for item in used) == [False, True, True, True]
    assert link in used


def test_a_link_is_good_for_its_purpose_and_its_time(store: Store) -> None:
    session = opened(store)
    store.keep_link(_link(session.user_id, 70))
    others = [Purpose.VERIFY, Purpose.NEW_EMAIL]
    assert store.use_link(token_hash(70), others, now=NOW) is None
    assert store.use_link(token_hash(71), list(Purpose), now=NOW) is None
    assert store.use_link(token_hash(70), list(Purpose), now=NOW + HOUR) is None
    assert store.use_link(token_hash(70), list(Purpose), now=NOW) is not None


def test_a_new_link_takes_the_place_of_the_older_one(store: Store) -> None:
    session = opened(store)
    store.keep_link(_link(session.user_id, 70))
    store.keep_link(_link(session.user_id, 72, Purpose.VERIFY))
    store.keep_link(_link(session.user_id, 71))
    assert store.use_link(token_hash(70), list(Purpose), now=NOW) is None
    assert store.use_link(token_hash(71), list(Purpose), now=NOW) is not None
    assert store.use_link(token_hash(72), list(Purpose), now=NOW) is not None


def test_an_account_that_is_to_be_is_made_once_and_with_the_password_of_its_link(
    store: Store,
) -> None:
    mine, strangers = user(), user(name="Not Ada")
    store.keep_pending(PendingUser(token_hash(80), strangers, "strangers", NOW + HOUR))
    store.keep_pending(PendingUser(token_hash(81), mine, "mine", NOW + HOUR))
    assert store.credentials(mine.email) is None
    assert store.admit_pending(token_hash(81), now=NOW + HOUR) is None
    made = at_once(3, lambda _: store.admit_pending(token_hash(81), now=NOW))
    expected = replace(mine, email_verified_at=NOW)
    assert [item for item in made if item] == [expected]
    found = store.credentials(mine.email)
    assert found is not None
    assert (found.user, found.password_hash) == (expected, "mine")
    assert store.admit_pending(token_hash(80), now=NOW) is None
    assert store.credentials(mine.email) == found


# History


def test_history_is_told_newest_first_and_no_more_than_asked_for(store: Store) -> None:
    owner, other = opened(store).user_id, opened(store, first=9).user_id
    kept = [
        Activity(owner, NOW + timedelta(minutes=number), event, LAPTOP, NOW + HOUR)
        for number, event in enumerate((Event.SIGNED_IN, Event.PROFILE_CHANGED, Event.SIGNED_OUT))
    ]
    for item in (kept[1], kept[0], kept[2]):
        store.add_activity(item)
    store.add_activity(replace(kept[0], user_id=other))
    failure = replace(kept[1], event=Event.SIGN_IN_FAILED)
    store.add_activity(failure)
    assert store.activity_of(owner, most=2, failed=False) == (kept[2], kept[1])
    assert store.activity_of(owner, most=50, failed=False) == tuple(reversed(kept))
    assert store.activity_of(owner, most=50, failed=True) == (failure,)
    assert store.activity_of(new_id(), most=50, failed=False) == ()


def test_a_new_password_leaves_nothing_to_whoever_had_the_old_one(store: Store) -> None:
    first = opened(store)
    second, stranger = _another(store, first, 2), opened(store, first=50)
    for purpose in Purpose:
        store.keep_link(_link(first.user_id, 70 + len(purpose), purpose))
    store.keep_link(_link(stranger.user_id, 90))
    store.set_password_hash(first.user_id, "new", keep=second.id, now=NOW)
    assert store.sessions_of(first.user_id, now=NOW) == (second,)
    for purpose in Purpose:
        link = store.use_link(token_hash(70 + len(purpose)), list(Purpose), now=NOW)
        assert link is None
    assert store.sessions_of(stranger.user_id, now=NOW) == (stranger,)
    assert store.use_link(token_hash(90), list(Purpose), now=NOW) is not None


def test_what_happens_to_an_account_that_is_gone_is_not_kept(store: Store) -> None:
    nobody = new_id()
    store.add_activity(Activity(nobody, NOW, Event.SIGNED_IN, PHONE, NOW + HOUR))
    assert store.activity_of(nobody, most=9, failed=False) == ()


def test_links_accounts_to_be_and_history_expire(store: Store) -> None:
    session = opened(store)
    store.keep_link(_link(session.user_id, 70))
    store.keep_pending(PendingUser(token_hash(80), user(), "hash", NOW + HOUR))
    store.add_activity(Activity(session.user_id, NOW, Event.SIGNED_IN, PHONE, NOW + HOUR))
    assert store.purge_expired(now=NOW + HOUR / 2) == 0
    assert len(store.activity_of(session.user_id, most=9, failed=False)) == 1
    assert store.purge_expired(now=NOW + HOUR) == 4  # the session's token, too
    assert store.activity_of(session.user_id, most=9, failed=False) == ()
