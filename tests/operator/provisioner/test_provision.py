"""Making an instance's database, keeping it right, and passwords that follow each other."""

from __future__ import annotations

import itertools
import json
import threading
from typing import Any

import pymysql
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.provisioner import Bench

from appinstance_operator.api.request import Answer, Request, What
from appinstance_provisioner.accounts import RIGHTS
from appinstance_provisioner.failures import Failure
from appinstance_provisioner.names import Identity

pytestmark = pytest.mark.integration

ENSURE = Request(What.ENSURE, "acme", "shop")
MAKING = ("after-ledger", "after-schema", "after-users", "after-grants", "after-password",
          "after-entry", "after-issue")  # fmt: skip
ROTATING = ("after-grants", "after-password", "after-entry", "after-issue")
names = st.from_regex(r"\A[a-z]([a-z0-9-]{0,61}[a-z0-9])?\Z")


@pytest.fixture
def made(bench: Bench) -> Bench:
    """The bench with one instance's database."""
    assert bench.asked(ENSURE) is Answer.DONE
    return bench


def _rotation(token: str) -> Request:
    return Request(What.ENSURE, "acme", "shop", token)


def _converged(bench: Bench) -> None:
    """All is as it should be: one schema, two users, one entry, which opens the schema."""
    identity = bench.identity()
    assert bench.schemas() == [identity.schema]
    assert bench.users() == sorted(identity.users)
    assert bench.entries() == [bench.key()]
    with bench.as_instance() as connected, connected.cursor() as cursor:
        cursor.execute("SELECT DATABASE()")
        assert cursor.fetchone() == (identity.schema,)


def test_it_makes_schema_users_and_an_entry_that_opens_the_schema(bench: Bench) -> None:
    assert bench.asked(ENSURE) is Answer.DONE
    _converged(bench)
    bench.filled()
    assert len(bench.people()) == 3


def test_asked_again_it_changes_nothing(made: Bench) -> None:
    before = made.entry()
    assert made.asked(ENSURE) is Answer.DONE
    assert made.entry() == before


def test_the_entry_says_whose_it_is(made: Bench) -> None:
    found = made.manager.describe_secret(SecretId=made.key())
    tags = {tag["Key"]: tag["Value"] for tag in found["Tags"]}
    assert tags["appinstance-namespace"] == "acme"
    assert tags["appinstance-provisioned"] == "true"


def test_its_user_has_rights_on_its_schema_alone(made: Bench) -> None:
    user, schema = made.entry()["username"], made.identity().schema
    grants = [line for (line,) in made.root(f"SHOW GRANTS FOR '{user}'@'%'")]
    assert len(grants) == 2
    assert "GRANT USAGE ON *.* TO" in grants[0]
    assert "REQUIRE SSL" in grants[0]
    assert "MAX_USER_CONNECTIONS 60" in grants[0]
    rights = grants[1].removeprefix("GRANT ").partition(" ON ")[0]
    assert set(rights.split(", ")) == set(RIGHTS)
    assert f"`{schema}`.*" in grants[1]
    assert "GRANT OPTION" not in grants[1]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 FROM `appinstance-ledger`.`databases`",
        "SELECT 1 FROM mysql.user",
        "USE `{other}`",
        "CREATE TABLE `{other}`.x (id INT)",
        "CREATE DATABASE mine",
        "CREATE USER mine",
        "GRANT SELECT ON `{own}`.* TO '{user}'@'%'",
        "CREATE TRIGGER t BEFORE INSERT ON people FOR EACH ROW SET NEW.name = 'x'",
        "CREATE DEFINER=root@localhost VIEW v AS SELECT * FROM mysql.user",
        "CREATE PROCEDURE p() SELECT 1",
        "SELECT LOAD_FILE('/etc/passwd') INTO OUTFILE '/tmp/appinstance-outfile'",
        "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE people",
        "SET GLOBAL max_connections = 1",
        "KILL {connection}",
    ],
)
def test_an_instance_reaches_nothing_but_its_own(made: Bench, statement: str) -> None:
    made.filled()
    assert made.asked(Request(What.ENSURE, "globex", "shop")) is Answer.DONE
    with made.as_instance(made.entry("globex", "shop")) as foreign:
        words = statement.format(
            other=made.identity("globex").schema,
            own=made.identity().schema,
            user=made.identity("globex").users[0],
            connection=foreign.thread_id(),  # type: ignore[no-untyped-call]
        )
        with made.as_instance() as connected, connected.cursor() as cursor:
            with pytest.raises(pymysql.MySQLError) as caught:
                cursor.execute(words)
            assert caught.value.args[0] in (1044, 1045, 1142, 1227, 1095, 1148, 4166)
            cursor.execute("SHOW DATABASES")
            seen = {name for (name,) in cursor.fetchall()}
    assert seen == {made.identity().schema, "information_schema"}


def test_its_user_needs_tls(made: Bench) -> None:
    entry = made.entry()
    with pytest.raises(pymysql.OperationalError) as caught:
        pymysql.connect(host="127.0.0.1", port=entry["port"], user=entry["username"],
                        password=entry["password"], ssl_disabled=True)  # fmt: skip
    assert caught.value.args[0] == 1045


def test_its_connections_are_limited(bench: Bench) -> None:
    assert bench.asked(ENSURE, connections=2) is Answer.DONE
    bench.await_idle()
    with bench.as_instance(), bench.as_instance(), pytest.raises(Failure) as caught:
        bench.as_instance()
    assert caught.value.answer is Answer.FULL


# Names


@given(st.tuples(names, names), st.tuples(names, names))
def test_names_of_two_instances_never_meet(one: tuple[str, str], other: tuple[str, str]) -> None:
    first, second = Identity("issuer", *one), Identity("issuer", *other)
    if one == other:
        return
    assert first.schema != second.schema
    assert {*first.users}.isdisjoint(second.users)
    assert first.lock != second.lock


@given(names, names)
def test_names_fit_and_hold_no_wildcard_and_no_quote(namespace: str, name: str) -> None:
    identity = Identity("oidc.example.com/id/ABC", namespace, name)
    assert len(identity.schema) <= 64
    assert all(len(user) <= 32 for user in identity.users)
    assert len(identity.lock) <= 64
    for word in (identity.schema, *identity.users, identity.lock):
        assert set(word) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a-b", "c"), ("a", "b-c")),
        (("acme", "shop"), ("globex", "shop")),
        (("x" * 63, "y" * 40), ("x" * 63, "y" * 39 + "z")),
        (("acme", "sh0p"), ("acme", "shop")),
        (("acme", "rn"), ("acme", "m")),
    ],
)
def test_look_alikes_get_databases_of_their_own(
    bench: Bench, one: tuple[str, str], other: tuple[str, str]
) -> None:
    for key in (one, other):
        assert bench.asked(Request(What.ENSURE, *key)) is Answer.DONE
    first, second = bench.entry(*one), bench.entry(*other)
    assert first["dbname"] != second["dbname"]
    with pytest.raises(Failure) as caught:
        bench.as_instance({**first, "dbname": second["dbname"]})
    assert caught.value.answer is Answer.WITHHELD


def test_the_same_name_in_another_cluster_is_another_instance() -> None:
    assert Identity("one", "acme", "shop").schema != Identity("other", "acme", "shop").schema


# Crashes


@pytest.mark.parametrize("point", MAKING)
def test_lost_at_any_step_it_ends_as_if_it_had_not_been(bench: Bench, point: str) -> None:
    assert bench.asked_and_died(ENSURE, point)
    assert bench.asked(ENSURE) is Answer.DONE
    _converged(bench)


@pytest.mark.parametrize("point", MAKING)
def test_lost_at_every_step_one_after_the_other_too(bench: Bench, point: str) -> None:
    for earlier in MAKING[: MAKING.index(point) + 1]:
        bench.asked_and_died(ENSURE, earlier)
    assert bench.asked(ENSURE) is Answer.DONE
    _converged(bench)


@pytest.mark.parametrize("point", ROTATING)
def test_lost_while_it_rotates_what_pods_have_opens_and_the_entry_too(
    made: Bench, point: str
) -> None:
    made.filled()
    held = made.entry()
    assert made.asked_and_died(_rotation("1"), point)
    made.as_instance(held).close()
    assert made.asked(_rotation("1")) is Answer.DONE
    _converged(made)
    assert made.entry()["password"] != held["password"]
    assert len(made.people()) == 3


def test_two_at_once_make_one(bench: Bench) -> None:
    answers: list[Answer] = []
    commands = [bench.command() for _ in range(3)]
    threads = [
        threading.Thread(target=lambda c=command: answers.append(c.answer(ENSURE)))
        for command in commands
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [Answer.DONE] * 3
    _converged(bench)


# Drift

_DRIFTS = {
    "fewer rights": "REVOKE SELECT, INSERT ON `{schema}`.* FROM '{user}'@'%'",
    "no rights": "REVOKE ALL PRIVILEGES, GRANT OPTION FROM '{user}'@'%'",
    "rights on another schema": "GRANT SELECT ON mysql.* TO '{user}'@'%'",
    "rights on everything": "GRANT ALL ON *.* TO '{user}'@'%' WITH GRANT OPTION",
    "the right to grant": "GRANT SELECT ON `{schema}`.* TO '{user}'@'%' WITH GRANT OPTION",
    "more on its own": "GRANT TRIGGER, EVENT ON `{schema}`.* TO '{user}'@'%'",
    "all on its own": "GRANT ALL ON `{schema}`.* TO '{user}'@'%'",
    "a column elsewhere": "GRANT SELECT (user, host) ON mysql.global_priv TO '{user}'@'%'",
    "no TLS": "ALTER USER '{user}'@'%' REQUIRE NONE",
    "no limit": "ALTER USER '{user}'@'%' WITH MAX_USER_CONNECTIONS 0",
    "another password": "ALTER USER '{user}'@'%' IDENTIFIED BY 'changed-by-hand'",
    "gone": "DROP USER '{user}'@'%'",
    "locked": "ALTER USER '{user}'@'%' ACCOUNT LOCK",
}


@pytest.mark.parametrize("drift", _DRIFTS)
def test_what_was_changed_on_the_server_is_put_right(made: Bench, drift: str) -> None:
    made.filled()
    for user in made.identity().users:
        made.root(_DRIFTS[drift].format(user=user, schema=made.identity().schema))
    assert made.command().sweep() is Answer.DONE
    for user in made.identity().users:
        lines = [line for (line,) in made.root(f"SHOW GRANTS FOR '{user}'@'%'")]
        assert len(lines) == 2
        assert set(lines[1].removeprefix("GRANT ").partition(" ON ")[0].split(", ")) == set(RIGHTS)
        assert "REQUIRE SSL" in lines[0]
        assert "MAX_USER_CONNECTIONS 60" in lines[0]
    _converged(made)
    assert len(made.people()) == 3


def test_a_password_changed_on_the_server_is_that_of_the_entry_again(made: Bench) -> None:
    """Pods run with it: a new one would reach them minutes later."""
    held = made.entry()
    made.root(f"ALTER USER '{held['username']}'@'%' IDENTIFIED BY 'changed-by-hand'")
    assert made.asked(ENSURE) is Answer.DONE
    assert made.entry() == held
    made.as_instance(held).close()


@pytest.mark.parametrize(
    "value",
    [
        "not JSON",
        "{}",
        "[]",
        '{"host": 1, "port": 2, "username": [], "password": {}, "dbname": null}',
    ],
)
def test_an_entry_that_was_overwritten_is_written_again(made: Bench, value: str) -> None:
    held = made.entry()
    made.manager.put_secret_value(SecretId=made.key(), SecretString=value)
    assert made.asked(ENSURE) is Answer.DONE
    _converged(made)
    made.as_instance(held).close()


@pytest.mark.parametrize(
    "change",
    [
        {"password": "somebody-elses"},
        {"username": "root"},
        {"dbname": "mysql"},
        {"host": "evil.example.com"},
        {"port": 1},
    ],
)
def test_an_entry_that_was_changed_is_not_believed(made: Bench, change: dict[str, Any]) -> None:
    held = made.entry()
    text = json.dumps({**held, **change})
    made.manager.put_secret_value(SecretId=made.key(), SecretString=text)
    assert made.asked(ENSURE) is Answer.DONE
    _converged(made)
    made.as_instance(held).close()
    assert "somebody-elses" not in made.entry().values()


@pytest.mark.parametrize("recovery", [{"ForceDeleteWithoutRecovery": True}, {}])
def test_an_entry_that_was_deleted_is_there_again(made: Bench, recovery: dict[str, Any]) -> None:
    held = made.entry()
    made.manager.delete_secret(SecretId=made.key(), **recovery)
    assert made.asked(ENSURE) is Answer.DONE
    _converged(made)
    made.as_instance(held).close()


def test_a_schema_that_is_gone_is_not_made_anew_in_silence(made: Bench) -> None:
    made.root(f"DROP DATABASE `{made.identity().schema}`")
    with pytest.raises(Failure) as caught:
        made.asked(ENSURE)
    assert caught.value.answer is Answer.LOST
    assert made.schemas() == []


# Rotation


def test_a_rotation_changes_user_and_password_and_is_done_once(made: Bench) -> None:
    held = made.entry()
    assert made.asked(_rotation("1")) is Answer.DONE
    after = made.entry()
    assert {held["username"], after["username"]} == {*made.identity().users}
    assert held["password"] != after["password"]
    assert made.asked(_rotation("1")) is Answer.DONE
    assert made.entry() == after


def test_no_word_asks_for_nothing(made: Bench) -> None:
    """Where the word is taken out of a spec, or an AppInstance is made anew without it."""
    assert made.asked(_rotation("1")) is Answer.DONE
    held = made.entry()
    for token in ("", "1", ""):
        assert made.asked(_rotation(token)) is Answer.DONE
        assert made.entry() == held


def test_users_take_turns_and_the_one_before_serves_until_the_next(made: Bench) -> None:
    passwords = [made.entry()]
    for token in ("1", "2", "3"):
        assert made.asked(_rotation(token)) is Answer.DONE
        passwords.append(made.entry())
        made.as_instance(passwords[-2]).close()
        for old in passwords[:-2]:
            with pytest.raises(Failure):
                made.as_instance(old)
    assert [a["username"] != b["username"] for a, b in itertools.pairwise(passwords)] == [True] * 3


def test_a_rotation_too_soon_waits_and_comes_later(made: Bench) -> None:
    held = made.entry()
    assert made.asked(_rotation("1"), rotationGapMinutes=60) is Answer.ROTATION_WAITS
    assert made.entry() == held
    made.root("UPDATE `appinstance-ledger`.`databases` SET issued_at = issued_at - INTERVAL 2 HOUR")
    assert made.asked(_rotation("1"), rotationGapMinutes=60) is Answer.DONE
    assert made.entry() != held


def test_the_sweep_rotates_what_is_old_and_nothing_else(made: Bench) -> None:
    assert made.asked(Request(What.ENSURE, "acme", "other")) is Answer.DONE
    held, other = made.entry(), made.entry("acme", "other")
    made.root(
        "UPDATE `appinstance-ledger`.`databases` SET issued_at = issued_at - INTERVAL 31 DAY "
        "WHERE name = 'shop'"
    )
    assert made.command(rotationGapMinutes=60).sweep() is Answer.DONE
    assert made.entry() != held
    assert made.entry("acme", "other") == other
    made.as_instance(held).close()


def test_a_client_that_asks_all_the_time_sees_no_failure(made: Bench) -> None:
    """With what the entry said a rotation ago at most, as a pod has it."""
    made.filled()
    over = threading.Event()
    asked: list[int] = []
    failed: list[BaseException] = []
    current = [made.entry()]

    def ask() -> None:
        while not over.is_set():
            try:
                with made.as_instance(current[0]) as connected, connected.cursor() as cursor:
                    cursor.execute("UPDATE people SET price = price + 1 WHERE id = 1")
                    asked.append(1)
            except Exception as error:  # noqa: BLE001 - each one is a failed request
                failed.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        for token in range(6):
            before = len(asked)
            assert made.asked(_rotation(f"t{token}")) is Answer.DONE
            while len(asked) < before + 3 and not failed:
                pass
            current[0] = made.entry()
            settled = len(asked)
            while len(asked) < settled + 2 and not failed:
                pass
    finally:
        over.set()
        thread.join()
    assert not failed
    assert len(asked) > 20
