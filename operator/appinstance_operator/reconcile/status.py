"""The whole status of an AppInstance. Pure; it says what is, not what is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appinstance_operator.api.access import NOBODY, Agreed
from appinstance_operator.api.background import WORKER, Worker
from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import AppInstance
from appinstance_operator.desired import iam, names

from .access import access_status
from .bodies import find_condition, rolled_out
from .checks import CLOUD, Children, address
from .conditions import READY, Report, conditions


@dataclass(frozen=True)
class Seen:
    """What of an instance exists, for the parts of the status that are not conditions."""

    instance: AppInstance
    children: Children
    order: Sequence[tuple[str, str]]
    """Kind and name of all that the plan has; of these the status lists what exists."""
    retiring: tuple[str, ...] = ()
    """ARNs of roles that the instance had and that are not removed yet."""
    moving: bool = False
    """Whether it is served by the roles of before still."""
    failed_runs: tuple[dict[str, str], ...] = ()
    """The last runs of jobs that failed."""
    provisioned: str | None = None
    """The request for a database that was carried out last."""
    agreed: Agreed = NOBODY
    """The openings that other instances want as well."""


def _images(seen: Seen, before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the images that run: a new one only once all pods have it."""
    found: dict[str, Any] = {}
    for part in seen.instance.running:
        live = seen.children.get(("Deployment", names.of(seen.instance, part.name)))
        known = running_image(before, part.name)
        if live and rolled_out(live):
            known = live["spec"]["template"]["spec"]["containers"][0]["image"]
        if not live or not known:
            continue
        if isinstance(part, Worker):
            found.setdefault("workers", {})[part.short] = known
        else:
            found[part.name] = known
    return found


def running_image(images: Mapping[str, Any], component: str) -> str | None:
    """Return the image of a component, as the status has it."""
    if component.startswith(WORKER):
        images, component = images.get("workers") or {}, component.removeprefix(WORKER)
    found = images.get(component)
    return str(found) if found else None


def _replicas(seen: Seen) -> dict[str, Any]:
    ready = desired = 0
    parts = []
    for component in seen.instance.running:
        name = names.of(seen.instance, component.name)
        live = seen.children.get(("Deployment", name), {})
        has = live.get("status", {}).get("readyReplicas", 0)
        wants = live.get("spec", {}).get("replicas", component.replicas)
        ready, desired = ready + has, desired + wants
        parts.append(f"{component.name} {has}/{wants}")
    return {"ready": ready, "desired": desired, "summary": ", ".join(parts)}


def recorded_arns(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the roles that the status says the instance's accounts take, by part."""
    status = body.get("status") or {}
    return {**(status.get("roles") or {}), **(status.get("ownRoles") or {})}


def pending_arns(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the roles of workers and jobs that the status says are being made, by component."""
    return dict((body.get("status") or {}).get("pendingRoles") or {})


def status(
    body: Mapping[str, Any], seen: Seen | None, settings: Settings, report: Report, now: str
) -> dict[str, Any]:
    """Return the whole status. Where nothing was looked at, all but the conditions stays."""
    before = body.get("status") or {}
    generation = body["metadata"].get("generation", 1)
    ready = find_condition(body, READY)
    new = not (ready.get("status") == "True" and ready.get("observedGeneration") == generation)
    after = {
        **{key: value for key, value in before.items() if key != "conditions"},
        "observedGeneration": generation,
        "conditions": conditions(report, before.get("conditions") or (), generation, now, new=new),
    }
    if seen is None or report.refused or report.suspended:
        return after
    after["host"] = seen.instance.host
    after["url"] = f"https://{seen.instance.host}"
    after["images"] = _images(seen, before.get("images") or {})
    wanted, own = iam.own_role_arns(seen.instance, settings), before.get("ownRoles") or {}
    if not seen.moving and find_condition({"status": after}, CLOUD).get("status") == "True":
        after["roles"], own = iam.role_arns(seen.instance, settings), wanted
    after["replicas"] = _replicas(seen)
    existing = [item for item in seen.order if item in seen.children]
    after["inventory"] = [{"kind": kind, "name": name} for kind, name in existing]
    found: dict[str, Any] = {
        "address": address(seen.instance, seen.children),
        "hosts": list(seen.instance.hosts),
        "ownRoles": own,
        "pendingRoles": {part: arn for part, arn in wanted.items() if own.get(part) != arn},
        "retiringRoles": list(seen.retiring),
        "access": access_status(seen.agreed),
        "failedRuns": list(seen.failed_runs),
        "database": {"request": seen.provisioned, "entry": seen.instance.database_key}
        if seen.provisioned
        else None,
    }
    for field, value in found.items():
        after.pop(field, None)
        if value:
            after[field] = value
    return after
