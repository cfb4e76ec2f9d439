"""The pod template of a Deployment or CronJob as it was applied, kept on the object itself. Pure.

While new pods are held back, everything else of an object is still kept right. For that the
template that was applied before has to be known to the letter; the live one will not do, as the API
server's defaults and others' fields are in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from appinstance_operator.api.model import Manifest
from appinstance_operator.desired.names import (
    APPLIED_SPEC,
    APPLIED_TEMPLATE,
    SECRETS_HASH,
)

TEMPLATES: Mapping[str, str] = {"Deployment": "template", "CronJob": "jobTemplate"}
"""Of what has pods that are held back: where their template is."""


def recorded(manifest: Manifest, spec: str) -> Manifest:
    """Return a manifest that says, if it has a template that is held back, what that is.

    `spec` is the hash of the spec that it is of (`spec_hash`).
    """
    part = TEMPLATES.get(manifest["kind"])
    if part is None:
        return manifest
    template = msgspec.json.encode(manifest["spec"][part], order="sorted").decode()
    return _annotated(
        manifest,
        {
            APPLIED_SPEC: spec,
            **(manifest["metadata"].get("annotations") or {}),
            APPLIED_TEMPLATE: template,
        },
    )


def _annotated(manifest: Manifest, annotations: Mapping[str, str]) -> Manifest:
    metadata = {**manifest["metadata"], "annotations": dict(annotations)}
    return {**manifest, "metadata": metadata}


def with_template_of(
    wanted: Manifest, live: Mapping[str, Any] | None, *, secrets: bool = False
) -> Manifest | None:
    """Return an object as wanted, but with the pod template that was applied before.

    With `secrets`, its pods read them anew all the same: a password that was rotated while a new
    image is held back would cut the old one off. None where there is none, or where it does not say
    what was applied (an earlier version made it): then it is better left alone.
    """
    template = _applied(live) if live is not None else None
    if live is None or template is None:
        return None
    part = TEMPLATES[wanted["kind"]]
    if secrets:
        template = _with_secrets_of(wanted["spec"][part], template)
    held = {**wanted, "spec": {**wanted["spec"], part: template}}
    annotations = wanted["metadata"].get("annotations") or {}
    return _annotated(held, {**annotations, APPLIED_SPEC: _spec_of(live) or "unknown"})


def _with_secrets_of(wanted: Manifest, template: Mapping[str, Any]) -> Mapping[str, Any]:
    now = wanted["metadata"].get("annotations") or {}
    before = template["metadata"].get("annotations") or {}
    if SECRETS_HASH not in now or SECRETS_HASH not in before:
        return template
    annotations = {**before, SECRETS_HASH: now[SECRETS_HASH]}
    return {**template, "metadata": {**template["metadata"], "annotations": annotations}}


def is_new_template(wanted: Manifest, live: Mapping[str, Any]) -> bool:
    """Return whether applying would roll pods for another reason than a changed Secret."""
    applied = _applied(live)
    return applied is None or _but_for_secrets(applied) != _but_for_secrets(
        wanted["spec"]["template"]
    )


def is_of_this_spec(live: Mapping[str, Any], spec: str) -> bool | None:
    """Return whether the template was applied for a spec, by its hash; None: it does not say."""
    applied = _spec_of(live)
    return applied == spec if applied else None


def _spec_of(live: Mapping[str, Any]) -> str | None:
    found = (live["metadata"].get("annotations") or {}).get(APPLIED_SPEC)
    return str(found) if found else None


def _applied(live: Mapping[str, Any]) -> Any | None:
    text = (live["metadata"].get("annotations") or {}).get(APPLIED_TEMPLATE)
    try:
        template = msgspec.json.decode(text or "")
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
    return template if isinstance(template, dict) and "metadata" in template else None


def _but_for_secrets(template: Mapping[str, Any]) -> Mapping[str, Any]:
    annotations = dict(template["metadata"].get("annotations") or {})
    annotations.pop(SECRETS_HASH, None)
    return {**template, "metadata": {**template["metadata"], "annotations": annotations}}
