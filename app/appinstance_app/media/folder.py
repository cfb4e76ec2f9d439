"""Pictures in a local folder, for development."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from .protocol import MediaUnavailableError


class FolderMedia:
    """See `protocol.MediaStore`."""

    def __init__(self, folder: Path) -> None:
        self._root = folder.resolve()

    def check(self) -> None:
        try:
            self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise MediaUnavailableError(f"The folder {self._root} can't be made.") from error

    def put(self, key: str, content: bytes, *, content_type: str) -> None:
        del content_type  # the name's ending says it
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).replace(path)
        except OSError as error:
            raise MediaUnavailableError("The picture can't be written.") from error

    def get(self, key: str) -> bytes | None:
        try:
            return self._path(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise MediaUnavailableError("The picture can't be read.") from error

    def delete(self, key: str) -> None:
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            raise MediaUnavailableError("The picture can't be deleted.") from error

    def _path(self, key: str) -> Path:
        path = (self._root / key).resolve()
        if not path.is_relative_to(self._root):
            raise ValueError("The key leads out of the folder.")
        return path
