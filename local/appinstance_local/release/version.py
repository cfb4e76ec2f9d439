"""The one version: it stands in the root's pyproject.toml, and `make version` writes it elsewhere.

Two kinds of other places. Some must have it, each found by its own pattern: a test compares them.
In others it may be mentioned (documents, what the charts render): there each mention goes along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appinstance_local.errors import LocalError

_FORM = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_ANY = r"(?P<version>\d+\.\d+\.\d+)"


@dataclass(frozen=True)
class Place:
    """A file that has the version, where in it, and how often."""

    file: str
    pattern: str
    times: int = 1

    def versions(self, root: Path) -> list[str]:
        """Return the versions that stand there."""
        return [match["version"] for match in self._matches(root)]

    def write(self, root: Path, version: str) -> None:
        """Write a version; LocalError where the file no longer has the place."""
        matches = self._matches(root)
        if len(matches) != self.times:
            raise LocalError(
                f"{self.file} has its version {len(matches)} times and not {self.times}; look anew "
                "in local/appinstance_local/release/version.py"
            )
        text = (root / self.file).read_text()
        for match in reversed(matches):
            text = text[: match.start("version")] + version + text[match.end("version") :]
        (root / self.file).write_text(text)

    def _matches(self, root: Path) -> list[re.Match[str]]:
        return list(re.finditer(self.pattern, (root / self.file).read_text(), re.MULTILINE))


_SOURCE = Place("pyproject.toml", rf'^\[project\]\nname = .*\nversion = "{_ANY}"$')
PLACES = (
    _SOURCE,
    *(
        Place(f"{folder}/pyproject.toml", rf'^\[project\]\nname = .*\nversion = "{_ANY}"$')
        for folder in ("app", "operator", "local")
    ),
    Place("uv.lock", rf'^name = "appinstance-\w+"\nversion = "{_ANY}"$', times=4),
    *(
        Place(f"charts/{chart}/Chart.yaml", rf'^(?:appVersion|version): "?{_ANY}"?$', times=2)
        for chart in ("appinstance", "appinstance-operator")
    ),
    Place("charts/appinstance/values.yaml", rf"image: appinstance/operator:{_ANY}$"),
    # A folder's chart is installed only under the version that it has.
    Place(
        "terraform/platform/variables.tf",
        rf'"\.\./\.\./charts/appinstance-operator"\)\n\s+version\s+= optional\(string, "{_ANY}"\)',
    ),
    Place(
        "terraform/modules/addons/tests/terraform.tfvars",
        rf'charts/appinstance-operator", version = "{_ANY}"',
    ),
    Place("terraform/examples/minimal/main.tf", rf"\?ref=v{_ANY}"),
)

_MENTIONS = (
    "README.md",
    "SECURITY.md",
    "charts/*/README.md",
    "charts/README.md",
    "docs/**/*.md",
    "manifests/operator/*.yaml",
    "operator/README.md",
    "terraform/**/README.md",
    "tests/charts/golden/*.yaml",
)
_RECORDS = "docs/adr/"
"""Decisions say what was so on their day."""


def current(root: Path) -> str:
    """Return the version of a checkout; LocalError where the one source has none."""
    found = _SOURCE.versions(root)
    if len(found) != 1:
        raise LocalError("pyproject.toml has no version under [project]; write one such as 1.2.3")
    return found[0]


def differing(root: Path) -> list[str]:
    """Return a sentence for each place that does not say what the source says."""
    version = current(root)
    return [
        f"{place.file} has {found or 'no version'} and not {version}"
        for place in PLACES
        if (found := place.versions(root)) != [version] * place.times
    ]


def mentioned(version: str) -> re.Pattern[str]:
    """Return the pattern of a mention: the version, and not a part of a longer number."""
    return re.compile(rf"(?<![\d.]){re.escape(version)}(?![\d]|\.\d)")


def _mentioning(root: Path) -> Iterator[Path]:
    for glob in _MENTIONS:
        for path in sorted(root.glob(glob)):
            if not path.relative_to(root).as_posix().startswith(_RECORDS):
                yield path


def write(root: Path, version: str) -> None:
    """Write a version everywhere; LocalError unless it is one and higher than the current one."""
    old = current(root)
    if not _FORM.fullmatch(version):
        raise LocalError(f"VERSION={version} is not a version such as 1.2.3")
    if _parts(version) <= _parts(old):
        raise LocalError(f"VERSION={version} is not higher than {old}, which the checkout has")
    for place in PLACES:
        place.write(root, version)
    for path in _mentioning(root):
        text = path.read_text()
        path.write_text(mentioned(old).sub(version, text))


def _parts(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
