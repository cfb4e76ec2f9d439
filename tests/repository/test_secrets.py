"""No key, token or password with a known form lies in the repository (detect-secrets' detectors).

Detectors of entropy and of words such as `password` are left out: tests plant such texts.
A line that has to look like a secret says so: `pragma: allowlist secret`.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

from appinstance_local.paths import REPO

_DETECTORS = (
    "AWSKeyDetector", "ArtifactoryDetector", "AzureStorageKeyDetector", "BasicAuthDetector",
    "CloudantDetector", "DiscordBotTokenDetector", "GitHubTokenDetector", "GitLabTokenDetector",
    "JwtTokenDetector", "NpmDetector", "OpenAIDetector", "PrivateKeyDetector",
    "PypiTokenDetector", "SendGridDetector", "SlackDetector", "StripeDetector",
    "TelegramBotTokenDetector", "TwilioKeyDetector",
)  # fmt: skip
_SETTINGS = {
    "plugins_used": [{"name": name} for name in _DETECTORS],
    "filters_used": [{"path": "detect_secrets.filters.allowlist.is_line_allowlisted"}],
}
# Sums of modules and packages, and pictures.
_NO_TEXT = (".png", ".svg", "go.sum", "uv.lock", ".lock.hcl", "requirements.txt")


def _found(*files: Path) -> list[str]:
    with transient_settings(_SETTINGS):
        return [
            f"{Path(secret.filename).name}:{secret.line_number} {secret.type}"
            for file in files
            for secret in scan_file(str(file))
        ]


def test_there_is_none() -> None:
    words = ["git", "-C", str(REPO), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    told = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    names = [name for name in told.split("\0") if name and not name.endswith(_NO_TEXT)]
    assert _found(*(REPO / name for name in names if (REPO / name).is_file())) == []


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("AWS Access Key", ("AKIA", "Q3EGRWZTYU7XBNM4")),
        ("GitHub Token", ("ghp_", "0123456789abcdefghijABCDEFGHIJ012345")),
        ("Private Key", ("-----BEGIN EC PRIVATE", " KEY-----")),
        ("Slack Token", ("xoxb-", "012345678901-012345678901-abcdefghijABCDEFGHIJ0123")),
        ("Basic Auth Credentials", ("https://user:", "hunter22@example.com/")),
    ],
)
def test_one_that_is_planted_is_found(tmp_path: Path, kind: str, parts: tuple[str, str]) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(f'value: "{"".join(parts)}"\n')
    assert _found(file) == [f"settings.yaml:1 {kind}"]
    file.write_text(f'value: "{"".join(parts)}" # pragma: allowlist secret\n')
    assert _found(file) == []
