"""Read access for people: one schema, nothing written, and a line that says so."""

from __future__ import annotations

import pytest
from support.provisioner import Bench

from appinstance_operator.api.request import Answer, Request, What
from appinstance_provisioner.failures import Failure

pytestmark = pytest.mark.integration

ENSURE = Request(What.ENSURE, "acme", "shop")
KEY = ("acme", "shop")


@pytest.fixture
def filled(bench: Bench) -> Bench:
    """The bench with one instance's database, which holds something."""
    assert bench.asked(ENSURE) is Answer.DONE
    bench.filled()
    return bench


def test_it_reads_and_the_asking_is_written_down(
    filled: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert filled.command().read(KEY, "SELECT COUNT(*) FROM people", "ticket 7") is Answer.DONE
    said = capsys.readouterr().out.splitlines()
    assert '"event": "read"' in said[0]
    assert "ticket 7" in said[0]
    assert "SELECT COUNT(*) FROM people" in said[0]
    assert '"values": ["3"]' in said[1]
    assert filled.users() == sorted(filled.identity().users)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM people",
        "UPDATE people SET name = 'x'",
        "DROP TABLE people",
        "CREATE TABLE mine (id INT)",
        "SELECT * FROM mysql.user",
        "SELECT * FROM `appinstance-ledger`.`databases`",
        "SELECT name FROM people INTO OUTFILE '/tmp/appinstance-read'",
        "SELECT 1; DELETE FROM people",
        "not SQL at all",
    ],
)
def test_it_writes_nothing_and_reads_nothing_else(filled: Bench, statement: str) -> None:
    before = filled.people()
    with pytest.raises(Failure):
        filled.command().read(KEY, statement, "curiosity")
    assert filled.people() == before
    assert filled.users() == sorted(filled.identity().users)


def test_of_an_instance_without_a_database_there_is_nothing(bench: Bench) -> None:
    with pytest.raises(Failure) as caught:
        bench.command().read(KEY, "SELECT 1", "x")
    assert caught.value.answer is Answer.UNCONFIGURED
