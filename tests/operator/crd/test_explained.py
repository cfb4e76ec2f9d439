"""`kubectl explain`, `kubectl get` and the categories: what the CRD says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from appinstance_local.paths import REPO

CRD = yaml.safe_load(
    (
        REPO / "charts/appinstance-operator/crds/appinstances.platform.appinstance.io.yaml"
    ).read_text()
)
(VERSION,) = CRD["spec"]["versions"]
SCHEMA = VERSION["schema"]["openAPIV3Schema"]
_KUBERNETES = {"apiVersion", "kind", "metadata"}
"""The API server describes these by itself."""
_FEWEST = 120


def _properties(
    schema: Mapping[str, Any], path: str = ""
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every property, by its path, also of the entries of lists."""
    for name, inner in schema.get("properties", {}).items():
        where = f"{path}.{name}".removeprefix(".")
        yield where, inner
        yield from _properties(inner, where)
    if "items" in schema:
        yield from _properties(schema["items"], f"{path}[]")


FIELDS = {path: schema for path, schema in _properties(SCHEMA) if path not in _KUBERNETES}


def test_all_fields_are_looked_at() -> None:
    assert len(FIELDS) >= _FEWEST
    assert {"spec.backend.files[].remoteRef.key", "status.conditions[].reason"} <= FIELDS.keys()


@pytest.mark.parametrize("path", FIELDS)
def test_each_field_is_described_in_a_sentence(path: str) -> None:
    words = FIELDS[path].get("description", "")
    assert re.fullmatch(r"[A-Z].{8,}\.", words, re.DOTALL), f"{path}: {words!r}"


@pytest.mark.parametrize("rule", [
    (path, rule) for path, schema in [*FIELDS.items(), ("", SCHEMA)]
    for rule in schema.get("x-kubernetes-validations", ())
], ids=lambda rule: f"{rule[0]}: {rule[1].get('message', '')[:40]}")  # fmt: skip
def test_each_rule_says_what_is_wrong(rule: tuple[str, Mapping[str, str]]) -> None:
    assert len(rule[1].get("message", "")) > 20, rule


def test_each_column_shows_a_field_that_there_is() -> None:
    columns = VERSION["additionalPrinterColumns"]
    assert [item["name"] for item in columns if not item.get("priority")] == [
        "Ready", "Reason", "URL", "Age",
    ]  # fmt: skip
    for item in columns:
        path = re.sub(r"\[\?\(.*?\)\]", "[]", item["jsonPath"]).removeprefix(".")
        assert path in FIELDS or path == "metadata.creationTimestamp", item


def test_it_is_listed_by_its_category_and_its_short_name() -> None:
    assert CRD["spec"]["names"]["categories"] == ["all"]
    assert CRD["spec"]["names"]["shortNames"] == ["appi"]


def test_it_has_no_scale() -> None:
    """What that would say is wrong: docs/adr/0041."""
    assert VERSION["subresources"] == {"status": {}}
