"""The charts as they are published: packed with the addresses and digests of their images.

In the checkout they name the images of a local build; who installs a released chart has to get the
images that were built with it, and no others under the same tag.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from appinstance_local.errors import LocalError
from appinstance_local.paths import binary
from appinstance_local.shell import run

NAMES = ("appinstance", "appinstance-operator")
_LOCAL = "appinstance"
"""What the addresses of images built here begin with."""
_SPLIT = re.compile(
    rf"(?P<before>repository: ){_LOCAL}/(?P<image>[a-z]+)"
    r"(?P<between>\n(?:[ #].*\n)*? +digest: )\"\""
)
_WHOLE = re.compile(rf"(?P<before>image: ){_LOCAL}/(?P<image>[a-z]+):\S+")
_LEFT = re.compile(rf"^[^#\n]*(?:image|repository): {_LOCAL}/.*$", re.MULTILINE)


def pinned(values: str, images: Mapping[str, str]) -> str:
    """Return a chart's values with each of our images by address and digest (`host/name@sha256:…`).

    LocalError where an image is left that is named in another way, or was not published.
    """

    def address(match: re.Match[str]) -> tuple[str, str]:
        try:
            repository, _, digest = images[match["image"]].partition("@")
        except KeyError:
            raise LocalError(f"the chart names {match['image']}, which is not published") from None
        return repository, digest

    def split(match: re.Match[str]) -> str:
        repository, digest = address(match)
        return f'{match["before"]}{repository}{match["between"]}"{digest}"'

    def whole(match: re.Match[str]) -> str:
        return match["before"] + "@".join(address(match))

    done = _WHOLE.sub(whole, _SPLIT.sub(split, values))
    left = _LEFT.search(done)
    if left:
        raise LocalError(
            f"a chart would be published with an image of this machine: {left[0].strip()}; give it "
            "a digest beside its repository, or look anew in release/charts.py"
        )
    return done


def package(root: Path, name: str, version: str, images: Mapping[str, str], out: Path) -> Path:
    """Pack a chart with its images pinned and return the archive."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, name)
        shutil.copytree(root / "charts" / name, folder)
        values = folder / "values.yaml"
        values.write_text(pinned(values.read_text(), images))
        run([binary("helm"), "package", folder, "--destination", out])
    packed = out / f"{name}-{version}.tgz"
    if not packed.exists():
        raise LocalError(f"charts/{name} has another version than {version}; run `make version`")
    return packed
