"""The upload's form, for the API's description; `upload.uploaded_file` reads it."""

from __future__ import annotations

from typing import Any, Final

MAX_UPLOAD_BYTES: Final = 5 * 1024 * 1024
# The boundary lines and part headers around one file; a long file name fits.
FORM_OVERHEAD_BYTES: Final = 8 * 1024
FIELD: Final = "file"
ACCEPTED: Final = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}

UPLOAD_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": [FIELD],
                "properties": {FIELD: {"type": "string", "format": "binary"}},
            },
            "encoding": {FIELD: {"contentType": ", ".join(ACCEPTED)}},
        }
    },
}
