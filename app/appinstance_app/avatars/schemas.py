"""The upload's form, for the API's description; `upload.uploaded_file` reads it."""

from __future__ import annotations

from typing import Any, Final

MAX_UPLOAD_BYTES: Final = 5 * 1024 * 1024
# The boundary lines and part headers around one file; a long file name fits.
FORM_OVERHEAD_BYTES: Final = 8 * 1024
# The largest picture over a slow mobile line (1 Mbit/s) takes 42 s.
UPLOAD_SECONDS: Final = 60.0
FIELD: Final = "file"
ACCEPTED: Final = ("image/png", "image/jpeg", "image/webp")

UPLOAD_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": [FIELD],
                "additionalProperties": False,
                "properties": {FIELD: {"type": "string", "format": "binary"}},
            },
            "encoding": {FIELD: {"contentType": ", ".join(ACCEPTED)}},
        }
    },
}
