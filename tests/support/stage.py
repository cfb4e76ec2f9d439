"""A calm world for behaviour tests: one operator process over the fakes, all in one thread."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from appinstance_operator.api.settings import Settings, parse_settings
from support.crd_schema import status_problems
from support.fake_cluster import Body, FakeCluster, Name, Write
from support.fake_controllers import Controllers
from support.fake_iam import FakeIam
from support.fake_operator import Clock, FakeOperator
from support.golden_settings import DESIRED, golden_values

NAMESPACE, NAME = "acme", "shop"
PLACE = (NAMESPACE, NAME)
V1, V2 = "registry.example.com/backend:v1", "registry.example.com/backend:v2"
PAGE = "registry.example.com/frontend:v1"


def stage_settings(**changes: Any) -> Settings:
    """Return the golden settings with changes at the top level."""
    values = copy.deepcopy(golden_values(DESIRED / "golden" / "alb-with-page"))
    for key, value in changes.items():
        values[key] = {**values[key], **value} if isinstance(values.get(key), dict) else value
    return parse_settings(values)


class Stage:
    """A cluster, IAM, controllers and an operator; `settle` lets all of them come to rest."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or stage_settings()
        self.clock = Clock()
        self.cluster = FakeCluster()
        self.iam = FakeIam()
        self.controllers = Controllers(self.cluster, self._now)
        self.writes: list[Write] = []
        self.cluster.on_write = self.writes.append
        manifest = {
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {
                "name": NAMESPACE, "namespace": "",
                "labels": {"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"},
            },
        }  # fmt: skip
        self.cluster.create("admin", "Namespace", manifest)
        self.restart()

    def _now(self) -> str:
        moment = datetime.datetime.fromtimestamp(self.clock.now, datetime.UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    # The operator

    def restart(self, settings: Settings | None = None) -> None:
        """Start the operator anew: nothing in its memory, all that is there in its cache."""
        self.settings = settings or self.settings
        self.operator = FakeOperator(self.cluster, self.iam, self.settings, self.clock)
        self.operator.fill()
        self.operator.wake_all()

    def look(self, *, iam: bool = True) -> None:
        """Let the operator come to rest; without `iam`, AWS gives no answer at all."""
        for _ in range(200):
            for kind in self.operator.kinds:
                if self.operator.lags(kind):
                    self.operator.follow(kind)
            if iam:
                self.operator.parts.background()
            if self.operator.work() is None and not any(
                map(self.operator.lags, self.operator.kinds)
            ):
                break
        else:
            raise AssertionError("the operator does not come to rest")
        assert self.operator.errors == []

    def settle(self, *, iam: bool = True) -> None:
        """Let controllers and operator come to rest."""
        for _ in range(40):
            before = (self.cluster.version, dict(self.iam.roles))
            self.controllers.step()
            self.look(iam=iam)
            if before == (self.cluster.version, self.iam.roles):
                return
        raise AssertionError("the world does not come to rest")

    def pass_time(self, seconds: float) -> None:
        """Let time pass; the looks that fall due are queued."""
        self.clock.now += seconds
        self.operator.due()

    @contextmanager
    def iam_fails(self, error: Exception, only: str = "") -> Iterator[None]:
        """Let every call of IAM fail, or those of one action."""

        def refuse(action: str, _role: str) -> None:
            if action.startswith(only):
                raise error

        allowed = self.operator.iam.before
        self.operator.iam.before = refuse
        yield
        self.operator.iam.before = allowed

    # Users

    def apply(self, name: str = NAME, namespace: str = NAMESPACE, **spec: Any) -> None:
        """Create an instance, or change fields of its spec (None takes one out)."""
        where: Name = ("AppInstance", namespace, name)
        held = self.cluster.get(*where)
        wanted = dict(held["spec"]) if held else self._first_spec(namespace, name)
        wanted.update(spec)
        wanted = {key: value for key, value in wanted.items() if value is not None}
        if held:
            self.cluster.edit("user", where, lambda body: {**body, "spec": wanted})
            return
        manifest = {
            "apiVersion": "platform.appinstance.io/v1alpha1", "kind": "AppInstance",
            "metadata": {"namespace": namespace, "name": name}, "spec": wanted,
        }  # fmt: skip
        self.cluster.create("user", "AppInstance", manifest)

    def _first_spec(self, namespace: str, name: str) -> dict[str, Any]:
        key = f"apps/{namespace}/{name}/database"
        return {
            "host": f"{name}.apps.example.com",
            "backend": {"image": V1},
            "frontend": {"image": PAGE},
            "database": {"credentials": {"remoteRef": {"key": key}}},
        }

    def delete(self, kind: str, name: str) -> None:
        """Delete an object as a person would."""
        self.cluster.delete("user", (kind, NAMESPACE, name))

    def replace_by_force(self) -> None:
        """Patch the finalizer of the instance away, delete it, and make it anew at once."""

        def bare(body: Body) -> Body:
            meta = {key: val for key, val in body["metadata"].items() if key != "finalizers"}
            return {**body, "metadata": meta}

        self.cluster.edit("user", ("AppInstance", *PLACE), bare)
        self.delete("AppInstance", NAME)

    # What is

    def get(self, kind: str, name: str) -> Body | None:
        """Return an object."""
        return self.cluster.get(kind, NAMESPACE, name)

    def must(self, kind: str, name: str) -> Body:
        """Return an object that has to be there."""
        found = self.get(kind, name)
        assert found is not None, f"there is no {kind} {name}"
        return found

    def status(self, name: str = NAME, namespace: str = NAMESPACE) -> Mapping[str, Any]:
        """Return the status of an instance, which the API server would take."""
        body = self.cluster.get("AppInstance", namespace, name)
        assert body is not None
        status: Mapping[str, Any] = body["status"]
        assert status_problems(status) == ()
        assert self.cluster.problems == []
        return status

    def condition(self, kind: str, name: str = NAME, namespace: str = NAMESPACE) -> Body:
        """Return a condition of an instance, empty when it has none of that type."""
        for item in self.status(name, namespace).get("conditions", ()):
            if item["type"] == kind:
                found: Body = item
                return found
        return {}

    def ready(self) -> str:
        """Return the status of the condition Ready."""
        return str(self.condition("Ready").get("status"))

    def image(self, component: str = "backend") -> str:
        """Return the image that a Deployment asks for."""
        body = self.must("Deployment", f"{NAME}-{component}")
        return str(body["spec"]["template"]["spec"]["containers"][0]["image"])

    def template(self) -> Body:
        """Return the backend's pod template."""
        found: Body = self.must("Deployment", f"{NAME}-backend")["spec"]["template"]
        return found

    def operator_writes(self) -> list[str]:
        """Return what the operator wrote since the last time this was asked."""
        found = [
            f"{write.verb} {'/'.join(write.name)}"
            for write in self.writes
            if write.writer == self.operator.name
        ]
        self.writes.clear()
        return found
