"""The end of a database: a dump first, that was loaded once; and loading one again."""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path
from typing import Any

import pymysql
import pytest
from support.provisioner import ADMINISTRATOR, BUCKET, Bench

from appinstance_operator.api.request import Answer, Request, What
from appinstance_provisioner import dumps
from appinstance_provisioner.failures import Failure

pytestmark = pytest.mark.integration

ENSURE = Request(What.ENSURE, "acme", "shop")
DELETE = Request(What.DELETE, "acme", "shop")
POINTS = ("after-lock", "after-dump", "after-dump-noted", "after-users-removed",
          "after-entry-removed", "after-schema-removed")  # fmt: skip


@pytest.fixture
def filled(bench: Bench) -> Bench:
    """The bench with one instance's database, which holds something."""
    assert bench.asked(ENSURE) is Answer.DONE
    bench.filled()
    return bench


def _nothing_left(bench: Bench) -> None:
    assert bench.schemas() == []
    assert bench.users() == []
    assert bench.entries() == []
    assert bench.root("SELECT name FROM `appinstance-ledger`.`databases`") == []


def _restored(bench: Bench, dump: str, *, replace: bool = False) -> Answer:
    return bench.command().restore(("acme", "shop"), dump, replace=replace)


def test_it_dumps_and_removes_all(filled: Bench) -> None:
    assert filled.asked(DELETE) is Answer.DONE
    _nothing_left(filled)
    (dump,) = filled.dumps()
    assert dump.startswith("acme/shop/")


def test_what_is_dumped_comes_back_to_the_byte(filled: Bench) -> None:
    before = filled.people()
    assert filled.asked(DELETE) is Answer.DONE
    assert filled.asked(ENSURE) is Answer.DONE
    assert _restored(filled, filled.dumps()[0]) is Answer.DONE
    assert filled.people() == before
    counted = f"SELECT COUNT(*) FROM `{filled.identity().schema}`.`pe``ts`"  # noqa: S608
    assert filled.root(counted) == [(1,)]


def test_only_what_is_the_instances_goes(filled: Bench) -> None:
    other = Request(What.ENSURE, "globex", "shop")
    assert filled.asked(other) is Answer.DONE
    assert filled.asked(DELETE) is Answer.DONE
    assert filled.schemas() == [filled.identity("globex").schema]
    filled.as_instance(filled.entry("globex", "shop")).close()


@pytest.mark.parametrize("point", POINTS)
def test_lost_at_any_step_it_ends_with_one_good_dump(filled: Bench, point: str) -> None:
    before = filled.people()
    assert filled.asked_and_died(DELETE, point)
    assert filled.asked(DELETE) is Answer.DONE
    _nothing_left(filled)
    assert filled.asked(ENSURE) is Answer.DONE
    assert _restored(filled, filled.dumps()[-1]) is Answer.DONE
    assert filled.people() == before


def test_while_it_is_deleted_nothing_is_made(filled: Bench) -> None:
    assert filled.asked_and_died(DELETE, "after-lock")
    with pytest.raises(Failure) as caught:
        filled.asked(ENSURE)
    assert caught.value.answer is Answer.BUSY
    assert filled.command().sweep() is Answer.DONE
    with pytest.raises(Failure):
        filled.as_instance()


def test_nobody_writes_any_more_once_the_dump_begins(filled: Bench) -> None:
    """Pods still run while an AppInstance is deleted."""
    with filled.as_instance() as connected, connected.cursor() as cursor:
        assert filled.asked_and_died(DELETE, "after-lock")
        with pytest.raises(pymysql.MySQLError, match=r"Lost connection|gone away|killed"):
            cursor.execute("DELETE FROM people")


def test_without_a_bucket_nothing_is_removed(filled: Bench) -> None:
    with pytest.raises(Failure) as caught:
        filled.asked(DELETE, backupBucket=None)
    assert caught.value.answer is Answer.UNCONFIGURED
    assert len(filled.people()) == 3


def test_a_bucket_that_does_not_take_it_keeps_everything(filled: Bench) -> None:
    with pytest.raises(Failure) as caught:
        filled.asked(DELETE, backupBucket="another-ones")
    assert caught.value.answer is Answer.DUMP_FAILED
    assert filled.schemas() == [filled.identity().schema]
    assert filled.entries() == [filled.key()]


@pytest.mark.parametrize("spoil", ["cut off", "not compressed", "without its end", "rows missing"])
def test_a_dump_that_is_not_good_removes_nothing(
    filled: Bench, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    whole = dumps.dumped

    def spoiled(login: dumps.Login, schema: str, path: Path) -> None:
        whole(login, schema, path)
        content = path.read_bytes()
        text = gzip.decompress(content)
        if spoil == "cut off":
            path.write_bytes(content[: len(content) // 2])
        elif spoil == "not compressed":
            path.write_bytes(text)
        elif spoil == "without its end":
            path.write_bytes(gzip.compress(text.replace(b"Dump completed", b"")))
        else:
            lines = text.splitlines(keepends=True)
            kept = [line for line in lines if not line.startswith(b"INSERT INTO `people`")]
            assert kept != lines
            path.write_bytes(gzip.compress(b"".join(kept)))

    monkeypatch.setattr("appinstance_provisioner.removal.dumped", spoiled)
    with pytest.raises(Failure) as caught:
        filled.asked(DELETE)
    assert caught.value.answer is Answer.DUMP_FAILED
    assert filled.schemas() == [filled.identity().schema]
    assert filled.entries() == [filled.key()]
    monkeypatch.undo()
    assert filled.asked(DELETE) is Answer.DONE
    assert filled.dumps()


def test_a_bucket_that_returns_something_else_removes_nothing(
    filled: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        dumps.Store, "get", lambda _self, _key, path: path.write_bytes(b"something else")
    )
    with pytest.raises(Failure) as caught:
        filled.asked(DELETE)
    assert caught.value.answer is Answer.DUMP_FAILED
    assert filled.schemas() == [filled.identity().schema]


def test_an_entry_that_is_somebody_elses_stays(filled: Bench) -> None:
    filled.manager.delete_secret(SecretId=filled.key(), ForceDeleteWithoutRecovery=True)
    filled.manager.create_secret(Name=filled.key(), SecretString="theirs")
    assert filled.asked(DELETE) is Answer.DONE
    assert filled.entries() == [filled.key()]
    assert filled.schemas() == []


def test_what_was_never_made_is_gone_already(bench: Bench) -> None:
    assert bench.asked(DELETE) is Answer.DONE
    assert bench.dumps() == []


def test_a_restore_over_tables_has_to_be_asked_for(filled: Bench) -> None:
    before = filled.people()
    assert filled.asked(DELETE) is Answer.DONE
    (dump,) = filled.dumps()
    assert filled.asked(ENSURE) is Answer.DONE
    filled.filled(rows=5)
    with filled.as_instance() as connected, connected.cursor() as cursor:
        cursor.execute("CREATE TABLE newer (id INT)")
    with pytest.raises(Failure) as caught:
        _restored(filled, dump)
    assert caught.value.answer is Answer.NOT_EMPTY
    assert len(filled.people()) == 5
    assert _restored(filled, dump, replace=True) is Answer.DONE
    assert filled.people() == before
    assert filled.root(f"SHOW TABLES FROM `{filled.identity().schema}` LIKE 'newer'") == []


@pytest.mark.parametrize(
    "statement",
    [
        "DROP DATABASE `appinstance-ledger`;",
        "CREATE USER mallory;",
        "GRANT ALL ON *.* TO CURRENT_USER();",
        "USE `appinstance-ledger`; DELETE FROM `databases`;",
        "\\! touch {mark}\n",
        "system touch {mark}\n",
    ],
)
def test_a_dump_that_wants_more_than_its_schema_is_not_loaded(
    filled: Bench, tmp_path: Path, statement: str
) -> None:
    """What a tenant wrote is in it; it is loaded by a user that reaches one schema."""
    before, mark = filled.people(), tmp_path / "mark"
    text = f"{statement.format(mark=mark)}\n-- Dump completed\n"
    filled.aws.client("s3").put_object(
        Bucket=BUCKET, Key="acme/shop/evil.sql.gz", Body=gzip.compress(text.encode())
    )
    with pytest.raises(Failure):
        _restored(filled, "acme/shop/evil.sql.gz", replace=True)
    assert not mark.exists()
    assert filled.people() == before
    assert filled.root("SELECT user FROM mysql.user WHERE user = 'mallory'") == []


def test_the_password_is_no_argument_and_stays_in_no_file(
    filled: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[Any] = []
    real = subprocess.Popen

    def noted(command: Any, **options: Any) -> Any:
        started.append(command)
        return real(command, **options)

    monkeypatch.setattr(subprocess, "Popen", noted)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert filled.asked(DELETE) is Answer.DONE
    assert len(started) == 2
    assert "administrators-own-7" not in str(started)
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name for path in left} <= {"username", "password"}
    assert ADMINISTRATOR not in str(started)
