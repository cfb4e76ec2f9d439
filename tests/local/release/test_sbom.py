"""What an SBOM says of an image: what stands in its files, and nothing that was removed."""

from __future__ import annotations

import datetime
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from appinstance_local.release import sbom
from appinstance_local.release.sbom import Part

_DIGEST = f"sha256:{'a' * 64}"
_MADE = datetime.datetime(2026, 11, 28, 12, 0, 0, 5, tzinfo=datetime.UTC)
_STATUS = """\
Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u13
Description: GNU C Library
 Package: not-a-package
 Version: 1

Package: gone
Status: deinstall ok config-files
Version: 1.0
"""


def _tar(files: Mapping[str, str]) -> tarfile.TarFile:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    content.seek(0)
    return tarfile.open(fileobj=content)


def _parts(files: Mapping[str, str]) -> list[Part]:
    with _tar(files) as tar:
        return sbom.parts(tar)


def test_packages_of_debian_that_are_installed() -> None:
    wanted = Part("libc6", "2.36-9+deb12u13", "pkg:deb/debian/libc6@2.36-9%2Bdeb12u13?arch=amd64")
    assert _parts({"var/lib/dpkg/status": _STATUS}) == [wanted]


def test_packages_of_an_image_without_dpkg() -> None:
    files = {
        "./var/lib/dpkg/status.d/base": "Package: base-files\nVersion: 12.4\n",
        "./var/lib/dpkg/status.d/base.md5sums": "Package: not\nVersion: 1\n",
    }
    assert [part.name for part in _parts(files)] == ["base-files"]


def test_distributions_of_python_each_once() -> None:
    metadata = "Metadata-Version: 2.4\nName: Typing_Extensions\nVersion: 4.15.0\n\nName: body\n"
    files = {
        f"{folder}/typing_extensions-4.15.0.dist-info/METADATA": metadata
        for folder in ("opt/venv/lib/python3.13/site-packages", "usr/lib/python3/dist-packages")
    }
    assert _parts(files) == [
        Part("Typing_Extensions", "4.15.0", "pkg:pypi/typing-extensions@4.15.0")
    ]


def test_the_document_is_valid_spdx_and_says_what_the_image_is(tmp_path: Path) -> None:
    found = [Part("b", "1", "pkg:pypi/b@1"), Part("c", "2", "pkg:pypi/c@2")]
    path = tmp_path / "x.spdx.json"
    sbom.write(sbom.document("appinstance-backend", _DIGEST, found, _MADE, "1.2.3"), path)
    read = parse_file(str(path))
    assert validate_full_spdx_document(read) == []
    assert [package.name for package in read.packages] == ["appinstance-backend", "b", "c"]
    body = json.loads(path.read_text())
    assert body["packages"][0]["checksums"][0]["checksumValue"] == "a" * 64
    assert body["creationInfo"]["created"] == "2026-11-28T12:00:00Z"


def test_the_same_image_gives_the_same_document(tmp_path: Path) -> None:
    for name in ("one", "two"):
        spdx = sbom.document("x", _DIGEST, [Part("b", "1", "pkg:pypi/b@1")], _MADE, "1.2.3")
        sbom.write(spdx, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
