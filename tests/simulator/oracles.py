"""What must never happen, checked at every write, and what must be so after a run.

An oracle looks at the true state of the cluster and of IAM, never at what the operator believes.
Where the operator may be behind through no fault of its own, the oracle asks only for what was true
at some time before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support.fake_cluster import Body, Write
from support.fake_iam import RoleWrite

from appinstance_operator.api.spec import parse
from appinstance_operator.desired import iam
from simulator import specs
from simulator.turns import Turns

if TYPE_CHECKING:
    from support.fake_operator import FakeOperator

    from simulator.world import World

_FREE = frozenset({"AppInstance", "Event", "Lease"})


class Violation(AssertionError):
    """The operator did what it must not."""


def condition(body: Body, kind: str) -> Body:
    """Return a condition of an object, empty when it has none of that type."""
    for item in (body.get("status") or {}).get("conditions") or ():
        if item["type"] == kind:
            found: Body = item
            return found
    return {}


def _owners(body: Body) -> set[str]:
    return {owner["uid"] for owner in body["metadata"].get("ownerReferences") or ()}


def _role_of(template: Body) -> str | None:
    for container in template["spec"]["containers"]:
        for variable in container.get("env", ()):
            if variable["name"] == "AWS_ROLE_ARN":
                return str(variable["value"])
    return None


def _secrets_of(template: Body) -> set[str]:
    """Return the Secrets without which a pod does not start."""
    found = {item["secret"]["secretName"] for item in template["spec"].get("volumes", ())
             if "secret" in item}  # fmt: skip
    for container in template["spec"]["containers"]:
        for variable in container.get("env", ()):
            reference = variable.get("valueFrom", {}).get("secretKeyRef")
            found |= {reference["name"]} if reference else set()
    return found


class Oracles:
    """Watches one world; the first violation is raised where it happens."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.in_flight: set[str] = set()
        """Processes whose request was on its way when they lost the lease: one is allowed."""
        self.found: list[str] = []
        self._turns = Turns(world)
        self._closed: set[str] = set()
        """Uids of instances that have had their policy that denies all."""
        self._unmigrated: set[tuple[str, str]] = set()
        """Uid and image of instances that asked for no migration."""
        self._secrets: set[tuple[str, str]] = set()
        self._roles: set[str] = set()
        self._ran: set[tuple[str, str, str]] = set()
        """Uid, component and image of what has been rolled out."""

    def violation(self, words: str) -> None:
        """Note a violation; it is raised when the rule that led to it ends."""
        self.found.append(words)

    def raise_found(self) -> None:
        """Raise Violation if there was one."""
        found = self.found + self._world.cluster.problems
        found += [f"values of Secret {name} were read" for name in self._world.seen_secrets]
        if found:
            raise Violation("; ".join(found[:3]))

    # At every write

    def on_write(self, write: Write) -> None:
        """Look at a change of the cluster."""
        kind, namespace, name = write.name
        if kind == "AppInstance" and write.after:
            self._note_instance(write.after.body)
        elif kind == "Secret" and write.after:
            self._secrets.add((namespace, name))
        elif kind == "Deployment" and write.writer == "deployment-controller" and write.after:
            self._note_rollout(write.after.body)
        if kind == "Deployment":
            self.found += self._turns.on_deployment(write)
        if not write.writer.startswith("operator"):
            return
        self._one_writer(write.writer, f"{write.verb} {'/'.join(write.name)}")
        if kind not in _FREE:
            self._only_its_own(write)
            if write.after:
                self._order(write)
        elif kind == "AppInstance":
            self._instance_write(write)

    def _one_writer(self, writer: str, what: str) -> None:
        if writer == self._world.leader.name:
            return
        if writer in self.in_flight:
            self.in_flight.discard(writer)
            return
        self.violation(f"second writer: {writer} did {what}")

    def _only_its_own(self, write: Write) -> None:
        """Check that a look writes what is the very instance's that is looked at, and no other."""
        meta = (self._world.process(write.writer).working or {}).get("metadata", {})
        what = f"{'/'.join(write.name)} ({write.verb})"
        if meta.get("namespace") != write.name[1]:
            self.violation(f"{what} is not in the namespace of {meta.get('name')}, looked at")
        for stored in (write.before, write.after):
            if stored and _owners(stored.body) != {meta.get("uid")}:
                self.violation(f"foreign {what} was changed, or is not {meta.get('name')}'s")

    def _order(self, write: Write) -> None:
        kind, namespace, name = write.name
        body = write.after.body if write.after else {}
        (uid,) = _owners(body)
        if kind == "NetworkPolicy" and name.endswith("-default-deny"):
            self._closed.add(uid)
        if kind in {"Deployment", "Job"} and write.before is None and uid not in self._closed:
            self.violation(f"{kind} {name} was created before everything was closed")
        if kind == "Ingress":
            self._one_host(write)
        if kind != "Deployment" or name.endswith("-frontend"):
            return
        template = body["spec"]["template"]
        role = _role_of(template)
        if role and ":role/appinstances/" in role and role.rpartition("/")[2] not in self._roles:
            self.violation(f"{name} was started before its role was there")
        image = template["spec"]["containers"][0]["image"]
        old = write.before.body["spec"]["template"] if write.before else None
        if old and old["spec"]["containers"][0]["image"] == image:
            return
        migrated = (uid, image) in self._world.controllers.jobs.completed | self._unmigrated
        if not migrated:
            self.violation(f"{name} got {image} before its migration had run")
        for secret in _secrets_of(template):
            if (namespace, secret) not in self._secrets:
                self.violation(f"{name} was started before its secret {secret} was there")

    def _one_host(self, write: Write) -> None:
        body = write.after.body if write.after else {}
        hosts = {rule["host"] for rule in body["spec"]["rules"]}
        # What an instance that is gone has left is the cluster's to collect.
        alive = {instance.uid for instance in self._world.cluster.of_kind("AppInstance")}
        for other in self._world.cluster.of_kind("Ingress"):
            if _owners(other.body) == _owners(body) or not _owners(other.body) & alive:
                continue
            if hosts & {rule["host"] for rule in other.body["spec"]["rules"]}:
                self.violation(f"host {hosts} is served twice, also by {write.name}")

    def _note_instance(self, body: Body) -> None:
        uid = body["metadata"]["uid"]
        if not body["spec"].get("database", {"migrate": False}).get("migrate", True):
            self._unmigrated.add((uid, body["spec"]["backend"]["image"]))

    def _note_rollout(self, body: Body) -> None:
        runs = self._world.controllers.deployments.running.get(body["metadata"]["uid"], ())
        for uid in _owners(body):
            for template in runs:
                container = template["spec"]["containers"][0]
                self._ran.add((uid, container["name"], container["image"]))

    # An instance's own status

    def _instance_write(self, write: Write) -> None:
        if write.after is None:
            self._let_go(write)
            return
        body, status = write.after.body, write.after.body["status"]
        ready, stalled = condition(body, "Ready"), condition(body, "Stalled")
        if stalled.get("reason") == "InternalError":
            self.violation(f"a look broke: {stalled['message']}")
        uid = body["metadata"]["uid"]
        images = dict(status.get("images") or {})
        told = [("worker", image) for image in images.pop("workers", {}).values()]
        for component, image in (*images.items(), *told):
            if (uid, component, image) not in self._ran:
                self.violation(f"status says that {image} runs, and it never did")
        if ready.get("status") != "True":
            return
        if (
            body["spec"].get("suspend")
            and ready.get("observedGeneration") == body["metadata"]["generation"]
        ):
            self.violation("a suspended instance is Ready")
        if ready.get("observedGeneration") == body["metadata"]["generation"]:
            self._truly_ready(write.writer, body)

    def _truly_ready(self, writer: str, body: Body) -> None:
        meta, world = body["metadata"], self._world
        place = (meta["namespace"], meta["name"])
        process = world.leader
        for role in self._wanted_roles(body):
            there = role.name in world.iam.roles and role.name not in world.foreign_roles
            if not there and role.name not in world.lost:
                self.violation(f"{place} is Ready without its role {role.name}")
        if writer != process.name or any(map(process.lags, process.kinds)):
            return
        parts = ["backend"] + (["frontend"] if body["spec"].get("frontend") else [])
        for part in parts:
            held = world.cluster.get("Deployment", place[0], f"{place[1]}-{part}")
            status = (held or {}).get("status") or {}
            wanted = (held or {}).get("spec", {}).get("replicas", 1)
            image = held["spec"]["template"]["spec"]["containers"][0]["image"] if held else None
            if (
                held is None
                or status.get("availableReplicas", 0) < wanted
                or status.get("observedGeneration") != held["metadata"]["generation"]
                or image != body["spec"][part]["image"]
            ):
                self.violation(f"{place} is Ready while its {part} does not run as the spec says")
        ingress = world.cluster.get("Ingress", *place)
        hosts = [rule["host"] for rule in (ingress or {}).get("spec", {}).get("rules", ())]
        address = (ingress or {}).get("status", {}).get("loadBalancer", {}).get("ingress")
        named = [body["spec"]["host"], *body["spec"].get("hosts", ())]
        if hosts != named or not address:
            self.violation(f"{place} is Ready while of its hosts {named} it serves {hosts}")
        if world.cluster.get("NetworkPolicy", place[0], f"{place[1]}-default-deny") is None:
            self.violation(f"{place} is Ready without the policy that denies all")

    def _wanted_roles(self, body: Body) -> tuple[Any, ...]:
        return iam.roles(parse(body), self._world.settings)

    def _let_go(self, write: Write) -> None:
        """Look at an instance that went because our finalizer was lifted."""
        body = write.before.body if write.before else {}
        place = (write.name[1], write.name[2])
        if body["spec"].get("deletionPolicy") == "Retain":
            self._world.retained.add(place)
            return
        left = set(self._roles_of(place))
        # Of those before it that were to leave their roles, or went by force and were not seen by
        # this process, nobody can tell what workers and jobs had of their own (docs/adr/0019).
        without_name = {name for name in left if not name.endswith(("-backend", "-secrets"))}
        if place not in self._world.orphaned | self._world.retained:
            without_name = set()
        if left - without_name:
            self.violation(f"{place} was let go while its roles {sorted(left)} are there")
        if without_name:
            return
        # What was left by those before it went with it.
        self._world.retained.discard(place)
        self._world.orphaned.discard(place)

    def _roles_of(self, place: tuple[str, str]) -> list[str]:
        return [
            name
            for name, role in self._world.iam.roles.items()
            if (role.tags.get(iam.TAG_NAMESPACE), role.tags.get(iam.TAG_NAME)) == place
            and name not in self._world.foreign_roles
        ]

    # IAM

    def on_role_write(self, write: RoleWrite) -> None:
        """Look at a change of a role."""
        if not write.writer.startswith("operator"):
            if write.before and write.name not in self._world.foreign_roles:
                self._world.lost.add(write.name)
            return
        self._one_writer(write.writer, f"{write.action} {write.name}")
        if write.writer == self._world.leader.name:
            self._world.lost.discard(write.name)
        else:
            # The last request of one that led before: the leader could not know of it.
            self._world.lost.add(write.name)
        if write.name in self._world.foreign_roles:
            self.violation(f"foreign role {write.name} was changed ({write.action})")
        if write.after is None:
            self._role_unused(write)
        else:
            self._roles.add(write.name)
            if write.before is None and not write.after.boundary:
                self.violation(f"role {write.name} was made without a boundary")

    def _role_unused(self, write: RoleWrite) -> None:
        world = self._world
        for deployment in world.cluster.of_kind("Deployment"):
            owners = _owners(deployment.body)
            alive = any(
                instance.uid in owners and not instance.body["metadata"].get("deletionTimestamp")
                for instance in world.cluster.of_kind("AppInstance")
            )
            arn = write.before.arn if write.before else ""
            runs = world.controllers.deployments.running.get(deployment.uid, ())
            if alive and any(_role_of(template) == arn for template in runs):
                self.violation(f"role {write.name} was removed while pods use it")

    # After work, and at the end

    def after_work(self, process: FakeOperator) -> None:
        """Look at what a reconcile let out."""
        for error in process.errors:
            self.violation(f"a look let out {error}")
        process.errors.clear()

    def check_foreign(self) -> None:
        """Compare what is foreign, byte for byte, with what it was."""
        world = self._world
        for name, text in world.foreign.items():
            held = world.cluster.objects.get(name)
            if held is None or held.text != text:
                self.violation(f"foreign {'/'.join(name)} is not what it was")
        for role_name, role in world.foreign_roles.items():
            if world.iam.roles.get(role_name) != role:
                self.violation(f"foreign role {role_name} is not what it was")

    def check_roles(self) -> None:
        """Compare the roles that are left with those of the instances that are there."""
        world = self._world
        places = set()
        for instance in world.cluster.of_kind("AppInstance"):
            meta = instance.body["metadata"]
            places.add((meta["namespace"], meta["name"]))
        for instance in world.cluster.of_kind("AppInstance"):
            if condition(instance.body, "Ready").get("status") == "True":
                meta = instance.body["metadata"]
                place = (meta["namespace"], meta["name"])
                wanted = {role.name for role in self._wanted_roles(instance.body)}
                more = set(self._roles_of(place)) - wanted
                if more and place not in world.orphaned | world.retained:
                    self.violation(f"{place} has roles that it has no use for: {sorted(more)}")
        for place in set(specs.PLACES) - places - world.retained - world.orphaned:
            left = self._roles_of(place)
            if left:
                self.violation(f"roles {left} are left of {place}, which is gone")
