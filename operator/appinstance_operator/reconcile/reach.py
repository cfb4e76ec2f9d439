"""One HTTPS request to the load balancer's own address, where the settings allow it.

It is made in a thread of its own and never holds up a look. The certificate is verified for the
instance's host, no redirect is followed, and the body is not read.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import urllib3

from appinstance_operator.kube.cache import Key

from .checks import REACHABLE, Check

PORT = 443
_TIMEOUT = urllib3.Timeout(connect=5, read=10)
_THREADS = 4
AGAIN_SECONDS = 30.0
"""An address is often there before what is behind it: a bad answer is asked for again."""

Ask = Callable[[str, str], int]
"""Asks an address for a host and returns the HTTP status; raises urllib3's errors."""


def ask(address: str, host: str) -> int:
    """Return the status that the address answers for `https://<host>/`."""
    pool = urllib3.HTTPSConnectionPool(
        address, PORT, timeout=_TIMEOUT, retries=False, server_hostname=host, assert_hostname=host
    )
    try:
        response = pool.request(
            "GET", "/", headers={"Host": host}, redirect=False, preload_content=False
        )
        response.release_conn()
        return int(response.status)
    finally:
        pool.close()


class Reach:
    """What was answered, by instance; asked once for each host and address, or until it is fine."""

    def __init__(
        self,
        wake: Callable[[Key], None],
        ask: Ask = ask,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wake = wake
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._asked: dict[Key, tuple[str, str]] = {}
        self._answers: dict[Key, tuple[Check, float]] = {}
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="reach")

    def seen(self, key: Key, host: str, address: str) -> Check | None:
        """Return what was answered, None while it is asked for the first time."""
        with self._lock:
            known = self._asked.get(key) == (host, address)
            check, since = self._answers.get(key, (None, 0.0)) if known else (None, 0.0)
            old = check is not None and not check.ok and self._clock() >= since + AGAIN_SECONDS
            if known and not old:
                return check
            self._asked[key] = (host, address)
            if check is None:
                self._answers.pop(key, None)
            else:
                self._answers[key] = (check, self._clock())
        self._pool.submit(self._find_out, key, host, address)
        return check

    def forget(self, key: Key) -> None:
        """Drop what is known, so that it is asked anew."""
        with self._lock:
            self._asked.pop(key, None)
            self._answers.pop(key, None)

    def _find_out(self, key: Key, host: str, address: str) -> None:
        try:
            status = self._ask(address, host)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            words = f"https://{host} did not answer at {address}: {type(error).__name__}"
            check = Check(REACHABLE, "False", "NoAnswer", words)
        else:
            words = f"https://{host} answered {status} at {address}"
            fine = status < 500
            check = Check(
                REACHABLE,
                "True" if fine else "False",
                "Answered" if fine else "ServerError",
                words,
            )
        with self._lock:
            if self._asked.get(key) != (host, address):
                return
            self._answers[key] = (check, self._clock())
        self._wake(key)
