"""What `make manifests` writes is up to date: one source for the CRD, one for each schema."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from support.helm import Helm

REPO = Path(__file__).resolve().parents[2]


def test_derived_files_are_up_to_date(generate: ModuleType) -> None:
    stale = [
        str(path.relative_to(REPO))
        for path, text in generate.derived().items()
        if not path.exists() or path.read_text() != text
    ]
    assert stale == [], "run `make manifests`"


def test_there_is_one_crd_and_known_copies(generate: ModuleType) -> None:
    holders = {
        path
        for folder in ("charts", "manifests", "local", "tests", "operator")
        for path in (REPO / folder).rglob("*.yaml")
        if "kind: CustomResourceDefinition\n" in (text := path.read_text())
        and "appinstances.platform.appinstance.io" in text
    }
    assert holders == {generate.CRD, *generate.CRD_COPIES}


def test_helm_does_not_see_the_source_as_its_own_crd(generate: ModuleType) -> None:
    ignored = (REPO / "charts/appinstance-operator/.helmignore").read_text().splitlines()
    assert f"{generate.CRD.parent.name}/" in ignored


@pytest.mark.integration
def test_the_chart_renders_the_crd_once_and_keeps_it(helm: Helm, generate: ModuleType) -> None:
    objects = helm.objects("appinstance-operator", ["operator-minimal"], "--include-crds")
    (crd,) = [item for item in objects if item["kind"] == "CustomResourceDefinition"]
    assert crd["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    source = yaml.safe_load(generate.CRD.read_text())
    assert crd["spec"] == source["spec"]
    assert crd["metadata"]["name"] == source["metadata"]["name"]


@pytest.mark.integration
def test_the_manifests_are_the_rendered_chart(helm: Helm, generate: ModuleType) -> None:
    assert generate.OPERATOR_MANIFEST.read_text() == generate.operator_manifest(helm.binary), (
        "run `make manifests`"
    )


@pytest.mark.parametrize("folder", ["crd", "operator"])
def test_kustomizations_name_files_that_exist(folder: str) -> None:
    base = REPO / "manifests" / folder
    kustomization = yaml.safe_load((base / "kustomization.yaml").read_text())
    assert kustomization["resources"]
    for resource in kustomization["resources"]:
        assert (base / resource).exists(), resource


def test_kind_publishes_on_the_loopback_address_only() -> None:
    config = yaml.safe_load((REPO / "manifests/kind/kind.yaml").read_text())
    ports = [port for node in config["nodes"] for port in node["extraPortMappings"]]
    assert {(port["containerPort"], port["hostPort"]) for port in ports} == {
        (30080, 8080), (30443, 8443), (30566, 5566)
    }  # fmt: skip
    assert {port["listenAddress"] for port in ports} == {"127.0.0.1"}


@pytest.mark.parametrize(
    ("kubernetes", "expected"),
    [
        ({"type": "integer", "format": "int32"}, {"type": "integer"}),
        ({"type": "string", "format": "date-time"}, {"type": "string", "format": "date-time"}),
        (
            {"type": "string", "x-kubernetes-validations": [{"rule": r"self.matches('^a\\.b$')"}]},
            {"type": "string", "pattern": r"^a\.b$"},
        ),
        (
            {"type": "string", "x-kubernetes-validations": [{"rule": "!self.matches('^a$')"}]},
            {"type": "string"},
        ),
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        (
            {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}]},
            {"type": ["integer", "string"]},
        ),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "string"}},
                "x-kubernetes-validations": [{"rule": "true"}],
            },
            {
                "type": "object",
                "properties": {"a": {"type": "string"}},
                "additionalProperties": False,
            },
        ),
        (
            {"type": "object", "additionalProperties": {"type": "string", "format": "int32"}},
            {"type": "object", "additionalProperties": {"type": "string"}},
        ),
        (
            {
                "type": "object",
                "properties": {},
                "x-kubernetes-preserve-unknown-fields": True,
            },
            {"type": "object", "properties": {}},
        ),
        (
            {"type": "array", "items": {"type": "object", "properties": {"x": {}}}},
            {
                "type": "array",
                "items": {"type": "object", "properties": {"x": {}}, "additionalProperties": False},
            },
        ),
        (
            # A field that happens to be called like a keyword is a field.
            {"type": "object", "properties": {"items": {"type": "integer", "format": "int64"}}},
            {
                "type": "object",
                "properties": {"items": {"type": "integer"}},
                "additionalProperties": False,
            },
        ),
    ],
)
def test_a_structural_schema_becomes_a_json_schema(
    generate: ModuleType, kubernetes: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert generate.json_schema(kubernetes) == expected
