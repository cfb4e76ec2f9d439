"""What a deleted AppInstance left is its successor's: one of the same name in the same namespace.

By default nothing of a database goes with its AppInstance (reconcile/test_databases.py), so to the
provisioner a successor is one that asks again.
"""

from __future__ import annotations

import pytest
from support.provisioner import Bench

from appinstance_operator.api.request import Answer, Request, What
from appinstance_provisioner.failures import Failure

pytestmark = pytest.mark.integration


@pytest.fixture
def left(bench: Bench) -> Bench:
    """The bench with a database that holds something, whose AppInstance is gone."""
    assert bench.asked(Request(What.ENSURE, "acme", "shop", "a-word")) is Answer.DONE
    bench.filled()
    return bench


def test_the_next_of_its_name_takes_it_up_as_it_was(left: Bench) -> None:
    before, held = left.people(), left.entry()
    assert left.asked(Request(What.ENSURE, "acme", "shop")) is Answer.DONE
    assert left.people() == before
    assert left.entry() == held
    assert left.schemas() == [left.identity().schema]
    assert left.dumps() == []


def test_meanwhile_it_is_kept_right_and_rotated_like_any_other(left: Bench) -> None:
    before, held = left.people(), left.entry()
    left.root(f"DROP USER '{left.identity().other(held['username'])}'@'%'")
    left.root("UPDATE `appinstance-ledger`.`databases` SET issued_at = issued_at - INTERVAL 31 DAY")
    assert left.command().sweep() is Answer.DONE
    assert left.entry()["username"] != held["username"]
    assert left.asked(Request(What.ENSURE, "acme", "shop", "another-word")) is Answer.DONE
    assert left.people() == before


@pytest.mark.parametrize(
    ("namespace", "name"), [("globex", "shop"), ("acme-shop", "shop"), ("acme", "shop2")]
)
def test_another_namespaces_or_another_name_gets_one_of_its_own(
    left: Bench, namespace: str, name: str
) -> None:
    held = left.people()
    assert left.asked(Request(What.ENSURE, namespace, name)) is Answer.DONE
    stranger = left.entry(namespace, name)
    assert stranger["dbname"] == left.identity(namespace, name).schema
    assert stranger["username"] not in left.identity().users
    with left.as_instance(stranger) as connected, connected.cursor() as cursor:
        cursor.execute("SHOW TABLES")
        assert list(cursor.fetchall()) == []
    with pytest.raises(Failure):
        left.as_instance({**stranger, "dbname": left.identity().schema})
    assert left.people() == held


def test_a_strangers_end_takes_nothing_of_it(left: Bench) -> None:
    held = left.people()
    for namespace in ("globex", "acme-shop"):
        assert left.asked(Request(What.ENSURE, namespace, "shop")) is Answer.DONE
        assert left.asked(Request(What.DELETE, namespace, "shop")) is Answer.DONE
    assert left.people() == held
    assert left.entries() == [left.key()]
