"""What a person sees while long work runs: one line per part, with its time.

Lines only, no cursor movement, so a CI log and a terminal read the same.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_started = time.monotonic()
_HEARTBEAT_SECONDS = 30.0


def clock(seconds: float) -> str:
    """Return a duration as `m:ss`."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"


def say(text: str) -> None:
    """Print one line, stamped with the time since the command started."""
    print(f"[{clock(time.monotonic() - _started):>6}] {text}", flush=True)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Announce a part, say every half minute that it still runs, and say how long it took."""
    say(f"{text} …")
    start = time.monotonic()
    done = threading.Event()

    def heartbeat() -> None:
        while not done.wait(_HEARTBEAT_SECONDS):
            say(f"{text} … still running after {clock(time.monotonic() - start)}")

    thread = threading.Thread(target=heartbeat, daemon=True)
    thread.start()
    try:
        yield
    except BaseException:
        say(f"{text}: FAILED after {clock(time.monotonic() - start)}")
        raise
    else:
        say(f"{text}: done in {clock(time.monotonic() - start)}")
    finally:
        done.set()
        sys.stdout.flush()
