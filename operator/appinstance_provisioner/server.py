"""The database server: verified TLS or nothing, and what went wrong in words without a statement.

PyMySQL given a context of ours hangs up on a server without TLS before anything of the password is
sent (1.2 on; the app's store/database.py has the same, and a test).
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Self

import pymysql
from pymysql.constants import ER

from appinstance_operator.api.request import Answer

from .failures import Failure

CONNECT_SECONDS: Final = 5
_READ_SECONDS: Final = 120
_LOCK_SECONDS: Final = 60
_ATTEMPTS: Final = 8
_SSL_CONNECTION_ERROR: Final = 2026
_DISK_FULL: Final = (ER.DISK_FULL, ER.RECORD_FILE_FULL, 1026, 3019)
_CONNECTIONS_FULL: Final = (ER.CON_COUNT_ERROR, ER.TOO_MANY_USER_CONNECTIONS, 1226)
_RIGHTS: Final = (
    ER.SPECIFIC_ACCESS_DENIED_ERROR,
    ER.DBACCESS_DENIED_ERROR,
    ER.TABLEACCESS_DENIED_ERROR,
    ER.COLUMNACCESS_DENIED_ERROR,
    ER.KILL_DENIED_ERROR,
    1410,  # not allowed to create a user with GRANT
)


@dataclass(frozen=True)
class Place:
    """Where the server is, and the authority of its certificate (PEM)."""

    host: str
    port: int
    authority: str

    def context(self) -> ssl.SSLContext:
        """Return what a connection is verified by: this authority alone, and the host's name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(cadata=self.authority)
        return context


def connection(
    place: Place, user: str, password: str, schema: str | None = None
) -> pymysql.Connection[Any]:
    """Return an open connection. Raises Failure."""
    with failures(f"log in as {user}", refused=Answer.REFUSED):
        opened = pymysql.connect(
            host=place.host,
            port=place.port,
            user=user,
            password=password,
            database=schema,
            ssl=place.context(),
            charset="utf8mb4",
            connect_timeout=CONNECT_SECONDS,
            # Of the handshake: a server that takes the connection and then is silent is down.
            read_timeout=2 * CONNECT_SECONDS,
            write_timeout=_READ_SECONDS,
            autocommit=True,
            local_infile=False,
            sql_mode="TRADITIONAL",
        )
        # A statement may take longer; the driver has one time for both, and no other way to set it.
        silence: Any = opened
        silence._read_timeout = _READ_SECONDS  # noqa: SLF001
        return opened


@contextmanager
def failures(doing: str, refused: Answer = Answer.WITHHELD) -> Iterator[None]:
    """Turn the driver's errors into a Failure; other errors pass.

    `refused` is what error 1045 means: the login at first, later a right that is missing.
    """
    try:
        yield
    except (pymysql.MySQLError, OSError) as error:
        answer = answer_to(error, refused)
        raise Failure(answer, f"cannot {doing}: {_words(error)}") from None


def answer_to(error: Exception, refused: Answer = Answer.REFUSED) -> Answer:
    """Return what the driver's error means for the request."""
    original = getattr(error, "original_exception", None)
    code = _code(error)
    if isinstance(original, ssl.SSLError) or code == _SSL_CONNECTION_ERROR:
        return Answer.NO_TLS
    if code == ER.ACCESS_DENIED_ERROR:
        return refused
    if code in _CONNECTIONS_FULL or code in _DISK_FULL or _says_no_space(error):
        return Answer.FULL
    if code in _RIGHTS:
        return Answer.WITHHELD
    return Answer.UNREACHABLE


def _says_no_space(error: Exception) -> bool:
    """Return whether the operating system below the server had no room (errno 28)."""
    return "errno: 28" in str(error)


def _code(error: Exception) -> int:
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0


def _words(error: Exception) -> str:
    """Return the driver's number and, where they hold no statement, its words."""
    code = _code(error)
    if code == ER.PARSE_ERROR:  # quotes what it could not read, which may be a password
        return f"error {code}"
    return f"error {code}: {str(error.args[-1])[:200] if error.args else type(error).__name__}"


class Administrator:
    """The administrator's connection, and the little of SQL that all of this needs."""

    def __init__(self, place: Place, user: str, password: str) -> None:
        self._place = place
        self._user = user
        self._password = password
        self._open: pymysql.Connection[Any] | None = None

    def __enter__(self) -> Self:
        """Connect; a pod's first packets race its policy and DNS, so silence is borne a while."""
        for attempt in range(_ATTEMPTS):
            try:
                self._open = connection(self._place, self._user, self._password)
            except Failure as failure:
                if failure.answer is not Answer.UNREACHABLE or attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(min(0.25 * 2**attempt, 5.0))
            else:
                break
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up."""
        if self._open is not None and self._open.open:
            self._open.close()

    def run(self, doing: str, statement: str, values: Sequence[object] = ()) -> int:
        """Run a statement; return how many rows it touched. Raises Failure, which says `doing`."""
        with failures(doing), self._connection.cursor() as cursor:
            return int(cursor.execute(statement, values or None))

    def rows(
        self, doing: str, statement: str, values: Sequence[object] = ()
    ) -> list[dict[str, Any]]:
        """Return what a query finds."""
        with (
            failures(doing),
            self._connection.cursor(pymysql.cursors.DictCursor) as cursor,
        ):
            cursor.execute(statement, values or None)
            return list(cursor.fetchall())

    @contextmanager
    def alone(self, lock: str) -> Iterator[None]:
        """Hold a lock of the server's while at work: two Jobs of one instance take turns."""
        got = self.rows("take the lock", "SELECT GET_LOCK(%s, %s) AS got", (lock, _LOCK_SECONDS))
        if got[0]["got"] != 1:
            raise Failure(Answer.BUSY, "another Job works on this instance")
        try:
            yield
        finally:
            if self._connection.open:
                self.rows("give the lock back", "SELECT RELEASE_LOCK(%s) AS given", (lock,))

    @property
    def _connection(self) -> pymysql.Connection[Any]:
        if self._open is None:
            raise Failure(Answer.UNREACHABLE, "not connected")
        return self._open


def may_log_in(place: Place, user: str, password: str, schema: str) -> bool:
    """Return whether user and password open the schema. Raises Failure where nobody answers."""
    try:
        connection(place, user, password, schema).close()
    except Failure as failure:
        if failure.answer in (Answer.REFUSED, Answer.WITHHELD):
            return False
        if failure.answer is Answer.FULL:
            return True  # the password was right, and its connections are all in use
        raise
    return True
