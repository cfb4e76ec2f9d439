"""Each thing that can be amiss is a sentence, and nothing said holds a password."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pymysql
import pytest
import trustme
from app.mariadb import running_mariadb
from botocore.exceptions import ClientError, EndpointConnectionError
from support.ports import free_port
from support.provisioner import Bench

from appinstance_operator.api.request import Answer, Request, What, answer_of
from appinstance_operator.api.settings import parse_settings
from appinstance_provisioner import main, server
from appinstance_provisioner.failures import Failure

ENSURE = Request(What.ENSURE, "acme", "shop")
_TOLD: Any = {"Error": {"Code": "403"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
_FORBIDDEN = ClientError(_TOLD, "x")
"""Without a word of its own, as the local stand-in and whatever lies between refuse."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is not borne long."""
    monkeypatch.setattr(server, "_ATTEMPTS", 2)


def _answer(bench: Bench, request: Request = ENSURE, **provisioning: Any) -> Answer:
    with pytest.raises(Failure) as caught:
        bench.asked(request, **provisioning)
    assert "administrators-own-7" not in str(caught.value)
    return caught.value.answer


@pytest.mark.integration
def test_credentials_that_are_refused(bench: Bench) -> None:
    with pytest.raises(Failure) as caught:
        bench.command(password="a-former-one").answer(ENSURE)
    assert caught.value.answer is Answer.REFUSED
    assert "a-former-one" not in str(caught.value)


def _with_server(bench: Bench, **changes: Any) -> main.Command:
    values = bench.settings().model_dump(by_alias=True, exclude_none=True)
    values["database"].update(changes)
    bench.command()
    return main.Command(parse_settings(values), bench.folder, bench.aws)


@pytest.mark.integration
def test_a_host_that_is_down(bench: Bench) -> None:
    with pytest.raises(Failure) as caught:
        _with_server(bench, port=free_port()).answer(ENSURE)
    assert caught.value.answer is Answer.UNREACHABLE


@pytest.mark.integration
def test_a_host_that_hangs(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CONNECT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Failure) as caught:
        _with_server(bench, port=silent.getsockname()[1]).answer(ENSURE)
    assert caught.value.answer is Answer.UNREACHABLE


@pytest.mark.integration
def test_another_authority(bench: Bench) -> None:
    other = trustme.CA().cert_pem.bytes().decode()
    with pytest.raises(Failure) as caught:
        _with_server(bench, caBundle=other).answer(ENSURE)
    assert caught.value.answer is Answer.NO_TLS


@pytest.mark.integration
def test_another_name(bench: Bench) -> None:
    assert _answer(bench, host="127.0.0.1") is Answer.NO_TLS


@pytest.mark.integration
def test_an_engine_without_tls_gets_no_password(
    bench: Bench, tmp_path: Path, database_ca: trustme.CA
) -> None:
    with (
        running_mariadb(tmp_path, database_ca, tls=False) as plain,
        pytest.raises(Failure) as caught,
    ):
        _with_server(bench, port=plain.port).answer(ENSURE)
    assert caught.value.answer is Answer.NO_TLS


@pytest.mark.integration
def test_an_engine_that_does_not_keep_require_ssl(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = server.Administrator.run

    def forgetful(self: Any, doing: str, statement: str, values: Any = ()) -> int:
        return run(self, doing, statement.replace("REQUIRE SSL", "REQUIRE NONE"), values)

    monkeypatch.setattr(server.Administrator, "run", forgetful)
    assert _answer(bench) is Answer.NO_TLS
    assert bench.entries() == []


@pytest.mark.integration
def test_an_entry_that_is_somebody_elses_is_left_and_nothing_is_made(bench: Bench) -> None:
    bench.manager.create_secret(Name=bench.key(), SecretString="made by hand")
    assert _answer(bench) is Answer.TAKEN
    assert bench.manager.get_secret_value(SecretId=bench.key())["SecretString"] == "made by hand"
    assert bench.schemas() == []
    assert bench.users() == []


@pytest.mark.integration
@pytest.mark.parametrize("tag", ["globex/shop", "acme/shop/0000000000000000", ""])
def test_an_entry_with_anothers_mark_too(bench: Bench, tag: str) -> None:
    bench.manager.create_secret(
        Name=bench.key(), SecretString="theirs",
        Tags=[{"Key": "platform.appinstance.io/database-of", "Value": tag}],
    )  # fmt: skip
    assert _answer(bench) is Answer.TAKEN


@pytest.mark.integration
def test_a_schema_that_is_somebody_elses_is_left(bench: Bench) -> None:
    bench.root(f"CREATE DATABASE `{bench.identity().schema}`")
    bench.root(f"CREATE TABLE `{bench.identity().schema}`.theirs (id INT)")
    assert _answer(bench) is Answer.TAKEN
    assert bench.root(f"SHOW TABLES FROM `{bench.identity().schema}`") == [("theirs",)]
    assert bench.users() == []


@pytest.mark.integration
def test_an_administrator_who_may_not(bench: Bench) -> None:
    bench.root("CREATE USER 'app-weak'@'%' IDENTIFIED BY 'administrators-own-7'")
    command = bench.command()
    (bench.folder / "username").write_text("app-weak")
    with pytest.raises(Failure) as caught:
        main.Command(bench.settings(), bench.folder, bench.aws).answer(ENSURE)
    assert caught.value.answer is Answer.WITHHELD
    assert command is not None


@pytest.mark.integration
def test_a_server_with_no_connection_left(bench: Bench) -> None:
    ((most,),) = bench.root("SELECT @@GLOBAL.max_connections")
    with ExitStack() as stack:
        taken = [
            stack.enter_context(
                pymysql.connect(unix_socket=str(bench.server.socket), user="root", autocommit=True)
            )
            for _ in range(10)
        ]
        # By one that is held: for another there would be no place.
        cursor = taken[0].cursor()
        cursor.execute("SET GLOBAL max_connections = 10")
        try:
            assert _answer(bench) is Answer.FULL
        finally:
            cursor.execute(f"SET GLOBAL max_connections = {most}")
    assert bench.asked(ENSURE) is Answer.DONE


def _fill(bench: Bench, table: str) -> None:
    columns = "(schema_name, cluster, namespace, name, state)"
    for number in range(10_000):
        values = f"('x-{number}', 'x', 'x', 'x-{number}', 'making')"
        bench.root(f"INSERT INTO {table} {columns} VALUES {values}")  # noqa: S608


@pytest.mark.integration
def test_a_server_with_no_room_left(bench: Bench) -> None:
    """By a table in memory that takes no more: the server's own refusal, wherever the room ends."""
    table = "`appinstance-ledger`.`databases`"
    assert bench.asked(Request(What.ENSURE, "acme", "first")) is Answer.DONE
    ((most,),) = bench.root("SELECT @@GLOBAL.max_heap_table_size")
    bench.root("SET GLOBAL max_heap_table_size = 16384")
    try:
        bench.root(f"ALTER TABLE {table} ENGINE=MEMORY")
        with pytest.raises(pymysql.OperationalError, match="is full"):
            _fill(bench, table)
        assert _answer(bench) is Answer.FULL
        assert bench.entries() == [bench.key("acme", "first")]
        assert bench.schemas() == [bench.identity("acme", "first").schema]
        bench.root(f"DELETE FROM {table} WHERE cluster = 'x'")  # noqa: S608
        assert bench.asked(ENSURE) is Answer.DONE
    finally:
        bench.root(f"SET GLOBAL max_heap_table_size = {most}")


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (pymysql.OperationalError(1040, "Too many connections"), Answer.FULL),
        (pymysql.OperationalError(1021, "Disk full"), Answer.FULL),
        (pymysql.OperationalError(1114, "The table is full"), Answer.FULL),
        (pymysql.InternalError(1007, 'Can\'t create (errno: 28 "No space left")'), Answer.FULL),
        (pymysql.OperationalError(1045, "Access denied"), Answer.REFUSED),
        (pymysql.OperationalError(1044, "Access denied to database"), Answer.WITHHELD),
        (pymysql.OperationalError(1227, "you need SUPER"), Answer.WITHHELD),
        (pymysql.OperationalError(2013, "Lost connection"), Answer.UNREACHABLE),
        (pymysql.OperationalError(1290, "read-only"), Answer.UNREACHABLE),
    ],
)
def test_what_the_server_says_has_an_answer(error: Exception, answer: Answer) -> None:
    assert server.answer_to(error) is answer


def test_a_statement_that_the_server_cannot_read_is_not_repeated() -> None:
    with pytest.raises(Failure) as caught, server.failures("set the password"):
        raise pymysql.ProgrammingError(1064, "syntax near 'IDENTIFIED BY planted-password'")
    assert "planted-password" not in str(caught.value)


@pytest.mark.integration
@pytest.mark.parametrize("call", ["describe_secret", "create_secret", "put_secret_value"])
@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "x"), Answer.ENTRIES_DENIED),
        (_FORBIDDEN, Answer.ENTRIES_DENIED),
        (ClientError({"Error": {"Code": "InternalServiceError"}}, "x"),
         Answer.ENTRIES_UNREACHABLE),
        (EndpointConnectionError(endpoint_url="https://x"), Answer.ENTRIES_UNREACHABLE),
    ],
)  # fmt: skip
def test_secrets_manager_that_refuses_or_is_silent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, call: str, error: Exception, answer: Answer
) -> None:
    if call == "put_secret_value":
        assert bench.asked(ENSURE) is Answer.DONE
    command = bench.command()
    client = command._entries._client

    def refuse(**_: object) -> None:
        raise error

    monkeypatch.setattr(client, call, refuse)
    with pytest.raises(Failure) as caught:
        command.answer(Request(What.ENSURE, "acme", "shop", "1"))
    assert caught.value.answer is answer
    monkeypatch.undo()
    assert bench.asked(Request(What.ENSURE, "acme", "shop", "1")) is Answer.DONE
    bench.as_instance().close()


@pytest.mark.integration
def test_one_that_fails_does_not_keep_the_sweep_from_the_others(bench: Bench) -> None:
    for name in ("a", "b", "c"):
        assert bench.asked(Request(What.ENSURE, "acme", name)) is Answer.DONE
    bench.root(f"DROP DATABASE `{bench.identity('acme', 'b').schema}`")
    held = bench.entry("acme", "c")
    bench.root(f"ALTER USER '{held['username']}'@'%' IDENTIFIED BY 'changed'")
    assert bench.command().sweep() is Answer.LOST
    bench.as_instance(held).close()


@pytest.mark.integration
def test_no_log_holds_a_password(bench: Bench, capfd: pytest.CaptureFixture[str]) -> None:
    for token in ("", "1", "2"):
        assert bench.asked(Request(What.ENSURE, "acme", "shop", token)) is Answer.DONE
    password = bench.entry()["password"]
    assert bench.command().databases() is Answer.DONE
    assert bench.asked(Request(What.DELETE, "acme", "shop")) is Answer.DONE
    said = "".join(capfd.readouterr())
    assert '"event": "database"' in said
    assert password not in said
    assert "administrators-own-7" not in said


def test_every_answer_has_a_word_and_a_sentence_of_its_own() -> None:
    assert len({answer.reason for answer in Answer}) == len(Answer)
    for answer in Answer:
        assert answer_of(int(answer)) is answer
        assert len(answer.sentence) > 20
    assert answer_of(1) is None
    assert answer_of(137) is None


@pytest.mark.parametrize(
    "request_",
    [
        Request(What.ENSURE, "acme", "shop"),
        Request(What.ENSURE, "acme", "shop", "2026-11-28"),
        Request(What.DELETE, "a", "b"),
    ],
)
def test_a_request_is_read_as_it_was_written(request_: Request) -> None:
    options = main._parser().parse_args(request_.arguments)
    assert main._request(options) == request_


@pytest.mark.parametrize(
    "parts",
    [
        ("acme/x", "shop", ""),
        ("acme", "--rotation=1", ""),
        ("", "shop", ""),
        ("acme", "shop", "a b"),
        ("acme", "shop", "$(x)"),
        ("acme", "shop", "x" * 65),
        ("Acme", "shop", ""),
        ("acme", "shop\n", ""),
    ],
)
def test_a_request_that_could_be_read_otherwise_is_none(parts: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match=r"is not the name|at most 64"):
        Request(What.ENSURE, *parts)
