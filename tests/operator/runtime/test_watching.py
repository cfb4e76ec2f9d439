"""What is watched under which settings."""

from __future__ import annotations

import time
from typing import Any

import pytest
from support.golden_settings import golden_values
from support.operator_world import GOLDEN

from appinstance_operator.api.errors import SettingsError
from appinstance_operator.api.settings import parse_settings
from appinstance_operator.api.spec import KIND
from appinstance_operator.desired import iam
from appinstance_operator.kube.cache import Cache
from appinstance_operator.kube.client import ApiError
from appinstance_operator.kube.kinds import CHILDREN, NAMESPACE, SECRET
from appinstance_operator.runtime.watching import Watches
from appinstance_operator.signals.metrics import Metrics

_CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/0a1b"


class Lists:
    """A client that has nothing, or refuses."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.asked: list[tuple[str, str | None]] = []
        self.instances: list[dict[str, Any]] = []

    def pages(self, kind: Any, _selector: str, namespace: str | None) -> Any:
        self.asked.append((kind.kind, namespace))
        if self.errors:
            raise self.errors.pop(0)
        items = self.instances if kind.kind == KIND else []
        return iter([{"items": items, "metadata": {"resourceVersion": "10"}}])


def _watches(kube: Lists, metrics: Metrics | None = None, **settings: Any) -> Watches:
    values = golden_values(GOLDEN)
    edge = {**values["edge"], **settings.pop("edge", {})}
    known = parse_settings({**values, "edge": edge, **settings})
    return Watches(kube, Cache(), known, metrics or Metrics(), lambda _key: None)  # type: ignore[arg-type]


def _kinds(watches: Watches) -> list[str]:
    return [watch.kind.kind for watch in watches.watches]


def test_all_that_instances_own_and_their_secrets_are_watched_once() -> None:
    assert _kinds(_watches(Lists())) == [kind.kind for kind in (*CHILDREN, SECRET)]


def test_namespaces_are_watched_where_a_load_balancer_of_aws_is_the_edge() -> None:
    alb = {"className": "alb", "certificateArn": _CERTIFICATE}
    assert NAMESPACE.kind in _kinds(_watches(Lists(), edge=alb))
    assert NAMESPACE.kind not in _kinds(_watches(Lists(), edge=alb, namespaces=["team"]))
    assert NAMESPACE.kind not in _kinds(_watches(Lists()))


def test_kept_to_namespaces_nothing_else_is_asked_for() -> None:
    kube = Lists()
    _watches(kube, namespaces=["one", "two"]).fill()
    assert {namespace for _, namespace in kube.asked} == {"one", "two"}
    assert len(kube.asked) == 2 * (len(CHILDREN) + 2)


def test_the_cache_is_filled_with_appinstances_last() -> None:
    kube = Lists()
    _watches(kube).fill()
    assert kube.asked[-1] == ("AppInstance", None)


def test_a_kind_that_is_not_served_is_named_with_what_to_install() -> None:
    with pytest.raises(SettingsError, match=r"does not serve .* Ingress; install what brings it"):
        _watches(Lists(ApiError(404, "no"))).fill()


def _instance(role: str, field: str = "roles", part: str = "backend") -> dict[str, Any]:
    meta = {"namespace": "team", "name": "shop", "uid": "u", "resourceVersion": "5"}
    arn = f"arn:aws:iam::123456789012:role{role}"
    return {"metadata": meta, "spec": {}, "status": {field: {part: arn}}}


@pytest.mark.parametrize(
    "former",
    [{"roleNamePrefix": "before-"}, {"path": "/before/"}],
    ids=lambda item: next(iter(item)),
)
@pytest.mark.parametrize(
    ("field", "part"),
    [("roles", "backend"), ("ownRoles", "worker-mail"), ("pendingRoles", "job-nightly")],
)
def test_a_prefix_or_path_that_would_leave_roles_behind_stops_the_start(
    former: dict[str, str], field: str, part: str
) -> None:
    values = golden_values(GOLDEN)
    before = parse_settings({**values, "iam": {**values["iam"], **former}})
    name = iam.role_of("team", "shop", before, part)
    kube = Lists()
    kube.instances = [_instance(f"{before.iam.path}{name}", field, part)]
    with pytest.raises(
        SettingsError, match=r"iam.path or iam.roleNamePrefix .*team/shop.* put it back"
    ):
        _watches(kube).fill()
    # Under the settings that they were made with, all is well.
    _watches(kube, iam={**values["iam"], **former}).fill()


@pytest.mark.parametrize(
    "role",
    [
        "/own/role",
        "/appinstances/appi-team-shop-0123456789-backend",
        "/before/before-team-shop-0123456789abcdef-backend",
    ],
    ids=["the tenant's own", "of an earlier version", "of another cluster"],
)
def test_other_roles_in_a_status_stop_nothing(role: str) -> None:
    kube = Lists()
    kube.instances = [_instance(role)]
    _watches(kube).fill()


def test_a_server_that_starts_is_waited_for_and_one_that_forbids_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    kube = Lists(ApiError(0, "away"), ApiError(503, "starting"))
    _watches(kube).fill()
    assert [kind for kind, _ in kube.asked[:3]] == ["Ingress"] * 3
    with pytest.raises(ApiError):
        _watches(Lists(ApiError(403, "no"))).fill()
    with pytest.raises(ApiError):
        _watches(Lists(*[ApiError(0, "away")] * 12)).fill()


def test_every_kind_shows_the_age_of_its_watch() -> None:
    metrics = Metrics()
    _watches(Lists(), metrics, namespaces=["one", "two"])
    shown = b"".join(metrics.page()).decode()
    assert shown.count("appinstance_watch_age_seconds{") == len(CHILDREN) + 1


def test_whoever_comes_to_lead_asks_for_instances_what_they_serve_and_who_rolls() -> None:
    kube = Lists()
    _watches(kube).catch_up()
    assert kube.asked == [("Ingress", None), ("Deployment", None), ("AppInstance", None)]
