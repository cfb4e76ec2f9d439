"""The one exception that ends a command with a sentence instead of a traceback."""

from __future__ import annotations


class LocalError(Exception):
    """Something a person can act on; the message is one sentence that says what to do."""
