"""Pictures of the page for people: phone and desk, light and dark, kept under artifacts/."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app.frontend.conftest import Watched
    from playwright.sync_api import FilePayload

pytestmark = pytest.mark.integration

DEVICES: dict[str, dict[str, Any]] = {
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    "desk": {"viewport": {"width": 1280, "height": 800}},
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", DEVICES)
def test_the_page_is_pictured_in_each_state(
    opened: Callable[..., Watched],
    backend: object,
    artifacts: Path,
    account: dict[str, str],
    picture: FilePayload,
    device: str,
    scheme: str,
) -> None:
    view = opened(color_scheme=scheme, reduced_motion="reduce", **DEVICES[device])
    app, page = view.app, view.page
    taken: list[Path] = []

    def take(name: str) -> None:
        path = artifacts / f"{device}-{scheme}-{len(taken) + 1}-{name}.png"
        page.mouse.move(0, 0)
        page.screenshot(path=path, animations="disabled")
        taken.append(path)

    app.open()
    take("sign-in")
    app.try_sign_in(email="ada@example.com", password="wrong password")
    expect(app.by("sign-in-error")).not_to_be_empty()
    take("wrong-password")
    app.fill_sign_up(email="ada", password="short", name="")
    app.by("sign-up-submit").click()
    expect(page.locator("#sign-up-password-error")).not_to_be_empty()
    take("sign-up-mistakes")
    app.sign_up(**account)
    take("account")
    app.choose_picture(picture)
    expect(app.by("chosen")).to_be_visible()
    take("preview")
    app.save_picture()
    expect(app.by("picture-status")).not_to_be_empty()
    app.expect_avatar_drawn()
    take("saved")
    app.by("picture-remove").click()
    expect(app.by("remove-dialog")).to_be_visible()
    take("remove")

    for path in taken:
        with Image.open(path) as shot:
            colors = shot.convert("RGB").getcolors(maxcolors=2**24)
        assert colors
        assert len(colors) > 100, f"{path.name} shows next to nothing"
