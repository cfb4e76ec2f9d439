"""What holds new pods back. Pure.

Order is safety: policies, identity, secrets and the migration come before the pods that rely on
them. But a gate holds back the pod template alone. All else of an instance is put right at all
times, and the pods that run go on with the template that they have.
"""

from __future__ import annotations

from collections.abc import Iterable

from appinstance_operator.api.model import Manifest
from appinstance_operator.desired.identity import ROLE_ANNOTATION

from .checks import CLOUD, DATABASE, MIGRATIONS, NETWORK, SECRETS, known_good
from .look import Look
from .status import recorded_arns, running_image

_BEFORE_PODS = (NETWORK, CLOUD, SECRETS, MIGRATIONS)


def closed_gate(look: Look) -> str | None:
    """Return why no new pod may be made, None when one may."""
    if look.moving:
        return "IAM roles of other names are being made; those of before serve until then"
    database = look.checks.get(DATABASE)
    if database is not None and not database.ok:
        return database.message
    for area in _BEFORE_PODS:
        check = look.checks.get(area)
        if check is None or not check.ok:
            return check.message if check else f"{area} has not been looked at"
    return None


def may_migrate(look: Look) -> bool:
    """Return whether the migration may start: closed in, and with what it logs in with."""
    checks = (look.checks.get(area) for area in (NETWORK, SECRETS))
    return all(check is not None and check.ok for check in checks)


def ran_before(wanted: Manifest, component: str, look: Look) -> bool:
    """Return whether just this version has run already, so that it may be made again."""
    if wanted["kind"] != "Deployment":
        return False  # of a job it is not known what ran
    network = look.checks.get(NETWORK)
    images = look.body.get("status", {}).get("images") or {}
    image = wanted["spec"]["template"]["spec"]["containers"][0]["image"]
    return (
        network is not None
        and network.ok
        and running_image(images, component) == image
        and known_good(look.body, MIGRATIONS)
    )


def accounts_as_they_serve(accounts: Iterable[Manifest], look: Look) -> list[Manifest]:
    """Return the accounts with the roles that they have, where those are the instance's so far.

    Whoever takes a role by its account's word (External Secrets does) is never sent to one that is
    not there yet.
    """
    serving = set(recorded_arns(look.body).values())
    held = []
    for item in accounts:
        live = look.own.get((item["kind"], item["metadata"]["name"])) or {"metadata": {}}
        arn = (live["metadata"].get("annotations") or {}).get(ROLE_ANNOTATION)
        if arn in serving:
            annotations = {**(item["metadata"].get("annotations") or {}), ROLE_ANNOTATION: arn}
            item = {**item, "metadata": {**item["metadata"], "annotations": annotations}}
        held.append(item)
    return held
