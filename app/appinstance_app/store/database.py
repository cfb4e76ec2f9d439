"""Connections to MySQL: verified TLS or none at all, and patience at start.

PyMySQL given `ssl_ca=` alone verifies nothing, so it gets a context of ours: the CA that the
settings name, the server's name checked, TLS 1.2 or newer. With a context given, PyMySQL (1.2 on)
hangs up on a server that offers no TLS before it has sent anything about the password.
"""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING, Final

import structlog
from pymysql.constants import ER
from sqlalchemy import URL, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from appinstance_app.settings import DatabaseSettings

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 10
# Below MySQL's wait_timeout of 8 h, and no shorter: when the password is rotated, connections that
# are open stay good, and carry this process until pods with the new one have taken over.
_RECYCLE_SECONDS: Final = 4 * 3600
_POOL_WAIT_SECONDS: Final = 5
_MAX_PAUSE_SECONDS: Final = 5.0
# Trying again does not help against these. PyMySQL reports what the TLS handshake found as 2003.
_FINAL: Final = {
    ER.ACCESS_DENIED_ERROR: "the server refuses DB_USERNAME or DB_PASSWORD",
    ER.DBACCESS_DENIED_ERROR: "DB_USERNAME may not use the database DB_NAME",
    ER.BAD_DB_ERROR: "there is no database DB_NAME",
}
_CR_SSL_CONNECTION_ERROR: Final = 2026

_log = structlog.get_logger(__name__)


class DatabaseRefusedError(Exception):
    """The database can't be used; the message is the sentence to end with."""


def tls_context(ca_file: Path) -> ssl.SSLContext:
    """Trusts this CA only and demands the server's name. Raises DatabaseRefusedError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise DatabaseRefusedError(
            "DB_TLS_CA_FILE holds no CA certificate in PEM form; mount the database's CA there."
        ) from error
    if context.verify_mode is not ssl.CERT_REQUIRED or not context.check_hostname:
        raise DatabaseRefusedError(
            "This Python's TLS would not verify the database; it is not used."
        )
    return context


def engine_for(
    settings: DatabaseSettings, *, connections: int, read_seconds: int | None = READ_SECONDS
) -> Engine:
    """A pool that has connected to nothing yet. `connections`: the most that are open at a time.

    `read_seconds`: how long a statement may take; None for a migration, which takes what it takes.
    """
    if settings.db_tls_ca_file is None:
        raise DatabaseRefusedError("Set DB_TLS_CA_FILE: the app connects with verified TLS only.")
    url = URL.create(
        "mysql+pymysql",
        username=settings.db_username,
        password=settings.db_password.get_secret_value(),
        host=settings.db_host,
        port=settings.db_port,
        database=settings.db_name,
    )
    return create_engine(
        url,
        connect_args={
            "ssl": tls_context(settings.db_tls_ca_file),
            "charset": "utf8mb4",
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": read_seconds,
            "write_timeout": READ_SECONDS,
            # Nothing is cut off or made up silently, whatever the server's default is.
            "sql_mode": "TRADITIONAL",
            "local_infile": False,
        },
        # Each statement sees what others have committed; fewer gap locks, so fewer deadlocks.
        isolation_level="READ COMMITTED",
        pool_size=connections,
        max_overflow=0,
        pool_timeout=_POOL_WAIT_SECONDS,
        # A failover must not surface as somebody's failed request: what meets it is tried again
        # (`store.sql.base`). `pool_pre_ping` would ask before each statement.
        # Whoever takes a connection ends its transaction; a second ROLLBACK costs a round trip.
        pool_reset_on_return=None,
        pool_recycle=_RECYCLE_SECONDS,
        # The same few connections stay in use; the server may close the others.
        pool_use_lifo=True,
        # Errors would otherwise carry the statement's values: emails, hashes.
        hide_parameters=True,
    )


def wait_for_database(
    engine: Engine, *, timeout_seconds: float, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Returns once a query went through. Raises DatabaseRefusedError with the cause.

    A pod's first packets race its network policy and DNS, so what looks unreachable is tried again
    until the deadline; a certificate or a password that is wrong stays wrong and ends it at once.
    """
    deadline = time.monotonic() + timeout_seconds
    for pause in pauses():
        try:
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except DBAPIError as error:
            cause = final_cause(error)
            if cause:
                raise DatabaseRefusedError(f"The database is not used: {cause}.") from error
            if time.monotonic() + pause > deadline:
                raise DatabaseRefusedError(
                    f"The database did not answer within {timeout_seconds:g} s: {short(error)}. "
                    "Check DB_HOST and DB_PORT, DNS, and the network policy."
                ) from error
            _log.warning("database.waiting", cause=short(error), pause_seconds=round(pause, 2))
            sleep(pause)
        else:
            return


def pauses() -> Iterator[float]:
    """Seconds between attempts: 0.25, 0.5, 1, … up to a ceiling, without end."""
    pause = 0.25
    while True:
        yield pause
        pause = min(pause * 2, _MAX_PAUSE_SECONDS)


def final_cause(error: DBAPIError) -> str | None:
    """Why no further attempt can succeed, or None if one may."""
    original = getattr(error.orig, "original_exception", None)
    if isinstance(original, ssl.SSLCertVerificationError):
        return f"its certificate is not valid for DB_HOST under our CA ({original.verify_message})"
    code = error_code(error)
    if code == _CR_SSL_CONNECTION_ERROR:
        return "it offers no TLS"
    if isinstance(original, ssl.SSLError):
        return f"TLS with it failed ({original.reason})"
    return _FINAL.get(code) if code else None


def hung_up(error: DBAPIError) -> bool:
    """Whether the server closed the connection, and did not merely take too long."""
    took_too_long = isinstance(getattr(error.orig, "__context__", None), TimeoutError)
    return error.connection_invalidated and not took_too_long


def error_code(error: DBAPIError) -> int | None:
    """MySQL's number of the error."""
    arguments: tuple[object, ...] = getattr(error.orig, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else None


def short(error: DBAPIError) -> str:
    """The driver's own words: neither statement nor values."""
    kind = "OperationalError" if isinstance(error, OperationalError) else type(error).__name__
    arguments: tuple[object, ...] = getattr(error.orig, "args", ())
    return str(arguments[1]) if len(arguments) > 1 else kind
