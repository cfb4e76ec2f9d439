"""What is in an image, as SPDX 2.3: read from its own files, not from what it should be made of.

Debian's packages stand in dpkg's status, Python's in the metadata of each distribution.
"""

from __future__ import annotations

import datetime
import email.parser
import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from spdx_tools.spdx.model.actor import Actor, ActorType
from spdx_tools.spdx.model.checksum import Checksum, ChecksumAlgorithm
from spdx_tools.spdx.model.document import CreationInfo, Document
from spdx_tools.spdx.model.package import (
    ExternalPackageRef,
    ExternalPackageRefCategory,
    Package,
    PackagePurpose,
)
from spdx_tools.spdx.model.relationship import Relationship, RelationshipType
from spdx_tools.spdx.model.spdx_no_assertion import SpdxNoAssertion
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
from spdx_tools.spdx.writer.json.json_writer import write_document_to_file

from appinstance_local.errors import LocalError

_DPKG = re.compile(r"^var/lib/dpkg/(?:status|status\.d/(?!.*\.md5sums$)[^/]+)$")
_PYTHON = re.compile(r"(?:^|/)[^/]+\.dist-info/METADATA$")
_NAMESPACE = "https://appinstance.io/spdx"
_IMAGE = "SPDXRef-image"


@dataclass(frozen=True, order=True)
class Part:
    """A package in an image; `purl` is its name for scanners."""

    name: str
    version: str
    purl: str


def parts(files: tarfile.TarFile) -> list[Part]:
    """Return the packages in an image's file system."""
    found: set[Part] = set()
    for member in files:
        path = member.name.removeprefix("./")
        if not member.isfile() or not (_DPKG.match(path) or _PYTHON.search(path)):
            continue
        handle = files.extractfile(member)
        text = handle.read().decode(errors="replace") if handle else ""
        found.update(_debian(text) if _DPKG.match(path) else _python(text))
    return sorted(found)


def _debian(text: str) -> Iterator[Part]:
    for paragraph in text.split("\n\n"):
        fields = email.parser.HeaderParser().parsestr(paragraph.lstrip("\n"))
        name, version = fields["Package"], fields["Version"]
        if name and version and "installed" in (fields["Status"] or "installed").split():
            kind = f"?arch={fields['Architecture']}" if fields["Architecture"] else ""
            yield Part(name, version, f"pkg:deb/debian/{name}@{quote(version, safe='')}{kind}")


def _python(text: str) -> Iterator[Part]:
    fields = email.parser.HeaderParser().parsestr(text)
    name, version = fields["Name"], fields["Version"]
    if name and version:
        simple = re.sub(r"[-_.]+", "-", name).lower()
        yield Part(name, version, f"pkg:pypi/{simple}@{quote(version, safe='')}")


def _package(number: int, part: Part) -> Package:
    reference = ExternalPackageRef(ExternalPackageRefCategory.PACKAGE_MANAGER, "purl", part.purl)
    return Package(
        spdx_id=f"SPDXRef-{number}",
        name=part.name,
        version=part.version,
        download_location=SpdxNoAssertion(),
        files_analyzed=False,
        external_references=[reference],
    )


def document(
    image: str, digest: str, found: Iterable[Part], made: datetime.datetime, version: str
) -> Document:
    """Return the SPDX document of an image; LocalError where it would not be a valid one."""
    whole = Package(
        spdx_id=_IMAGE,
        name=image,
        version=version,
        download_location=SpdxNoAssertion(),
        files_analyzed=False,
        primary_package_purpose=PackagePurpose.CONTAINER,
        checksums=[Checksum(ChecksumAlgorithm.SHA256, digest.removeprefix("sha256:"))],
    )
    inside = [_package(number, part) for number, part in enumerate(found)]
    made_by = Actor(ActorType.TOOL, f"appinstance-release-{version}")
    spdx = Document(
        CreationInfo(
            spdx_version="SPDX-2.3",
            spdx_id="SPDXRef-DOCUMENT",
            name=image,
            document_namespace=f"{_NAMESPACE}/{image}/{digest.removeprefix('sha256:')}",
            creators=[made_by],
            created=made.replace(tzinfo=None, microsecond=0),
        ),
        packages=[whole, *inside],
        relationships=[
            Relationship("SPDXRef-DOCUMENT", RelationshipType.DESCRIBES, _IMAGE),
            *(Relationship(_IMAGE, RelationshipType.CONTAINS, item.spdx_id) for item in inside),
        ],
    )
    wrong = validate_full_spdx_document(spdx)
    if wrong:
        raise LocalError(
            f"the SBOM of {image} would be no valid SPDX: {wrong[0].validation_message}"
        )
    return spdx


def write(spdx: Document, path: Path) -> None:
    """Write a document as JSON."""
    write_document_to_file(spdx, str(path), validate=False)
