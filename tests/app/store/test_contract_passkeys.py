"""What both stores must do alike for passkeys, recovery codes, proofs and identities."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from app.store.test_contract import HOUR, NOW, at_once, token_hash, user

from appinstance_app.store.protocol import (
    EmailTakenError,
    IdentityTakenError,
    PasskeyTakenError,
    TooManyPasskeysError,
)
from appinstance_app.store.records import Identity, Passkey, Proof, Removal, User, new_id

if TYPE_CHECKING:
    from appinstance_app.store.protocol import Store

ISSUER = "https://id.example.com"
CODES = [token_hash(number) for number in range(10)]


def owner(store: Store, email: str = "ada@example.com", *, password: str = "hash") -> User:
    made = user(email)
    store.add_user(made, password)
    return made


def passkey(owner_id: str, number: int = 1, *, sign_count: int = 0) -> Passkey:
    return Passkey(
        id=new_id(), user_id=owner_id, credential_id=f"credential-{number}", public_key="key",
        name=f"Phone {number}", sign_count=sign_count, created_at=NOW + number * HOUR,
    )  # fmt: skip


def added(store: Store, owner_id: str, number: int = 1, *, sign_count: int = 0) -> Passkey:
    made = passkey(owner_id, number, sign_count=sign_count)
    store.add_passkey(made, most=9)
    return made


def test_passkeys_come_back_as_they_went_in_and_are_counted(store: Store) -> None:
    ada, bob = owner(store), owner(store, "bob@example.com")
    second, first, other = added(store, ada.id, 2), added(store, ada.id), added(store, bob.id, 3)
    assert store.passkeys_of(ada.id) == (first, second)
    assert store.passkey(other.credential_id) == other
    assert store.passkey("CREDENTIAL-1") is None
    assert store.user(ada.id) == replace(ada, passkeys=2)


def test_a_credential_has_one_owner(store: Store) -> None:
    ada, bob = owner(store), owner(store, "bob@example.com")
    added(store, ada.id)
    with pytest.raises(PasskeyTakenError):
        added(store, bob.id)
    assert store.user(bob.id) == bob


def test_an_account_has_so_many_passkeys_also_if_they_come_at_once(store: Store) -> None:
    ada = owner(store)

    def add(number: int) -> bool:
        try:
            store.add_passkey(passkey(ada.id, number), most=2)
        except TooManyPasskeysError:
            return False
        return True

    assert sorted(at_once(4, add)) == [False, False, True, True]
    assert len(store.passkeys_of(ada.id)) == 2
    with pytest.raises(TooManyPasskeysError):
        store.add_passkey(passkey(new_id(), 9), most=2)


@pytest.mark.parametrize(
    ("kept", "told", "taken"),
    [(0, 0, True), (0, 5, True), (5, 6, True), (5, 5, False), (5, 4, False), (5, 0, False)],
)
def test_a_counter_that_does_not_grow_is_a_copy(
    store: Store, kept: int, told: int, *, taken: bool
) -> None:
    made = added(store, owner(store).id, sign_count=kept)
    assert store.use_passkey(made.id, sign_count=told, now=NOW) is taken
    expected = replace(made, sign_count=told, last_used_at=NOW) if taken else made
    assert store.passkey(made.credential_id) == expected


def test_of_two_uses_with_one_counter_one_is_taken(store: Store) -> None:
    made = added(store, owner(store).id, sign_count=1)
    uses = at_once(4, lambda _: store.use_passkey(made.id, sign_count=2, now=NOW))
    assert sorted(uses) == [False, False, False, True]


def test_a_use_without_a_counter_is_noted_also_in_the_same_moment(store: Store) -> None:
    made = added(store, owner(store).id)
    assert store.use_passkey(made.id, sign_count=0, now=NOW)
    assert store.use_passkey(made.id, sign_count=0, now=NOW)


def test_only_the_owner_renames(store: Store) -> None:
    ada, bob = owner(store), owner(store, "bob@example.com")
    made = added(store, ada.id)
    assert not store.rename_passkey(bob.id, made.id, "Mine")
    assert store.rename_passkey(ada.id, made.id, "Phone 1")
    assert store.rename_passkey(ada.id, made.id, "Tablet ⌚")
    assert store.passkeys_of(ada.id) == (replace(made, name="Tablet ⌚"),)


def test_with_the_last_passkey_second_factor_and_codes_go(store: Store) -> None:
    ada, bob = owner(store), owner(store, "bob@example.com")
    first, second = added(store, ada.id), added(store, ada.id, 2)
    store.replace_recovery_codes(ada.id, CODES)
    assert store.set_second_factor(ada.id, on=True)
    assert store.remove_passkey(bob.id, first.id, issuer=None) is Removal.UNKNOWN
    assert store.remove_passkey(ada.id, first.id, issuer=None) is Removal.GONE
    assert store.user(ada.id) == replace(ada, passkeys=1, second_factor=True)
    gone = store.remove_passkey(ada.id, second.id, issuer=None)
    assert gone is Removal.GONE_WITH_SECOND_FACTOR
    assert store.user(ada.id) == ada
    assert store.recovery_codes_left(ada.id) == 0
    assert store.remove_passkey(ada.id, second.id, issuer=None) is Removal.UNKNOWN


def test_without_a_passkey_there_is_no_second_factor(store: Store) -> None:
    ada = owner(store)
    assert not store.set_second_factor(ada.id, on=True)
    assert store.set_second_factor(ada.id, on=False)
    added(store, ada.id)
    assert store.set_second_factor(ada.id, on=True)
    assert store.set_second_factor(ada.id, on=True)
    assert store.set_second_factor(ada.id, on=False)
    assert store.user(ada.id) == replace(ada, passkeys=1)


def test_an_account_without_a_password_keeps_a_way_in(store: Store) -> None:
    ada = replace(user(), has_password=False)
    store.add_identified(ada, Identity(ISSUER, "ada", ada.id, NOW))
    first, second = added(store, ada.id), added(store, ada.id, 2)
    assert store.remove_passkey(ada.id, first.id, issuer=None) is Removal.GONE
    for issuer in (None, "https://other.example.com"):
        assert store.remove_passkey(ada.id, second.id, issuer=issuer) is Removal.LAST_WAY_IN
    assert store.user(ada.id) == replace(ada, passkeys=1)
    assert store.remove_passkey(ada.id, second.id, issuer=ISSUER) is Removal.GONE


def test_a_recovery_code_is_good_once_and_for_its_account(store: Store) -> None:
    ada, bob = owner(store), owner(store, "bob@example.com")
    store.replace_recovery_codes(ada.id, CODES)
    store.replace_recovery_codes(bob.id, CODES[5:])
    used = at_once(4, lambda _: store.use_recovery_code(ada.id, CODES[0]))
    assert sorted(used) == [False, False, False, True]
    assert not store.use_recovery_code(bob.id, CODES[1])
    assert (store.recovery_codes_left(ada.id), store.recovery_codes_left(bob.id)) == (9, 5)
    store.replace_recovery_codes(ada.id, [token_hash(77)])
    assert not store.use_recovery_code(ada.id, CODES[1])
    assert store.use_recovery_code(ada.id, token_hash(77))


def test_a_proof_is_taken_once_for_its_kind_and_time(store: Store) -> None:
    ada = owner(store)
    proof = Proof(token_hash(1), "add", NOW + HOUR, ada.id, token_hash(2))
    store.keep_proof(proof)
    store.keep_proof(Proof(token_hash(3), "state", NOW + HOUR))
    assert store.take_proof(token_hash(1), "sign-in", now=NOW) is None
    assert store.take_proof(token_hash(1), "add", now=NOW + HOUR) is None
    assert store.proof(token_hash(1), "add", now=NOW) == proof
    assert store.proof(token_hash(1), "add", now=NOW + HOUR) is None
    assert store.proof(token_hash(1), "state", now=NOW) is None
    taken = at_once(4, lambda _: store.take_proof(token_hash(1), "add", now=NOW))
    assert sorted(item is None for item in taken) == [False, True, True, True]
    assert proof in taken
    assert store.take_proof(token_hash(3), "state", now=NOW) is not None


def test_proofs_are_purged_once_they_expire(store: Store) -> None:
    store.keep_proof(Proof(token_hash(1), "state", NOW + HOUR))
    assert store.purge_expired(now=NOW) == 0
    assert store.purge_expired(now=NOW + HOUR) == 1


def test_an_identity_has_one_account(store: Store) -> None:
    ada, bob = owner(store), owner(store, "bob@example.com")
    store.add_identity(Identity(ISSUER, "Ada", ada.id, NOW))
    with pytest.raises(IdentityTakenError):
        store.add_identity(Identity(ISSUER, "Ada", bob.id, NOW))
    store.add_identity(Identity(ISSUER, "ada", bob.id, NOW))
    assert store.identified(ISSUER, "Ada") == ada
    assert store.identified(ISSUER, "ada") == bob
    assert store.identified("https://other.example.com", "Ada") is None


def test_an_account_from_a_provider_is_made_whole_or_not_at_all(store: Store) -> None:
    ada = owner(store)
    store.add_identity(Identity(ISSUER, "taken", ada.id, NOW))
    same = user()
    with pytest.raises(EmailTakenError):
        store.add_identified(same, Identity(ISSUER, "new", same.id, NOW))
    assert store.identified(ISSUER, "new") is None
    bob = user("bob@example.com")
    with pytest.raises(IdentityTakenError):
        store.add_identified(bob, Identity(ISSUER, "taken", bob.id, NOW))
    assert store.user(bob.id) is None
    store.add_identified(bob, Identity(ISSUER, "new", bob.id, NOW))
    assert store.identified(ISSUER, "new") == replace(bob, has_password=False)


def test_all_of_it_goes_with_the_account(store: Store) -> None:
    ada = owner(store)
    made = added(store, ada.id)
    store.replace_recovery_codes(ada.id, CODES)
    store.keep_proof(Proof(token_hash(1), "add", NOW + HOUR, ada.id))
    store.add_identity(Identity(ISSUER, "ada", ada.id, NOW))
    store.delete_user(ada.id, now=NOW)
    assert store.passkey(made.credential_id) is None
    assert store.recovery_codes_left(ada.id) == 0
    assert store.proof(token_hash(1), "add", now=NOW) is None
    assert store.identified(ISSUER, "ada") is None
    store.keep_proof(Proof(token_hash(2), "add", NOW + HOUR, ada.id))
    assert store.proof(token_hash(2), "add", now=NOW) is None
    store.replace_recovery_codes(ada.id, CODES)
    assert store.recovery_codes_left(ada.id) == 0
