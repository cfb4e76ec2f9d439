"""`appinstance-app serve`, `migrate`, `users` and `pictures`.

Whatever keeps them from their work ends as one sentence, the last line on standard error, which is
what a container's status shows. Exit code 78: trying again can't help (the settings, or a migration
that the database's content or rules refuse); 143, 130: ended by a signal before its work was done;
1: anything else.
"""

from __future__ import annotations

import argparse
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import structlog

from . import server
from .application import create_app, media_for, store_for
from .auth.tokens import utc_now
from .avatars import command as pictures
from .logs import configure_logging
from .media.protocol import MediaUnavailableError
from .media.s3 import S3Media, wait_for_media
from .migrations.runner import (
    MigrationFailedError,
    MigrationLockedError,
    MigrationRefusedError,
    migrate,
)
from .settings import SettingsError, load_database_settings, load_settings
from .store.database import DatabaseRefusedError, engine_for, wait_for_database
from .store.files import FileStoreBusyError
from .store.protocol import StoreUnavailableError
from .users import command as users

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from .settings import Settings
    from .store.protocol import Store

FINAL: Final = 78  # EX_CONFIG of sysexits.h; the operator does not try again
_log = structlog.get_logger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """The entry point; returns the exit code."""
    parser = argparse.ArgumentParser(prog="appinstance-app", description=__doc__)
    parser.add_argument(
        "command",
        nargs="?",
        default="serve",
        choices=("serve", "migrate", "users", "pictures"),
        help="serve: run the app (default); migrate: bring the database's schema up to date; "
        "users: shut, open or unlock an account; pictures: what is left of old ones",
    )
    parser.add_argument("words", nargs="*", help=f"{users.USAGE} | {pictures.USAGE}")
    options = parser.parse_args(arguments)
    command = options.command
    if options.words and command not in ("users", "pictures"):
        parser.error(f"{command} takes no further words")
    # As PID 1 of a container a process without a handler would not hear them at all.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        if command == "migrate":
            _migrate()
        elif command == "users":
            _users(options.words)
        elif command == "pictures":
            _pictures(options.words)
        else:
            _serve()
    except SettingsError as error:
        return _refusal(str(error), FINAL)
    except _Ended as ended:
        return _refusal(
            f"Ended by {ended.signal.name} before its work was done.", 128 + ended.signal
        )
    except MigrationRefusedError as error:
        return _refusal(str(error), FINAL)
    except (
        DatabaseRefusedError,
        FileStoreBusyError,
        MediaUnavailableError,
        MigrationFailedError,
        MigrationLockedError,
        StoreUnavailableError,
        pictures.PicturesCommandError,
        users.UsersCommandError,
    ) as error:
        return _refusal(str(error), 1)
    return 0


def _serve() -> None:
    settings = load_settings()
    configure_logging(settings.log_level)
    if not settings.use_file_storage:
        engine = engine_for(settings, connections=1)
        try:
            wait_for_database(engine, timeout_seconds=settings.start_timeout_seconds)
        finally:
            engine.dispose()
    media = media_for(settings)
    if isinstance(media, S3Media):
        wait_for_media(media, timeout_seconds=settings.start_timeout_seconds)
    app = create_app(settings, store=store_for(settings), media=media)
    _log.info("start", port=settings.port, environment=settings.environment.value)
    server.run(app)


def _users(words: Sequence[str]) -> None:
    with _opened() as (settings, store):
        sys.stdout.write(f"{users.run(words, store, settings)}\n")


def _pictures(words: Sequence[str]) -> None:
    with _opened() as (settings, store):
        told = pictures.run(words, store, media_for(settings), now=utc_now())
        sys.stdout.write(f"{told}\n")


@contextmanager
def _opened() -> Iterator[tuple[Settings, Store]]:
    settings = load_settings()
    configure_logging(settings.log_level)
    store = store_for(settings)
    try:
        yield settings, store
    finally:
        store.close()


def _migrate() -> None:
    settings = load_database_settings()
    configure_logging(settings.log_level)
    if settings.use_file_storage:
        _log.info("migration.none", cause="the file store has no schema")
        return
    waiting = engine_for(settings, connections=1)
    try:
        wait_for_database(waiting, timeout_seconds=settings.start_timeout_seconds)
    finally:
        waiting.dispose()
    before, after = migrate(engine_for(settings, connections=1, read_seconds=None))
    _log.info("migration.done", before=before, after=after)


def _refusal(sentence: str, code: int) -> int:
    sys.stderr.write(f"appinstance-app: {sentence}\n")
    return code


class _Ended(SystemExit):
    """A signal said so; the code is the one that shells give it."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.signal = signal.Signals(number)


def _end(number: int, _frame: FrameType | None) -> None:
    raise _Ended(number)
