"""The architecture pictures: no text leaves its box, in the widest of the usual fonts either.

Measured in Chromium by what it draws; a box is the smallest rectangle in which a text begins.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from appinstance_local.paths import REPO

pytestmark = pytest.mark.integration

_PICTURES = (
    REPO / "terraform" / "architecture.svg",
    REPO / "docs" / "architecture.svg",
    REPO / "docs" / "pictures" / "instance.svg",
)
_RECORDING = REPO / "docs" / "pictures" / "demo.svg"
# What the reader's system has, and what a renderer without it falls back to: DejaVu is wide.
_FONTS = ("", "DejaVu Sans")
_MEASURE = """font => {
  const svg = document.documentElement;
  if (font) svg.querySelectorAll('text').forEach(t => { t.style.fontFamily = font; });
  if (font) svg.setAttribute('font-family', font);
  const view = svg.viewBox.baseVal;
  const boxes = [...svg.querySelectorAll('rect')].map(r => r.getBBox());
  boxes.push({x: view.x, y: view.y, width: view.width, height: view.height});
  const inside = (b, x, y) => x >= b.x && x <= b.x + b.width && y >= b.y && y <= b.y + b.height;
  return [...svg.querySelectorAll('text')].map(t => {
    const own = t.getBBox();
    const at = [Number(t.getAttribute('x')), own.y + own.height / 2];
    const around = boxes.filter(b => inside(b, ...at));
    around.sort((a, b) => a.width * a.height - b.width * b.height);
    const box = around[0] ?? {x: 0, y: 0, width: 0, height: 0};
    const over = Math.max(box.x - own.x, own.x + own.width - box.x - box.width,
                          box.y - own.y, own.y + own.height - box.y - box.height);
    return {text: t.textContent, over: Math.round(over * 10) / 10};
  });
}"""


def _leaving(browser: Browser, picture: Path, font: str) -> list[dict[str, Any]]:
    """Return the texts that leave their box, with how far."""
    page = browser.new_page(viewport={"width": 1200, "height": 800})
    try:
        page.goto(picture.as_uri())
        found: list[dict[str, Any]] = page.evaluate(_MEASURE, font)
    finally:
        page.close()
    assert len(found) > 20, "the texts were not found"
    return [item for item in found if item["over"] > 0]


@pytest.mark.parametrize("font", _FONTS, ids=["system", "wide"])
@pytest.mark.parametrize("picture", [*_PICTURES, _RECORDING], ids=lambda path: path.parent.name)
def test_no_text_leaves_its_box(browser: Browser, picture: Path, font: str) -> None:
    assert _leaving(browser, picture, font) == []


@pytest.mark.parametrize("picture", _PICTURES, ids=lambda path: path.parent.name)
def test_a_text_that_leaves_its_box_is_found(
    browser: Browser, picture: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.svg"
    text = picture.read_text()
    last = text.rindex("</text>")
    wrong.write_text(f"{text[:last]}{' and more' * 40}{text[last:]}")
    assert len(_leaving(browser, wrong, "")) == 1
