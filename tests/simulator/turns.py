"""The oracle of the fleet's turns (docs/adr/0017): how many roll for a reason not their own.

It judges by the true Deployments, by who wrote them, and by which pods run. What a process could
not know of is not held against it: the last request of one that led before.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from support.fake_cluster import Body, Stored, Write

from appinstance_operator.desired.names import APPLIED_SPEC, SECRETS_HASH

if TYPE_CHECKING:
    from simulator.world import World


@dataclass(frozen=True)
class _Roll:
    """An instance whose pods are replaced because the operator or its settings changed."""

    namespace: str
    writer: str


class Turns:
    """Who rolls for the fleet's sake. `words` of what is wrong go to the oracles."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rolling: dict[str, _Roll] = {}
        """By the instance's uid."""
        self._muddled: set[str] = set()
        """Uids of Deployments that one wrote last that does not lead."""

    def on_deployment(self, write: Write) -> list[str]:
        """Look at a change of a Deployment; return what is wrong with it."""
        if write.after is None or not write.writer.startswith("operator"):
            self._forget_done()
            return []
        leads = write.writer == self._world.leader.name
        if not leads:
            self._muddled.add(write.after.uid)
            return []
        muddled = write.after.uid in self._muddled
        self._muddled.discard(write.after.uid)
        if write.before is None or _template(write.before) == _template(write.after):
            return []
        spec = _hash((self._world.process(write.writer).working or {}).get("spec"))
        (owner,) = {item["uid"] for item in write.after.body["metadata"]["ownerReferences"]}
        if _spec_of(write.after) != spec:
            return [f"{write.name[2]} does not say rightly which spec its pods are of"]
        if _spec_of(write.before) != spec:
            self._rolling.pop(owner, None)  # its own change
            return []
        if muddled or owner in self._rolling or _failed(write.before):
            return []
        return self._begin(owner, write)

    def _begin(self, owner: str, write: Write) -> list[str]:
        most = self._world.leader.settings.rollouts.max_concurrent
        begun = _Roll(write.name[1], write.writer)
        rolling = [roll for uid, roll in self._rolling.items() if self._counts(uid, roll, begun)]
        self._rolling[owner] = begun
        if len(rolling) >= most:
            return [f"{write.name[2]} rolls although {len(rolling)} of {most} do already"]
        if sum(roll.namespace == begun.namespace for roll in rolling) >= max(1, most // 2):
            return [f"{write.name[2]} rolls although its namespace has half of the turns"]
        return []

    def _counts(self, uid: str, roll: _Roll, begun: _Roll) -> bool:
        """Return whether a process has to know that an instance rolls.

        One that failed under a process before it may be the tenant's own fault; and one that never
        ran takes nothing away.
        """
        instance = self._instance(uid)
        if instance is None or not (instance.get("status") or {}).get("images"):
            return False
        return roll.writer == begun.writer or not any(map(_failed, self._deployments(uid)))

    def _forget_done(self) -> None:
        for uid in tuple(self._rolling):
            if self._instance(uid) is None or self._done(uid):
                del self._rolling[uid]

    def _done(self, uid: str) -> bool:
        running = self._world.controllers.deployments.running
        return all(
            running.get(deployment.uid) == (deployment.body["spec"]["template"],)
            for deployment in self._deployments(uid)
        )

    def _deployments(self, uid: str) -> list[Stored]:
        return [
            stored
            for stored in self._world.cluster.of_kind("Deployment")
            if any(owner["uid"] == uid for owner in stored.body["metadata"]["ownerReferences"])
        ]

    def _instance(self, uid: str) -> Body | None:
        for stored in self._world.cluster.of_kind("AppInstance"):
            if stored.uid == uid and not stored.body["metadata"].get("deletionTimestamp"):
                return stored.body
        return None


def _template(stored: Stored) -> str:
    """Return a pod template but for the hash of its secrets: a rotation takes no turn."""
    template = stored.body["spec"]["template"]
    annotations = dict(template["metadata"].get("annotations") or {})
    annotations.pop(SECRETS_HASH, None)
    bare = {**template, "metadata": {**template["metadata"], "annotations": annotations}}
    return json.dumps(bare, sort_keys=True)


def _spec_of(stored: Stored) -> str | None:
    annotations = stored.body["metadata"].get("annotations") or {}
    return annotations.get(APPLIED_SPEC)


def _hash(spec: object) -> str:
    text = json.dumps(spec, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _failed(deployment: Stored) -> bool:
    return any(
        item["type"] == "Progressing" and item["reason"] == "ProgressDeadlineExceeded"
        for item in (deployment.body.get("status") or {}).get("conditions") or ()
    )
