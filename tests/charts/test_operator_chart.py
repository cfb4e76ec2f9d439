"""The operator's Deployment: identity, settings, replicas; and what the uninstall does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from appinstance_operator.api.settings import load_settings
from appinstance_operator.cli import drain
from appinstance_operator.cli import main as cli
from appinstance_operator.runtime import operator
from appinstance_operator.runtime.lease import Timing

if TYPE_CHECKING:
    from support.helm import Helm

pytestmark = pytest.mark.integration
_CHART = "appinstance-operator"
_ALL = ["operator-minimal", "operator-local", "operator-production"]
_TOKEN = "/var/run/secrets/eks.amazonaws.com/serviceaccount"


def _one(objects: Iterable[dict[str, Any]], kind: str, name: str | None = None) -> dict[str, Any]:
    (found,) = [
        item
        for item in objects
        if item["kind"] == kind and name in (None, item["metadata"]["name"])
    ]
    return found


def _operator(objects: Iterable[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    template = _one(objects, "Deployment")["spec"]["template"]
    (container,) = template["spec"]["containers"]
    return template, container


def _environment(container: Mapping[str, Any]) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in container["env"] if "value" in entry}


@pytest.mark.parametrize("values", _ALL)
def test_the_operator_can_load_its_settings(helm: Helm, values: str, tmp_path: Path) -> None:
    objects = helm.objects(_CHART, [values])
    template, container = _operator(objects)
    (volume,) = [entry for entry in template["spec"]["volumes"] if entry["name"] == "settings"]
    settings = _one(objects, "ConfigMap", volume["configMap"]["name"])["data"]
    (mount,) = [entry for entry in container["volumeMounts"] if entry["name"] == "settings"]
    path = Path(container["args"][2])
    told = cli.parser().parse_args(container["args"])
    assert container["args"][0] == "run"
    assert (told.settings, told.port) == (path, container["ports"][0]["containerPort"])
    assert str(path.parent) == mount["mountPath"]
    file = tmp_path / path.name
    file.write_text(settings[path.name])
    loaded = load_settings(file)
    assert _environment(container)["AWS_REGION"] == loaded.region


def test_a_change_of_the_settings_rolls_the_operator_and_nothing_else_does(helm: Helm) -> None:
    def checksum(*more: str) -> str:
        template, _ = _operator(helm.objects(_CHART, ["operator-minimal"], *more))
        told = template["metadata"]["annotations"]["checksum/settings"]
        assert isinstance(told, str)
        return told

    assert checksum() != checksum("--set", "settings.region=eu-west-1")
    assert checksum() == checksum("--set", "uninstall.mode=delete")


@pytest.mark.parametrize("values", _ALL)
def test_two_run_and_an_upgrade_adds_one_before_it_ends_one(helm: Helm, values: str) -> None:
    spec = _one(helm.objects(_CHART, [values]), "Deployment")["spec"]
    assert spec["replicas"] == 2
    assert spec["strategy"] == {
        "type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}
    }  # fmt: skip


def test_one_is_enough_where_one_says_so(helm: Helm) -> None:
    objects = helm.objects(_CHART, ["operator-production"], "--set", "replicas=1")
    assert _one(objects, "Deployment")["spec"]["replicas"] == 1
    (group,) = _one(objects, "PrometheusRule")["spec"]["groups"]
    alerts = {rule["alert"] for rule in group["rules"]}
    assert "AppInstanceOperatorNoLeader" in alerts
    assert "AppInstanceOperatorNoStandby" not in alerts


def test_the_replicas_are_on_nodes_of_their_own(helm: Helm) -> None:
    template, _ = _operator(helm.objects(_CHART, ["operator-production"]))
    spread = {item["topologyKey"]: item for item in template["spec"]["topologySpreadConstraints"]}
    node, zone = spread["kubernetes.io/hostname"], spread["topology.kubernetes.io/zone"]
    assert (node["whenUnsatisfiable"], node["maxSkew"]) == ("DoNotSchedule", 1)
    # A node that is being drained counts for nothing: else the pod that leaves it could go nowhere.
    assert node["nodeTaintsPolicy"] == "Honor"
    assert zone["whenUnsatisfiable"] == "ScheduleAnyway"
    for item in (node, zone):
        assert item["labelSelector"]["matchLabels"].items() <= (
            template["metadata"]["labels"].items()
        )
        assert item["matchLabelKeys"] == ["pod-template-hash"]


def test_the_level_of_the_logs_is_a_value(helm: Helm) -> None:
    for words, level in (((), "INFO"), (("--set", "logLevel=debug"), "DEBUG")):
        _, container = _operator(helm.objects(_CHART, ["operator-minimal"], *words))
        assert cli.parser().parse_args(container["args"]).log_level == level
    assert "logLevel" in helm.refusal(_CHART, ["operator-minimal"], "--set", "logLevel=loud")


def test_the_pod_says_where_the_lease_is_and_for_how_long(helm: Helm) -> None:
    words = ("--set", "leaseDurationSeconds=30")
    template, container = _operator(helm.objects(_CHART, ["operator-production"], *words))
    fields = {
        entry["name"]: entry["valueFrom"]["fieldRef"]["fieldPath"]
        for entry in container["env"]
        if "valueFrom" in entry
    }
    assert fields == {"POD_NAME": "metadata.name", "POD_NAMESPACE": "metadata.namespace"}
    told = cli.parser().parse_args(container["args"])
    assert (told.lease_duration, told.no_lease, told.lease_namespace) == (30, False, None)
    grace = template["spec"]["terminationGracePeriodSeconds"]
    assert grace >= operator.DRAIN_SECONDS + Timing(30).renew_deadline + 5


@pytest.mark.parametrize("words", ["replicas=0", "leaseDurationSeconds=2"])
def test_none_at_all_and_a_term_too_short_are_refused(helm: Helm, words: str) -> None:
    assert words.partition("=")[0] in helm.refusal(_CHART, ["operator-minimal"], "--set", words)


@pytest.mark.parametrize("values", _ALL)
def test_the_budget_and_the_service_select_the_operator_and_not_the_drain(
    helm: Helm, values: str
) -> None:
    objects = helm.objects(_CHART, [values])
    operator = _operator(objects)[0]["metadata"]["labels"]
    drain_labels = _one(objects, "Job")["spec"]["template"]["metadata"]["labels"]
    for selector in (
        _one(objects, "Deployment")["spec"]["selector"]["matchLabels"],
        _one(objects, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        _one(objects, "Service")["spec"]["selector"],
    ):
        assert selector.items() <= operator.items()
        assert not selector.items() <= drain_labels.items()


def test_the_budget_keeps_one_of_two_and_never_blocks_a_node_drain(helm: Helm) -> None:
    spec = _one(helm.objects(_CHART, ["operator-production"]), "PodDisruptionBudget")["spec"]
    assert "minAvailable" not in spec
    assert spec["maxUnavailable"] == 1


@pytest.mark.parametrize("values", ["operator-local", "operator-production"])
def test_the_identity_is_written_by_the_chart_itself(helm: Helm, values: str) -> None:
    objects = helm.objects(_CHART, [values])
    template, container = _operator(objects)
    environment = _environment(container)
    account = _one(objects, "ServiceAccount", template["spec"]["serviceAccountName"])
    role = account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"]
    assert environment["AWS_ROLE_ARN"] == role
    assert environment["AWS_WEB_IDENTITY_TOKEN_FILE"] == f"{_TOKEN}/token"
    assert environment["AWS_STS_REGIONAL_ENDPOINTS"] == "regional"
    (mount,) = [entry for entry in container["volumeMounts"] if entry["name"] == "aws-token"]
    assert mount == {"name": "aws-token", "mountPath": _TOKEN, "readOnly": True}
    (volume,) = [entry for entry in template["spec"]["volumes"] if entry["name"] == "aws-token"]
    (source,) = volume["projected"]["sources"]
    assert source["serviceAccountToken"]["audience"] == "sts.amazonaws.com"
    assert source["serviceAccountToken"]["path"] == "token"


def test_only_the_local_platform_has_another_aws(helm: Helm) -> None:
    def environment(values: str) -> dict[str, str]:
        return _environment(_operator(helm.objects(_CHART, [values]))[1])

    assert environment("operator-local")["AWS_ENDPOINT_URL"] == (
        "http://moto.aws.svc.cluster.local:5000"
    )
    assert "AWS_ENDPOINT_URL" not in environment("operator-production")


def test_without_a_role_there_is_no_identity_and_no_fallback_to_the_nodes(helm: Helm) -> None:
    objects = helm.objects(_CHART, ["operator-minimal"])
    template, container = _operator(objects)
    environment = _environment(container)
    assert not {"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"} & environment.keys()
    assert environment["AWS_EC2_METADATA_DISABLED"] == "true"
    assert "aws-token" not in {entry["name"] for entry in template["spec"]["volumes"]}


@pytest.mark.parametrize("values", _ALL)
def test_no_static_keys_anywhere(helm: Helm, values: str) -> None:
    text = helm.text(_CHART, [values])
    assert "AWS_ACCESS_KEY_ID" not in text
    assert "AWS_SECRET_ACCESS_KEY" not in text
    assert "kind: Secret\n" not in text


# ---- uninstalling


def _hooks(objects: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        item["kind"]: item
        for item in objects
        if item["metadata"].get("annotations", {}).get("helm.sh/hook") == "pre-delete"
    }


@pytest.mark.parametrize(
    ("mode", "verbs"), [("refuse", ["list"]), ("delete", ["list", "watch", "delete"])]
)
def test_the_drain_may_do_what_its_mode_needs_and_exists_only_then(
    helm: Helm, mode: str, verbs: list[str]
) -> None:
    hooks = _hooks(helm.objects(_CHART, ["operator-minimal"], "--set", f"uninstall.mode={mode}"))
    assert set(hooks) == {"ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Job"}
    assert hooks["ClusterRole"]["rules"] == [
        {"apiGroups": ["platform.appinstance.io"], "resources": ["appinstances"], "verbs": verbs}
    ]
    (subject,) = hooks["ClusterRoleBinding"]["subjects"]
    account = hooks["ServiceAccount"]["metadata"]
    assert (subject["name"], subject["namespace"]) == (account["name"], account["namespace"])
    assert (
        hooks["ClusterRoleBinding"]["roleRef"]["name"] == (hooks["ClusterRole"]["metadata"]["name"])
    )
    assert hooks["Job"]["spec"]["template"]["spec"]["serviceAccountName"] == account["name"]
    for hook in hooks.values():
        policy = hook["metadata"]["annotations"]["helm.sh/hook-delete-policy"]
        assert policy == "before-hook-creation,hook-succeeded"


def test_the_account_is_there_before_the_job(helm: Helm) -> None:
    hooks = _hooks(helm.objects(_CHART, ["operator-minimal"]))
    weights = {
        kind: int(hook["metadata"]["annotations"]["helm.sh/hook-weight"])
        for kind, hook in hooks.items()
    }
    assert max(weights["ServiceAccount"], weights["ClusterRole"]) < weights["ClusterRoleBinding"]
    assert weights["ClusterRoleBinding"] < weights["Job"]


@pytest.mark.parametrize("mode", drain.MODES)
def test_the_job_says_what_the_command_understands(helm: Helm, mode: str) -> None:
    objects = helm.objects(_CHART, ["operator-minimal"], "--set", f"uninstall.mode={mode}")
    job = _hooks(objects)["Job"]
    (container,) = job["spec"]["template"]["spec"]["containers"]
    told = cli.parser().parse_args(container["args"])
    assert (told.run, told.mode) == (drain.run, mode)
    # The command gives its own sentence before Kubernetes or Helm (5 minutes) cut it off.
    assert told.timeout < job["spec"]["activeDeadlineSeconds"]
    assert job["spec"]["activeDeadlineSeconds"] <= 300
    assert job["spec"]["backoffLimit"] == 0


def test_ignoring_what_is_left_is_a_decision_of_its_own(helm: Helm) -> None:
    assert (
        _hooks(helm.objects(_CHART, ["operator-minimal"], "--set", "uninstall.mode=ignore")) == {}
    )


# ---- monitoring


def test_monitoring_is_off_where_its_kinds_may_be_unknown(helm: Helm) -> None:
    kinds = {item["kind"] for item in helm.objects(_CHART, ["operator-minimal"])}
    assert not kinds & {"ServiceMonitor", "PrometheusRule"}


def test_the_service_monitor_finds_the_service(helm: Helm) -> None:
    objects = helm.objects(_CHART, ["operator-production"])
    monitor, service = _one(objects, "ServiceMonitor")["spec"], _one(objects, "Service")
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    (endpoint,) = monitor["endpoints"]
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}


def test_a_service_monitor_without_its_service_is_refused(helm: Helm) -> None:
    told = helm.refusal(_CHART, ["operator-production"], "--set", "metrics.service=false")
    assert "set metrics.service to true" in told


def test_the_dashboard_is_carried_unchanged(helm: Helm) -> None:
    objects = helm.objects(_CHART, ["operator-production"])
    (dashboard,) = [
        item["data"] for item in objects
        if item["kind"] == "ConfigMap" and "appinstance.json" in item["data"]
    ]  # fmt: skip
    folder = Path(__file__).resolve().parents[2] / f"charts/{_CHART}/dashboards"
    assert set(dashboard) == {path.name for path in folder.iterdir()}
    for name, text in dashboard.items():
        assert yaml.safe_load(text) == yaml.safe_load((folder / name).read_text())
