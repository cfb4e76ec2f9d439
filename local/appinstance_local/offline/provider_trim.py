"""Trim a copy of the AWS provider's source to the services that `terraform/` uses.

The whole provider takes more than half an hour and more memory than a small machine has; the
services it does not use are neither looked at nor missed. Each kept service is the original, so
what it validates and sends is what the released provider validates and sends.

The provider names its services in two generated files only: the registry of services, and the
accessors of their SDK clients. Both are rewritten here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from appinstance_local.errors import LocalError

_REGISTRY = Path("internal/provider/sdkv2/service_packages_gen.go")
_ACCESSORS = Path("internal/conns/awsclient_gen.go")
_SERVICES = Path("internal/service")
_IMPORT = re.compile(r'"github\.com/hashicorp/terraform-provider-aws/internal/service/([a-z0-9]+)')
_REGISTERED = re.compile(r"^\s*([a-z0-9]+)\.ServicePackage\(ctx\),$")
_ACCESSOR = re.compile(r"^func \(c \*AWSClient\) (\w+Client)\(.*?^}\n\n?", re.DOTALL | re.MULTILINE)
_USE = re.compile(r"\.(\w+Client)\b")
_SDK = re.compile(
    r'^\t(?:(?P<alias>\w+) )?"github\.com/aws/aws-sdk-go-v2/service/(?P<path>[\w/]+)"$'
)


def _sources(folder: Path) -> Iterable[Path]:
    return (path for path in folder.rglob("*.go") if not path.name.endswith("_test.go"))


def with_imported(source: Path, services: Iterable[str]) -> frozenset[str]:
    """Return the services and all that they import; one that is missing would panic at start.

    Raises LocalError for a service that the provider does not have.
    """
    found: set[str] = set()
    todo = set(services)
    while todo:
        name = todo.pop()
        folder = source / _SERVICES / name
        if not folder.is_dir():
            raise LocalError(f"the AWS provider has no service {name}; correct recipes.py")
        found.add(name)
        for path in _sources(folder):
            todo |= set(_IMPORT.findall(path.read_text())) - found
    return frozenset(found)


def _trimmed_registry(text: str, keep: frozenset[str]) -> str:
    def stays(line: str) -> bool:
        match = _IMPORT.search(line) or _REGISTERED.match(line)
        return match is None or match[1] in keep

    return "".join(line for line in text.splitlines(keepends=True) if stays(line))


def _trimmed_accessors(text: str, used: set[str]) -> str:
    text = _ACCESSOR.sub(lambda match: match[0] if match[1] in used else "", text)
    body = text.partition("\n)\n")[2]

    def stays(line: str) -> bool:
        match = _SDK.match(line)
        if match is None:
            return True
        package = match["alias"] or match["path"].rsplit("/", 1)[-1]
        return re.search(rf"\b{package}\.", body) is not None

    return "\n".join(line for line in text.split("\n") if stays(line))


def trim(source: Path, services: Iterable[str]) -> None:
    """Rewrite the two generated files of a provider's source so that only these services build."""
    keep = with_imported(source, services)
    registry = source / _REGISTRY
    registry.write_text(_trimmed_registry(registry.read_text(), keep))
    accessors = source / _ACCESSORS
    dropped = {path for path in (source / _SERVICES).iterdir() if path.name not in keep}
    used: set[str] = set()
    for path in _sources(source / "internal"):
        if path != accessors and dropped.isdisjoint(path.parents):
            used |= set(_USE.findall(path.read_text()))
    accessors.write_text(_trimmed_accessors(accessors.read_text(), used))
