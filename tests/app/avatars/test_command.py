"""`appinstance-app pictures`: what is left, and what nobody knew of."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from app.processes import development, ended
from app.store.test_contract import NOW, user
from app.store.test_contract_pictures import claimed, shown

from appinstance_app.avatars.command import PicturesCommandError, run
from appinstance_app.avatars.outbox import object_key
from appinstance_app.media.folder import FolderMedia

if TYPE_CHECKING:
    from pathlib import Path

    from appinstance_app.store.protocol import Store

HOUR = timedelta(hours=1)


def name(number: int) -> str:
    return f"{number:048x}"


@pytest.fixture
def media(tmp_path: Path) -> FolderMedia:
    media = FolderMedia(tmp_path / "media")
    media.check()
    return media


def kept(media: FolderMedia, key: str, *, age: timedelta = 2 * HOUR) -> None:
    media.put(key, b"picture", content_type="image/webp")
    made = (NOW - age).timestamp()
    os.utime(media._path(key), (made, made))


def test_it_says_what_is_left_and_since_when(store: Store, media: FolderMedia) -> None:
    assert run([], store, media, now=NOW) == "No old picture is left to be deleted."
    ada = user()
    store.add_user(ada, "hash")
    for number in range(3):
        shown(store, ada.id, name(number), now=NOW + number * HOUR)
    told = run([], store, media, now=NOW + 9 * HOUR)
    assert "to be deleted: 2, the oldest since 2026-05-04 13:30 UTC" in told


def test_what_nobody_points_to_is_found_and_nothing_else(store: Store, media: FolderMedia) -> None:
    ada = user()
    store.add_user(ada, "hash")
    shown(store, ada.id, name(1), now=NOW - HOUR)
    for number in (1, 2):
        kept(media, object_key(ada.id, name(number)))
    kept(media, object_key("e" * 32, name(3)))  # its account is gone
    kept(media, object_key(ada.id, name(4)), age=HOUR / 2)  # may be on its way
    kept(media, "avatars/readme.txt")
    kept(media, "else/" + object_key(ada.id, name(5)))
    told = run(["find"], store, media, now=NOW)
    assert told.startswith("Looked through all objects; nobody's picture: 2. Old")
    assert "left to be deleted: 2," in told
    assert {one.name for one in claimed(store)} == {name(2), name(3)}
    current = store.user(ada.id)
    assert current
    assert current.avatar_name == name(1)


@pytest.mark.parametrize("words", [["delete"], ["find", "more"]])
def test_what_can_not_be_done_is_said(store: Store, media: FolderMedia, words: list[str]) -> None:
    with pytest.raises(PicturesCommandError, match="Say what to do"):
        run(words, store, media, now=NOW)


def test_the_command_says_it_or_why_not(tmp_path: Path) -> None:
    variables = development(APP_DATA_DIR=tmp_path / "data")
    assert ended(variables, tmp_path, "pictures", "find") == (0, "")
    sentence = "appinstance-app: Say what to do: pictures | pictures find."
    assert ended(variables, tmp_path, "pictures", "now") == (1, sentence)
