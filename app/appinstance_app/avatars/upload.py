"""From a request to the bytes of its one file. The name that the client gives it is never used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from appinstance_app.problems import FieldError, Problem

from .schemas import ACCEPTED, FIELD, MAX_UPLOAD_BYTES

if TYPE_CHECKING:
    from starlette.requests import Request

_KINDS: Final = "PNG, JPEG or WebP"


async def uploaded_file(request: Request) -> bytes:
    """The file's content. Raises Problem: 413 too large, 415 wrong type, 422 not such a form."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise Problem(415, "Send the picture as multipart/form-data with one field named file.")
    try:
        async with request.form(max_files=1, max_fields=0) as form:
            fields = form.multi_items()
            file = fields[0][1] if len(fields) == 1 and fields[0][0] == FIELD else None
            if not isinstance(file, UploadFile):
                raise _malformed("The form must hold exactly one file, in the field named file.")
            return await _content(file)
    except Problem:
        raise
    except HTTPException as error:
        if error.status_code != 400:  # the body limit's 413
            raise
        raise _malformed("The form can't be read; it must hold exactly one file.") from None
    except (ValueError, KeyError, UnicodeError, LookupError):
        # What the parser says to a boundary, charset or header that makes no sense.
        raise _malformed("The form can't be read.") from None


async def _content(file: UploadFile) -> bytes:
    declared = (file.content_type or "").split(";")[0].strip().lower()
    if declared not in ACCEPTED:
        raise Problem(415, f"This kind of file is not accepted; send a {_KINDS} picture.")
    content = await file.read(MAX_UPLOAD_BYTES + 1)
    if len(content) > MAX_UPLOAD_BYTES:
        raise Problem(413, f"The picture may have at most {MAX_UPLOAD_BYTES // 1024**2} MB.")
    return content


def _malformed(sentence: str) -> Problem:
    return Problem(422, sentence, errors=[FieldError(field=FIELD, message=sentence)])
