"""What one look at an instance asks of the fleet's turns (docs/adr/0017, 0018). Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

from appinstance_operator.api.model import Manifest

from . import checks, templates
from .bodies import has_failed, rollout
from .look import Look


class Turn(enum.Enum):
    """Whether new pods of a Deployment take a turn."""

    NONE = "it needs none"
    OWN = "its pods are replaced because its own spec changed"
    ASKED = "it has its turn"
    WAITS = "its turn has not come"


def needed_turn(wanted: Manifest, live: Mapping[str, Any] | None, look: Look) -> Turn:
    """Return whether pods are to be replaced for another reason than a changed spec."""
    if (
        live is None
        or wanted["kind"] != "Deployment"
        or not templates.is_new_template(wanted, live)
    ):
        return Turn.NONE
    same = templates.is_of_this_spec(live, look.spec_hash)
    if same is None:  # applied by an earlier version
        same = checks.known_good(look.body, checks.WORKLOADS)
    if not same:
        return Turn.OWN
    # What did not come up before proves nothing, and must not keep those that run waiting.
    return Turn.NONE if has_failed(live) else Turn.ASKED


def pods_run(children: checks.Children) -> bool:
    """Return whether all pods of an instance are of the template that they should be of."""
    deployments = (children[item] for item in children if item[0] == "Deployment")
    return all(rollout(deployment)[0] for deployment in deployments)
