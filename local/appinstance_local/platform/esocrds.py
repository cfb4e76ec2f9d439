"""External Secrets' CRDs: from its Go module where Go is, else the same files over the network."""

from __future__ import annotations

import hashlib
from pathlib import Path

import httpx

from appinstance_local.errors import LocalError
from appinstance_local.offline import builds, versions
from appinstance_local.offline.recipes import BY_NAME
from appinstance_local.paths import cache

_INSIDE = "config/crds/bases"
_FROM = "https://raw.githubusercontent.com/external-secrets/external-secrets"
# Of the files in the module that local/tools/go.sum pins; a test compares. The last is watched by
# the controller even where generators are off.
SHA256 = {
    "external-secrets.io_externalsecrets.yaml": (
        "7fb31305a2bb3f45460a8481c038f48c33fc39e19bbe4ca546d18ded12b4dbde"
    ),
    "external-secrets.io_secretstores.yaml": (
        "c5fdf7e39c64fb3799d05c4ce62fca609778380a024be74659bda94a8dbcfed0"
    ),
    "generators.external-secrets.io_generatorstates.yaml": (
        "e620aff1177ad76c3556735d8496a0b5f71bc50218d77d1c27a6afae7165d81b"
    ),
}


def of_the_module() -> list[Path]:
    """Return the CRDs in the module, which Go downloads and checks."""
    return [builds.module_folder("external-secrets") / _INSIDE / name for name in SHA256]


def downloaded() -> list[Path]:
    """Return the CRDs in the cache, downloaded where they are not there; each checked."""
    version = versions.version(BY_NAME["external-secrets"].module)
    folder = cache() / "crds" / version
    folder.mkdir(parents=True, exist_ok=True)
    for name, wanted in SHA256.items():
        path = folder / name
        if path.exists() and _sha256(path.read_bytes()) == wanted:
            continue
        url = f"{_FROM}/{version}/{_INSIDE}/{name}"
        content = _fetched(url)
        if _sha256(content) != wanted:
            raise LocalError(
                f"{url} is not the file that esocrds.py pins; its version may have moved"
            )
        path.write_bytes(content)
    return [folder / name for name in SHA256]


def _fetched(url: str) -> bytes:
    try:
        return httpx.get(url, follow_redirects=True, timeout=60).raise_for_status().content
    except httpx.HTTPError as error:
        raise LocalError(f"{url} can't be had: {error}") from None


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
