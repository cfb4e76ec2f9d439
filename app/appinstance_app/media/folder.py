"""Pictures in a local folder, for development."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from .protocol import MediaUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator


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

    def listed(self) -> Iterator[tuple[str, datetime]]:
        try:
            for path in sorted(self._root.rglob("[!.]*")):
                if path.is_file():
                    made = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                    yield path.relative_to(self._root).as_posix(), made
        except OSError as error:
            raise MediaUnavailableError("The pictures can't be listed.") from error

    def _path(self, key: str) -> Path:
        path = (self._root / key).resolve()
        if not path.is_relative_to(self._root):
            raise ValueError("The key leads out of the folder.")
        return path
