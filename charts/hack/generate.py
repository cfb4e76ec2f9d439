"""Write what is derived from another file: `make manifests`. Tests compare, so nothing drifts.

- the copies of the CRD in the operator's chart (`files/`) and in `manifests/crd/`;
- `charts/appinstance/values.schema.json`: the CRD's schema of `spec` in `appinstance.schema.yaml`;
- `charts/appinstance-operator/values.schema.json`: the schema of the platform settings
  (`settings.py`) in `appinstance-operator.schema.yaml`;
- `manifests/operator/operator.yaml`: the operator's chart with the `values.yaml` next to it.
"""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from appinstance_operator.api.settings import Settings

REPO = Path(__file__).resolve().parents[2]
CHARTS = REPO / "charts"
MANIFESTS = REPO / "manifests"
CRD = CHARTS / "appinstance-operator" / "crds" / "appinstances.platform.appinstance.io.yaml"
CRD_COPIES = (
    CHARTS / "appinstance-operator" / "files" / "appinstances.crd.yaml",
    MANIFESTS / "crd" / "appinstances.yaml",
    REPO / "operator" / "appinstance_operator" / "cli" / "appinstances.crd.yaml",
)
INSTANCE_SCHEMA = CHARTS / "appinstance" / "values.schema.json"
OPERATOR_SCHEMA = CHARTS / "appinstance-operator" / "values.schema.json"
OPERATOR_MANIFEST = MANIFESTS / "operator" / "operator.yaml"
RELEASE, NAMESPACE = "appinstance-operator", "appinstance-system"

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
# Formats that Kubernetes uses for the width of a number; JSON Schema knows none of them.
_NUMERIC_FORMATS = frozenset({"int32", "int64", "float", "double"})

_MATCHES = re.compile(r"(?:self|string\(self\))\.matches\('([^']*)'\)")


class MissingHelmError(Exception):
    """There is no Helm binary; the message says how to get one."""


def helm_binary() -> str:
    """Return the path of Helm: the one built for this checkout, or else the one on PATH."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "appinstance"
    folder = os.environ.get("APPINSTANCE_BIN") or str(
        Path(os.environ.get("APPINSTANCE_CACHE") or cache) / "bin"
    )
    found = shutil.which("helm", path=folder) or shutil.which("helm")
    if found is None:
        raise MissingHelmError(
            "helm is not there: run `make build`, or set APPINSTANCE_BIN to the folder it lies in"
        )
    return found


def json_schema(kubernetes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema that accepts what a structural schema of Kubernetes accepts.

    Stricter in one point: a field the schema does not list is an error here, where the API server
    would drop it with a warning. Of the CEL rules only `self.matches('…')` has a counterpart, a
    pattern; the API server judges the others.
    """
    schema: dict[str, Any] = {}
    for key, value in kubernetes.items():
        if key.startswith("x-kubernetes-") or (key == "format" and value in _NUMERIC_FORMATS):
            continue
        if key == "properties":
            schema[key] = {name: json_schema(field) for name, field in value.items()}
        elif key == "items" or (key == "additionalProperties" and isinstance(value, Mapping)):
            schema[key] = json_schema(value)
        elif key in ("allOf", "anyOf", "oneOf"):
            schema[key] = [json_schema(part) for part in value]
        elif key == "not":
            schema[key] = json_schema(value)
        elif key != "nullable":
            schema[key] = copy.deepcopy(value)
    patterns = [
        match[1].replace("\\\\", "\\")
        for rule in kubernetes.get("x-kubernetes-validations", ())
        if (schema.get("type") == "string" or kubernetes.get("x-kubernetes-int-or-string"))
        and (match := _MATCHES.fullmatch(rule["rule"]))
    ]
    if patterns and "pattern" not in schema:
        schema["pattern"] = patterns[0]
    if kubernetes.get("x-kubernetes-int-or-string"):
        schema["type"] = ["integer", "string"]
        schema.pop("anyOf", None)
    if kubernetes.get("nullable"):
        schema["type"] = [schema["type"], "null"]
    if (
        schema.get("type") == "object"
        and "properties" in schema
        and not kubernetes.get("x-kubernetes-preserve-unknown-fields")
    ):
        schema.setdefault("additionalProperties", False)
    return schema


def spec_schema(crd: Mapping[str, Any]) -> dict[str, Any]:
    """Return the structural schema of `spec` from the CRD's one version."""
    (version,) = crd["spec"]["versions"]
    spec: dict[str, Any] = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    return spec


def _frame(name: str) -> dict[str, Any]:
    frame: dict[str, Any] = yaml.safe_load((CHARTS / "hack" / name).read_text())
    return {"$schema": _DRAFT, **frame}


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def instance_values_schema(crd: Mapping[str, Any]) -> str:
    """Return the schema of the values of `appinstance`: the spec's fields and a few of its own."""
    frame, spec = _frame("appinstance.schema.yaml"), json_schema(spec_schema(crd))
    clash = set(frame["properties"]) & set(spec["properties"])
    if clash:
        raise ValueError(f"the spec has got fields that the chart's own values hide: {clash}")
    # What is required is asked for by the templates: so `helm lint` is clean on the chart as it is.
    frame["properties"] = {**spec["properties"], **frame["properties"]}
    return _json(frame)


def operator_values_schema() -> str:
    """Return the values schema of the operator's chart, with that of the settings in its place."""
    frame = _frame("appinstance-operator.schema.yaml")
    settings = Settings.model_json_schema(by_alias=True)
    frame["$defs"] = {**frame.get("$defs", {}), **settings.pop("$defs", {})}
    # None at all is for templates/validate.yaml to refuse: so `helm lint` is clean as shipped.
    title = settings.pop("title")
    given = {"if": {"minProperties": 1}, "then": settings}
    frame["properties"]["settings"] = {"title": title, "type": "object", **given}
    return _json(frame)


def tidy(rendered: str) -> str:
    """Return Helm's output without the blank lines between documents, which differ by version."""
    return re.sub(r"\n+---\n", "\n---\n", rendered).strip("\n") + "\n"


def operator_manifest(helm: str) -> str:
    """Return the operator's chart as plain YAML, without CRD (it is next door) and hooks."""
    rendered = subprocess.run(
        [
            helm, "template", RELEASE, str(CHARTS / "appinstance-operator"),
            "--namespace", NAMESPACE, "--no-hooks", "--set", "crds.install=false",
            "--values", str(MANIFESTS / "operator" / "values.yaml"),
        ],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return "# Written by `make manifests` from values.yaml; edit that.\n" + tidy(rendered.stdout)


def derived() -> dict[Path, str]:
    """Return each derived file that needs no Helm, with the text it should have."""
    source = CRD.read_text()
    crd = yaml.safe_load(source)
    return {
        **dict.fromkeys(CRD_COPIES, source),
        INSTANCE_SCHEMA: instance_values_schema(crd),
        OPERATOR_SCHEMA: operator_values_schema(),
    }


def main() -> None:
    """Write all derived files; those from Helm last, because they depend on the others."""
    for path, text in derived().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    OPERATOR_MANIFEST.write_text(operator_manifest(helm_binary()))


if __name__ == "__main__":
    try:
        main()
    except (MissingHelmError, ValueError, OSError) as error:
        sys.exit(f"error: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"error: helm refused the chart: {error.stderr.strip()}")
