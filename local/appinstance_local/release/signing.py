"""Signatures and attestations by cosign: with a key, or in a workflow by its identity (keyless)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from appinstance_local.errors import LocalError
from appinstance_local.paths import binary
from appinstance_local.shell import run


@dataclass(frozen=True)
class Signer:
    """Who signs: the holder of a key, or without one whom the workflow's token names."""

    key: str | None

    @classmethod
    def chosen(cls, key: str | None) -> Signer:
        """Return the signer; LocalError where there is neither a key nor a workflow's token."""
        if not key and not os.environ.get("ACTIONS_ID_TOKEN_REQUEST_URL"):
            raise LocalError(
                "nothing to sign with: KEY=cosign.key names a key (`cosign generate-key-pair`; its "
                "password goes into COSIGN_PASSWORD); without one only a workflow can sign"
            )
        return cls(key or None)

    @property
    def _how(self) -> list[str]:
        # With a key nothing is told to a public log: whoever verifies has the key.
        log = ["--tlog-upload=false", "--use-signing-config=false"]
        return ["--key", self.key, *log] if self.key else []

    def sign(self, address: str) -> None:
        """Sign an image or a chart by its digest; of an index each image too."""
        self._cosign("sign", "--yes", "--recursive", *self._how, address)

    def attest(self, address: str, kind: str, predicate: Path) -> None:
        """Attach a signed statement about an image or a chart."""
        self._cosign(
            "attest", "--yes", "--type", kind, "--predicate", str(predicate), *self._how, address
        )

    def sign_file(self, path: Path) -> Path:
        """Sign a file; return the bundle, which lies beside it."""
        bundle = path.with_name(f"{path.name}.sigstore.json")
        self._cosign("sign-blob", "--yes", *self._how, "--bundle", str(bundle), str(path))
        return bundle

    def _cosign(self, *words: str) -> None:
        # No input: without COSIGN_PASSWORD it fails, and does not wait for a person.
        run([binary("cosign"), *words], stdin=b"", timeout=300)
