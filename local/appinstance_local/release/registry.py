"""A registry, and the programs that speak to it: crane for images, helm for charts."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from appinstance_local.errors import LocalError
from appinstance_local.paths import binary
from appinstance_local.shell import run

_PREFIX = re.compile(r"[a-z0-9.-]+(?::\d+)?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*")
_OF_THIS_MACHINE = re.compile(r"(?:localhost|127\.0\.0\.1)(?::|/|$)")


@dataclass(frozen=True)
class Registry:
    """What all addresses begin with: a host and a path, such as `ghcr.io/acme/appinstance`."""

    prefix: str

    @classmethod
    def parse(cls, text: str) -> Registry:
        """Return the registry; raises LocalError for what can't begin an address."""
        if not _PREFIX.fullmatch(text):
            raise LocalError(f"TO={text} is no prefix of images such as ghcr.io/acme/appinstance")
        return cls(text)

    @property
    def is_local(self) -> bool:
        """Return whether it is one of this machine, which answers without TLS."""
        return bool(_OF_THIS_MACHINE.match(self.prefix))

    def push_image(self, path: Path, name: str, version: str) -> str:
        """Push an archive, or a folder in OCI's layout; return its address with its digest."""
        target = f"{self.prefix}/{name}:{version}"
        self._refuse_another(target)
        return run([binary("crane"), "push", path, target]).strip()

    def push_chart(self, packed: Path, name: str, version: str) -> str:
        """Push a packed chart; return its address with its digest."""
        self._refuse_another(f"{self.prefix}/charts/{name}:{version}")
        plain = ["--plain-http"] if self.is_local else []
        run([binary("helm"), "push", packed, f"oci://{self.prefix}/charts", *plain])
        address = f"{self.prefix}/charts/{name}"
        return f"{address}@{run([binary('crane'), 'digest', f'{address}:{version}']).strip()}"

    def _refuse_another(self, target: str) -> None:
        """Raise LocalError where the tag is taken: what was verified must stay what it is."""
        try:
            run([binary("crane"), "digest", target])
        except LocalError as error:
            if any(word in str(error) for word in ("MANIFEST_UNKNOWN", "NAME_UNKNOWN", "404")):
                return
            raise
        raise LocalError(f"{target} is there already; a version is published once: take the next")

    def platforms(self, address: str) -> dict[str, str]:
        """Return the address of the image for each platform (`linux-arm64`).

        One that is for a single platform is alone, under an empty name.
        """
        manifest = json.loads(run([binary("crane"), "manifest", address]))
        repository = address.partition("@")[0]
        children = {
            f"{item['platform']['os']}-{item['platform']['architecture']}": (
                f"{repository}@{item['digest']}"
            )
            for item in manifest.get("manifests", [])
            # BuildKit puts attestations of its own beside the images, as images of no platform.
            if item.get("platform", {}).get("os", "unknown") != "unknown"
        }
        return children or {"": address}

    def export(self, address: str, out: Path) -> None:
        """Write the file system of an image of one platform as a tar."""
        run([binary("crane"), "export", address, out])
