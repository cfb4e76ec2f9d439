"""The file store's own promises: nothing half-written, one process at a time, private files."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appinstance_app.store.files import FileStore, FileStoreBusyError
from appinstance_app.store.protocol import StoreUnavailableError
from appinstance_app.store.records import User, new_id

ADA = User(new_id(), "ada@example.com", "Ada", datetime(2026, 5, 4, tzinfo=UTC))


def test_what_was_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    first = FileStore(tmp_path)
    first.add_user(ADA, "hash")
    first.close()
    second = FileStore(tmp_path)
    assert second.user(ADA.id) == ADA
    second.close()


def test_a_second_process_is_kept_away_with_a_sentence(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    with pytest.raises(FileStoreBusyError, match=r"Another process uses .* set APP_DATA_DIR"):
        FileStore(tmp_path)
    store.close()
    FileStore(tmp_path).close()


def test_a_write_that_fails_changes_neither_file_nor_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileStore(tmp_path)
    store.add_user(ADA, "hash")
    before = (tmp_path / "store.json").read_bytes()

    def full(_fd: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreUnavailableError):
        store.set_display_name(ADA.id, "Lady")
    assert (tmp_path / "store.json").read_bytes() == before
    assert store.user(ADA.id) == ADA
    assert {path.name for path in tmp_path.iterdir()} == {"store.json", "store.lock"}
    store.close()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 99}', '{"users": {}}'])
def test_a_file_that_is_no_store_is_left_alone(tmp_path: Path, content: str) -> None:
    (tmp_path / "store.json").write_text(content)
    with pytest.raises(FileStoreBusyError, match="move it away"):
        FileStore(tmp_path)
    assert (tmp_path / "store.json").read_text() == content


def test_others_on_the_machine_can_not_read_it(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "data")
    store.add_user(ADA, "hash")
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0
    assert (tmp_path / "data" / "store.json").stat().st_mode & 0o077 == 0
    assert json.loads((tmp_path / "data" / "store.json").read_text())["format"] == 1
    store.close()


def test_a_closed_store_is_not_ready(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.close()
    with pytest.raises(StoreUnavailableError):
        store.check()
