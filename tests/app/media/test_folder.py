"""The local folder for pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from appinstance_app.media.folder import FolderMedia
from appinstance_app.media.protocol import MediaUnavailableError

if TYPE_CHECKING:
    from pathlib import Path


def test_pictures_come_and_go(tmp_path: Path) -> None:
    media = FolderMedia(tmp_path)
    media.check()
    assert media.get("avatars/a/b.webp") is None
    media.put("avatars/a/b.webp", b"picture", content_type="image/webp")
    assert media.get("avatars/a/b.webp") == b"picture"
    assert [key for key, _ in media.listed()] == ["avatars/a/b.webp"]
    media.delete("avatars/a/b.webp")
    media.delete("avatars/a/b.webp")
    assert media.get("avatars/a/b.webp") is None


@pytest.mark.parametrize("key", ["../outside", "a/../../outside", "/etc/passwd"])
def test_no_key_leads_out_of_the_folder(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="leads out"):
        FolderMedia(tmp_path / "media").get(key)


def test_a_place_that_can_not_be_used_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    media = FolderMedia(tmp_path / "file")
    with pytest.raises(MediaUnavailableError):
        media.check()
    with pytest.raises(MediaUnavailableError):
        media.put("a", b"", content_type="image/webp")
