"""From a request to its one file. The name that the client gives it is never used.

A body is taken only when there is a place for it: so many at a time, of one person and of one
address only a few, and each within a deadline (`middleware.body_limit`). So what lies on the disk
is bounded, and nobody keeps others out with uploads that never end.
"""

from __future__ import annotations

from collections import Counter
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from appinstance_app.client_address import limit_key
from appinstance_app.problems import FieldError, Kind, Problem
from appinstance_app.workers import Bounded

from .schemas import ACCEPTED, FIELD, MAX_UPLOAD_BYTES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from typing import BinaryIO

    from starlette.requests import Request

# Bodies that are being taken in lie in /tmp: 16 of 5 MiB fit into the pod's 128 MiB.
AT_ONCE: Final = 16
PER_USER: Final = 2
PER_ADDRESS: Final = 8
_KINDS: Final = "PNG, JPEG or WebP"
_RETRY_SECONDS: Final = 5


class Uploads:
    """The places for bodies on their way in."""

    def __init__(self) -> None:
        self._places = Bounded("uploads", AT_ONCE, waiting=0)
        self._under_way: Counter[str] = Counter()

    @asynccontextmanager
    async def file(self, request: Request, user_id: str) -> AsyncIterator[BinaryIO]:
        """The request's file, whole, as long as the context lasts.

        Raises Busy, and Problem: 413 too large, 415 wrong type, 422 no such form, 429 too many at
        a time.
        """
        address = limit_key(request.state.client_address)
        with self._one_of(f"user {user_id}", PER_USER), self._one_of(address, PER_ADDRESS):
            async with self._places.turn():
                form = await _form(request)
                try:
                    yield _file(form.multi_items())
                finally:
                    await form.close()

    @contextmanager
    def _one_of(self, whose: str, most: int) -> Iterator[None]:
        """Counted before a byte of the body is read."""
        if self._under_way[whose] >= most:
            raise Problem(
                429,
                "Other pictures of yours are on their way; wait until they have come in.",
                headers={"Retry-After": str(_RETRY_SECONDS), "Connection": "close"},
                kind=Kind.TOO_MANY,
            )
        self._under_way[whose] += 1
        try:
            yield
        finally:
            self._under_way[whose] -= 1
            if not self._under_way[whose]:
                del self._under_way[whose]


async def _form(request: Request) -> FormData:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise Problem(415, "Send the picture as multipart/form-data with one field named file.")
    try:
        return await request.form(max_files=1, max_fields=0)
    except HTTPException as error:
        if error.status_code != 400:  # the body limit's 408 and 413
            raise
        raise _malformed("The form can't be read; it must hold exactly one file.") from None
    except (ValueError, KeyError, UnicodeError, LookupError):
        # What the parser says to a boundary, charset or header that makes no sense.
        raise _malformed("The form can't be read.") from None


def _file(fields: list[tuple[str, UploadFile | str]]) -> BinaryIO:
    file = fields[0][1] if len(fields) == 1 and fields[0][0] == FIELD else None
    if not isinstance(file, UploadFile):
        raise _malformed("The form must hold exactly one file, in the field named file.")
    declared = (file.content_type or "").split(";")[0].strip().lower()
    if declared not in ACCEPTED:
        raise Problem(415, f"This kind of file is not accepted; send a {_KINDS} picture.")
    if (file.size or 0) > MAX_UPLOAD_BYTES:
        raise Problem(413, f"The picture may have at most {MAX_UPLOAD_BYTES // 1024**2} MB.")
    return file.file


def _malformed(sentence: str) -> Problem:
    return Problem(422, sentence, errors=[FieldError(field=FIELD, message=sentence)])
