"""One JSON object per line on standard output, for our records and the libraries' alike.

Nothing secret gets in: no bodies, no query strings, no headers but the user agent, tracebacks
without local variables; and whatever is named like a secret is blanked, should it be passed anyway.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any, Final, TextIO

import structlog

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from structlog.typing import Processor

_SECRET_NAME: Final = re.compile(
    r"passw|secret|token|authori[sz]ation|cookie|credential|api_?key", re.IGNORECASE
)
# What these say at DEBUG includes requests with their headers and bodies.
_QUIET: Final = (
    "botocore",
    "boto3",
    "urllib3",
    "s3transfer",
    "multipart",
    "python_multipart",
    "PIL",
)


def configure_logging(level: str, stream: TextIO | None = None) -> None:
    """Once per process, by the command line. `stream`: standard output unless given."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(
            structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=30)
        ),
        without_secrets,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def without_secrets(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """The event with the value of every field that is named like a secret blanked."""
    for name in event:
        if _SECRET_NAME.search(name):
            event[name] = "[removed]"
    return event
