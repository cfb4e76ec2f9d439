"""The page repeats some of the server's rules; it must not drift from them."""

from __future__ import annotations

import re

from app.frontend.servers import SITE

from appinstance_app.avatars.decoding import SIDE
from appinstance_app.avatars.schemas import ACCEPTED, MAX_UPLOAD_BYTES
from appinstance_app.fields import NAME_MAX_LENGTH, PASSWORD_MIN_LENGTH
from appinstance_app.store.records import Event

LIMITS = (SITE / "scripts" / "limits.js").read_text()


def number_in_page(name: str) -> int:
    """A constant of limits.js: a number or a product of numbers."""
    match = re.search(rf"export const {name} = ([\d* ]+);", LIMITS)
    assert match, f"limits.js has no number {name}"
    product = 1
    for factor in match[1].split("*"):
        product *= int(factor)
    return product


def test_lengths_and_sizes_are_those_of_the_server() -> None:
    assert number_in_page("PASSWORD_MIN_LENGTH") == PASSWORD_MIN_LENGTH
    assert number_in_page("NAME_MAX_LENGTH") == NAME_MAX_LENGTH
    assert number_in_page("PICTURE_MAX_BYTES") == MAX_UPLOAD_BYTES
    assert number_in_page("PICTURE_SIDE") == SIDE


def test_the_kinds_of_pictures_are_those_of_the_server() -> None:
    assert set(re.findall(r'"(image/[a-z]+)":', LIMITS)) == set(ACCEPTED)


def test_each_kind_of_activity_has_words() -> None:
    script = (SITE / "scripts" / "account" / "activity.js").read_text()
    assert set(re.findall(r'^  "([a-z-]+)":', script, re.MULTILINE)) >= set(Event)
