"""Secret values that a test has planted, and the forms in which something may repeat them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

LEAST = 16
"""A shorter value is found by chance."""


def forms(value: str) -> frozenset[str]:
    """Return a value as it is, as JSON and addresses write it, in hex, and inside of base64."""
    raw = value.encode()
    if len(raw) < LEAST:
        raise ValueError(f"a value of {len(raw)} bytes says nothing where it is found")
    hexed = raw.hex()
    written = {value, json.dumps(value)[1:-1], quote(value, safe=""), quote_plus(value)}
    return frozenset({*written, hexed, hexed.upper(), *_inside_base64(raw)})


def _inside_base64(raw: bytes) -> set[str]:
    """Return what base64 writes of a value wherever it stands in what is encoded.

    Three bytes become four letters, so there are three ways; at each end what depends on the
    neighbours is left out.
    """
    found = set()
    for before in range(3):
        padded = b"\0" * before + raw
        whole = len(padded) // 3 * 3
        first = 4 if before else 0
        text = base64.b64encode(padded[:whole]).decode()[first:]
        found |= {text, text.translate(str.maketrans("+/", "-_"))}
    return found


def where(text: str, planted: Mapping[str, str]) -> list[str]:
    """Return the names of the values that stand in a text, in whichever form."""
    return [name for name, value in planted.items() if any(form in text for form in forms(value))]


def patterns(planted: Mapping[str, str]) -> str:
    """Return all forms of all values, a line each, for `grep -F -f -`."""
    found = {form for value in planted.values() for form in forms(value)}
    return "".join(f"{form}\n" for form in sorted(found))


def every_value(manager: Any, entry: str, fields: Iterable[str]) -> dict[str, str]:
    """Return what an entry of Secrets Manager has and ever had in these fields, by name.

    A rotation leaves the value of before in what was written before it.
    """
    listed = manager.list_secret_version_ids(SecretId=entry, IncludeDeprecated=True)["Versions"]
    found: dict[str, str] = {}
    for number, version in enumerate(sorted(listed, key=lambda item: str(item["CreatedDate"]))):
        answer = manager.get_secret_value(SecretId=entry, VersionId=version["VersionId"])
        content = json.loads(answer["SecretString"])
        for field in fields:
            value = str(content.get(field, ""))
            if value and value not in found.values():
                found[f"{entry} {field} {number}"] = value
    return found
