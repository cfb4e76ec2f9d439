"""Settings that are missing or malformed stop the operator with a sentence that names the field."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.golden_settings import COMMON

from appinstance_operator.api.errors import SettingsError
from appinstance_operator.api.settings import load_settings, parse_settings

GOOD = yaml.safe_load(COMMON.read_text())

CASES: dict[str, tuple[str, Any, str]] = {
    "missing": ("clusterName", None, "clusterName: is missing"),
    "unknown": ("clustername", "x", "clustername: is not a setting"),
    "account": ("accountId", "12", "accountId:"),
    "region": ("region", "Frankfurt", "region:"),
    "boundary": ("iam.permissionsBoundaryArn", None, "iam.permissionsBoundaryArn: is missing"),
    "path": ("iam.path", "appinstances", "iam.path:"),
    "no certificate": ("edge.certificateArn", None, "class alb needs certificateArn"),
    "no sources": ("edge.sources", [], "edge.sources:"),
    "host bits": ("edge.sources", [{"cidr": "10.0.0.5/24"}], "write 10.0.0.0/24 instead"),
    "everybody": ("edge.sources", [{"cidr": "0.0.0.0/0"}], "admits everybody"),
    "both": (
        "edge.sources",
        [{"cidr": "10.0.0.0/24", "podSelector": {"matchLabels": {"a": "b"}}}],
        "give either cidr, or namespaceSelector and podSelector",
    ),
    "half a selector": (
        "database.destinations",
        [{"podSelector": {"matchLabels": {"a": "b"}}}],
        "name both a namespaceSelector and a podSelector",
    ),
    "every pod": (
        "database.destinations",
        [{"namespaceSelector": {"matchLabels": {}}, "podSelector": {"matchLabels": {"a": "b"}}}],
        "matchLabels",
    ),
    "no CA": ("database.caBundle", "none", "database.caBundle:"),
    "bucket": ("media.bucket", "s3://media", "media.bucket:"),
    "refresh": ("secrets.refreshInterval", "often", "secrets.refreshInterval:"),
}


def test_good_settings_are_taken() -> None:
    assert parse_settings(GOOD).edge.class_name == "alb"


@pytest.mark.parametrize("case", CASES)
def test_refused_by_name(case: str) -> None:
    path, value, sentence = CASES[case]
    raw = copy.deepcopy(GOOD)
    *parents, last = path.split(".")
    target = raw
    for part in parents:
        target = target[part]
    if value is None:
        del target[last]
    else:
        target[last] = value
    with pytest.raises(SettingsError) as caught:
        parse_settings(raw)
    assert sentence in str(caught.value)


def test_a_file_that_is_not_there_or_not_yaml(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot read the settings"):
        load_settings(tmp_path / "none.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [")
    with pytest.raises(SettingsError, match="are not YAML"):
        load_settings(broken)
    broken.write_text("- a")
    with pytest.raises(SettingsError, match="not a YAML mapping"):
        load_settings(broken)
