"""The picture before it is sent: cut, made small, and how far it has got."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import httpx
import pytest
from app.frontend.conftest import as_file, landscape
from PIL import Image
from playwright.sync_api import expect

if TYPE_CHECKING:
    from app.frontend.conftest import Watched
    from playwright.sync_api import FilePayload, Locator

pytestmark = pytest.mark.integration

Account = dict[str, str]

# Keeps what each upload carries: its kind, its size in bytes and its sides.
WATCH_UPLOADS = """() => {
    window.sent = [];
    const send = XMLHttpRequest.prototype.send;
    XMLHttpRequest.prototype.send = function (form) {
        const file = form.get("file");
        createImageBitmap(file).then(({ width, height }) =>
            window.sent.push({ type: file.type, size: file.size, width, height }));
        send.call(this, form);
    };
}"""
RED, GREEN, BLUE = (200, 30, 30), (30, 160, 60), (30, 60, 200)


def noise(size: tuple[int, int]) -> Image.Image:
    """A picture that no format makes small."""
    return Image.effect_noise(size, 90).convert("RGB")


def stripes(name: str = "stripes.png", **options: object) -> FilePayload:
    """Three squares beside each other: red, green, blue."""
    picture = Image.new("RGB", (900, 300))
    for index, colour in enumerate((RED, GREEN, BLUE)):
        picture.paste(colour, (300 * index, 0, 300 * index + 300, 300))
    return as_file(picture, name, **options)


def middle_of(canvas: Locator) -> tuple[int, ...]:
    """The colour in the middle of what is shown."""
    return tuple(
        canvas.evaluate(
            """canvas => [...canvas.getContext("2d")
                .getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data.slice(0, 3)]"""
        )
    )


def sent(view: Watched) -> list[dict[str, object]]:
    """What the uploads since WATCH_UPLOADS have carried."""
    return list(view.page.wait_for_function("() => window.sent.length && window.sent").json_value())


@pytest.mark.parametrize(
    ("name", "options", "type_"),
    [("large.png", {}, "image/webp"), ("large.jpg", {"quality": 100}, "image/jpeg")],
)
def test_a_picture_larger_than_the_server_takes_is_made_small_before_it_is_sent(
    site: Watched, account: Account, name: str, options: dict[str, object], type_: str
) -> None:
    app = site.app
    file = as_file(noise((2600, 2300)), name, **options)
    assert len(file["buffer"]) > 5 * 1024 * 1024
    app.sign_up(**account)
    site.page.evaluate(WATCH_UPLOADS)
    app.upload_avatar(file)
    (upload,) = sent(site)
    assert (upload["type"], upload["width"], upload["height"]) == (type_, 512, 512)
    assert int(str(upload["size"])) < 1024 * 1024
    assert site.violations == []


def test_a_small_picture_is_not_blown_up(site: Watched, account: Account) -> None:
    app = site.app
    app.sign_up(**account)
    site.page.evaluate(WATCH_UPLOADS)
    app.upload_avatar(as_file(landscape(size=120)))
    assert (sent(site)[0]["width"], sent(site)[0]["height"]) == (120, 120)


def test_a_photo_is_upright_however_the_camera_was_held(site: Watched, account: Account) -> None:
    """Orientation 6: the stripes lie, and the person sees them stand."""
    exif = Image.Exif()
    exif[0x0112] = 6
    app = site.app
    app.sign_up(**account)
    app.choose_picture(stripes("photo.jpg", exif=exif, quality=95))
    expect(app.by("chosen-size")).to_contain_text("300\xa0×\xa0900")


def test_what_is_shown_is_what_is_saved(site: Watched, account: Account) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    app.choose_picture(stripes())
    preview, stage = app.by("picture-preview"), app.by("picture-stage")
    expect(app.by("chosen")).to_be_visible()
    assert middle_of(preview) == GREEN

    stage.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    assert middle_of(preview) == BLUE
    box = stage.bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    for _ in range(3):
        page.mouse.move(box["x"] + 5, y)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] - 5, y, steps=3)
        page.mouse.up()
    assert middle_of(preview) == RED

    app.save_picture()
    expect(app.by("picture-status")).to_have_text("Your new picture is saved.")
    saved = httpx.get(app.origin + app.expect_avatar_drawn(), timeout=60)
    with Image.open(io.BytesIO(saved.content)) as picture:
        colours = picture.convert("RGB").resize((1, 1)).getpixel((0, 0))
    assert isinstance(colours, tuple)
    assert max(abs(one - other) for one, other in zip(colours, RED, strict=True)) < 12


def test_the_picture_is_zoomed_by_slider_and_keys(site: Watched, account: Account) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    app.choose_picture(as_file(landscape(size=800)))
    zoom = app.by("picture-zoom")
    expect(app.by("chosen")).to_be_visible()
    page.evaluate(WATCH_UPLOADS)
    app.by("picture-stage").focus()
    for _ in range(3):
        page.keyboard.press("+")
    expect(zoom).to_have_value("1.3")
    page.keyboard.press("-")
    expect(zoom).to_have_value("1.2")
    zoom.fill("4")
    app.save_picture()
    expect(app.by("picture-status")).to_have_text("Your new picture is saved.")
    assert sent(site)[0]["width"] == 200


def test_how_far_an_upload_has_got_is_shown(site: Watched, account: Account) -> None:
    """Over a slow line: the browser itself slows the upload down until half-way has been seen."""
    app, page = site.app, site.page
    app.sign_up(**account)
    app.choose_picture(as_file(noise((700, 700))))
    expect(app.by("chosen")).to_be_visible()
    expect(app.by("picture-progress")).to_be_hidden()
    line = page.context.new_cdp_session(page)
    conditions = {"offline": False, "latency": 0, "downloadThroughput": -1}
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", {**conditions, "uploadThroughput": 30_000})
    app.save_picture()
    expect(app.by("picture-progress")).to_be_visible()
    page.wait_for_function(
        """() => {
            const bar = document.getElementById("picture-sent");
            return bar.value > 0 && bar.value < 1;
        }"""
    )
    line.send("Network.emulateNetworkConditions", {**conditions, "uploadThroughput": -1})
    expect(app.by("picture-status")).to_have_text("Your new picture is saved.")
    expect(app.by("picture-progress")).to_be_hidden()


def test_a_choice_overtaken_by_another_does_not_show(
    site: Watched, account: Account, picture: FilePayload, other_picture: FilePayload
) -> None:
    """The first is still being opened when the second is chosen."""
    app, page = site.app, site.page
    app.sign_up(**account)
    page.evaluate(
        """() => {
            const real = window.createImageBitmap;
            window.createImageBitmap = async (...given) => {
                const bitmap = await real(...given);
                if (!window.letGo) await new Promise(resolve => { window.letGo = resolve; });
                return bitmap;
            };
        }"""
    )
    app.choose_picture(picture)
    page.wait_for_function("() => Boolean(window.letGo)")
    app.choose_picture(other_picture)
    expect(app.by("chosen-name")).to_have_text("lake.jpg")
    page.evaluate("letGo()")
    page.evaluate("() => new Promise(requestAnimationFrame)")
    expect(app.by("chosen-name")).to_have_text("lake.jpg")
