"""The search for planted values finds them in whichever form something repeats them."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from urllib.parse import quote

import boto3
import pytest
from moto import mock_aws
from support.planted import every_value, forms, patterns, where

VALUE = 'pässword/"with+signs'
PLANTED = {"theirs": VALUE, "another": "f0e1d2c3b4a5968778695a4b3c2d1e0f"}


@pytest.mark.parametrize(
    "text",
    [
        f"connecting as root:{VALUE}@db",
        json.dumps({"event": "failed", "url": f"mysql://{VALUE}"}),
        f"mysql://root:{quote(VALUE, safe='')}@db",
        VALUE.encode().hex(),
        *(base64.b64encode(f"{'x' * n}{VALUE}{'y' * m}".encode()).decode()
          for n in range(4) for m in range(4)),
        base64.urlsafe_b64encode(f"Basic:{VALUE}".encode()).decode(),
    ],
)  # fmt: skip
def test_a_value_is_found_in_every_form(text: str, tmp_path: Path) -> None:
    assert where(text, PLANTED) == ["theirs"]
    (tmp_path / "log").write_text(f"before {text} after")
    command = ["grep", "-laF", "-f", "-", str(tmp_path / "log")]
    found = subprocess.run(
        command, input=patterns(PLANTED), text=True, check=True, stdout=subprocess.PIPE
    )
    assert found.stdout.strip() == str(tmp_path / "log")


def test_what_holds_no_value_is_clean() -> None:
    text = json.dumps({"event": "failed", "user": "root"}) + VALUE[:-4] + PLANTED["another"][1:]
    assert where(text, PLANTED) == []


def test_a_value_that_is_too_short_to_look_for_is_refused() -> None:
    with pytest.raises(ValueError, match="says nothing"):
        forms("root")


def test_no_pattern_is_empty() -> None:
    assert all(len(line) >= 12 for line in patterns(PLANTED).splitlines())


def test_all_values_that_an_entry_ever_had_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "test")
    values = [f"{number}-planted-0123456789" for number in range(4)]
    with mock_aws():
        manager = boto3.client("secretsmanager", region_name="eu-central-1")
        manager.create_secret(Name="apps/a/app", SecretString=json.dumps({"secretKey": values[0]}))
        for value in values[1:]:
            text = json.dumps({"secretKey": value, "user": "somebody"})
            manager.put_secret_value(SecretId="apps/a/app", SecretString=text)
        found = every_value(manager, "apps/a/app", ("secretKey", "password"))
    assert sorted(found.values()) == values
