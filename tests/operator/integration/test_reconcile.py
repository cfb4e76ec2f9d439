"""The operator as a process against a real API server: what it makes, repairs, removes and says."""

from __future__ import annotations

import base64
import json
from functools import partial
from typing import Any

import pytest
from support.golden_settings import golden_values
from support.operator_world import GOLDEN, World
from support.waiting import WAIT_SECONDS, wait_for

from appinstance_local.platform.iam_evaluator import trusts

pytestmark = pytest.mark.integration

PATIENTLY = f"--timeout={WAIT_SECONDS:.0f}s"
THEIRS = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}],
    }
)


def test_each_gate_says_what_it_waits_for_until_ready(world: World) -> None:
    world.start()
    world.apply()
    waits = world.wait_condition("SecretsReady", "ExternalSecretNotSynced")
    assert f"secret apps/{world.namespace}/shop/database not synced" in waits["message"]
    assert world.get("networkpolicy", "shop-default-deny")
    wait_for("the roles", lambda: len(world.roles()) == 2)
    assert world.get("deployment", "shop-backend") == {}
    world.sync_secrets()
    world.wait_condition("MigrationsApplied", "Running")
    assert world.get("deployment", "shop-backend") == {}
    (job,) = wait_for("the migration", world.jobs)
    world.finish_job(job)
    world.wait_condition("WorkloadsAvailable", "RolloutInProgress")
    world.roll_out()
    world.wait_condition("IngressReady", "AddressPending")
    assert world.condition("Ready")["status"] == "False"
    world.give_address()
    world.kubectl("wait", "--for=condition=Ready", "appi/shop", PATIENTLY)
    body = world.get("appi", "shop")
    assert body["status"]["observedGeneration"] == body["metadata"]["generation"]
    assert body["status"]["replicas"]["summary"] == "backend 2/2, frontend 2/2"
    kinds = {item["type"] for item in body["status"]["conditions"]}
    assert "Reconciling" not in kinds
    assert "Stalled" not in kinds


def test_a_refused_secret_is_named_with_the_clouds_own_words(world: World) -> None:
    world.start()
    world.apply()
    world.refuse_secret()
    told = wait_for(
        "the cause",
        lambda: (
            "AccessDeniedException" in (m := world.condition("SecretsReady").get("message", ""))
            and m
        ),
    )
    assert told == (
        f"secret apps/{world.namespace}/shop/database not synced: "
        "AccessDeniedException: not authorized, "
        "so the backend has not been started or changed"
    )


def _tokens(world: World) -> dict[str, tuple[str, str]]:
    """Return what a token of the API server says for each account: subject and audience."""
    found = {}
    for account in world.kubectl("get", "serviceaccounts", "-o", "name").split():
        name = account.rpartition("/")[2]
        token = world.kubectl("create", "token", name, "--audience", "sts.amazonaws.com")
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        found[name] = claims["sub"], claims["aud"][0]
    return found


def _trust(world: World, arn: str) -> Any:
    role = world.iam().get_role(RoleName=arn.rpartition("/")[2])["Role"]
    return role["AssumeRolePolicyDocument"]


def test_workers_and_jobs_are_made_and_cost_nothing_once_they_are_there(world: World) -> None:
    world.start()
    mail = {"name": "mail", "args": ["mail"], "uses": ["database", "media"], "metrics": {}}
    nightly = {"name": "nightly", "schedule": "30 2 * * *", "timeZone": "Europe/Berlin"}
    reads = {"args": ["nightly"], "uses": ["media"], "role": "ReadOnly"}
    world.apply(workers=[{**mail, "role": "Own"}], jobs=[{**nightly, **reads}])
    world.settle(parts=("backend", "frontend", "worker-mail"))
    body = world.get("appi", "shop")
    assert body["status"]["images"]["workers"].keys() == {"mail"}
    assert body["status"]["replicas"]["summary"] == "backend 2/2, frontend 2/2, worker-mail 1/1"
    assert world.condition("JobsSucceeded")["reason"] == "NoRunFailed"
    # Each by itself, until a look asks for nothing: a list of all that there is comes now and then.
    world.wait_at_rest("cronjob", "shop-job-nightly")
    world.wait_at_rest("deployment", "shop-worker-mail")
    roles = {**body["status"]["roles"], **body["status"]["ownRoles"]}
    assert roles.keys() == {"backend", "secrets", "worker-mail", "job-nightly"}
    tokens, issuer = _tokens(world), golden_values(GOLDEN)["oidc"]["issuer"]
    for part, arn in roles.items():
        trust = _trust(world, arn)
        takers = {name for name, said in tokens.items() if trusts(trust, issuer, *said)}
        assert takers == {f"shop-{part}"}
    # Given back, they go once the pods have the backend's.
    world.apply(workers=[mail], jobs=[])
    wait_for(
        "the backend's account",
        lambda: (
            world.get("deployment", "shop-worker-mail")["spec"]["template"]["spec"][
                "serviceAccountName"
            ]
            == "shop-backend"
        ),
    )
    # A Deployment that is applied after its roll-out was told would never be seen rolled out.
    world.wait_reconciled(0)
    world.roll_out(parts=("backend", "frontend", "worker-mail"))
    wait_for("the two roles", lambda: len(world.roles()) == 2)


def test_a_run_by_hand_is_not_the_operators_and_a_failed_one_is_told(world: World) -> None:
    world.start()
    nightly = {"name": "nightly", "schedule": "30 2 * * *", "args": ["nightly"]}
    world.apply(jobs=[nightly])
    world.settle()
    cron_job = world.get("cronjob", "shop-job-nightly")
    run = "shop-job-nightly-29000000"
    world.kubectl("create", "job", "--from=cronjob/shop-job-nightly", run)
    world.finish_job(run, failed=True)
    begun = {"lastScheduleTime": "2025-02-19T21:20:00Z"}
    world.patch_status("cronjob", "shop-job-nightly", begun)
    told = world.wait_condition("JobsSucceeded", "RunFailed")
    assert f"read `kubectl logs job/{run}`" in told["message"]
    assert world.condition("Ready")["status"] == "True"
    # The gauge is set a moment after the status is written.
    wait_for(
        "the gauge",
        lambda: world.metric(
            "appinstance_condition{"
            f'name="shop",namespace="{world.namespace}",status="False",type="JobsSucceeded"}}'
        ),
    )
    world.apply(jobs=[nightly], suspend=True)
    wait_for("no run", lambda: world.get("cronjob", "shop-job-nightly")["spec"]["suspend"])
    world.apply(jobs=[], suspend=False)
    wait_for("its end", partial(world.is_gone, "cronjob", "shop-job-nightly"))
    assert cron_job["metadata"]["labels"]["app.kubernetes.io/component"] == "job-nightly"


def test_a_settled_instance_costs_no_request_and_a_restart_no_write(world: World) -> None:
    world.start()
    world.apply()
    world.settle()
    world.wait_at_rest("deployment", "shop-backend")
    version = world.get("appi", "shop")["metadata"]["resourceVersion"]
    # Somebody else's label is an event, so the operator looks and finds nothing to do. The list of
    # all that there is comes two seconds after kopf's: a look during which it came counts for none.
    world.wait_at_rest("networkpolicy", "shop-backend")
    world.stop()
    world.start()
    world.wait_reconciled(0)
    assert world.requests(), "a restart reads at least"
    assert world.writes() == {}
    assert world.get("appi", "shop")["metadata"]["resourceVersion"] == version


# A kind, a name, what somebody writes into it, and the field that is to be as it was.
DRIFTS: tuple[tuple[str, str, dict[str, object], tuple[str, ...]], ...] = (
    ("networkpolicy", "shop-backend", {"spec": {"egress": [{}]}}, ("spec", "egress")),
    (
        "networkpolicy", "shop-default-deny",
        {"spec": {"podSelector": {"matchLabels": {"chosen": "none"}}}}, ("spec", "podSelector"),
    ),
    ("service", "shop-backend", {"spec": {"selector": {"a": "b"}}}, ("spec", "selector")),
    ("deployment", "shop-frontend", {"spec": {"replicas": 7}}, ("spec", "replicas")),
    ("ingress", "shop", {"spec": {"ingressClassName": "x"}}, ("spec", "ingressClassName")),
    ("configmap", "shop-database-ca", {"data": {"ca.crt": "other"}}, ("data", "ca.crt")),
    ("pdb", "shop-backend", {"spec": {"maxUnavailable": 2}}, ("spec", "maxUnavailable")),
    (
        "serviceaccount", "shop-backend", {"automountServiceAccountToken": True},
        ("automountServiceAccountToken",),
    ),
    (
        "externalsecret", "shop-app", {"spec": {"refreshInterval": "24h"}},
        ("spec", "refreshInterval"),
    ),
    (
        "secretstore", "shop", {"spec": {"provider": {"aws": {"region": "us-east-1"}}}},
        ("spec", "provider", "aws", "region"),
    ),
)  # fmt: skip


def test_drift_is_repaired(world: World) -> None:
    def value(kind: str, name: str, field: tuple[str, ...]) -> object:
        found: object = world.get(kind, name)
        for part in field:
            found = found.get(part) if isinstance(found, dict) else None
        return found

    def is_again(before: object, *where: Any) -> bool:
        return value(*where) == before

    world.start()
    world.apply()
    world.settle()
    for kind, name, patch, field in DRIFTS:
        before = value(kind, name, field)
        world.patch(kind, name, patch)
        wait_for(f"{kind} {name} to be right", partial(is_again, before, kind, name, field))


def test_a_path_added_to_the_ingress_is_taken_away(world: World) -> None:
    world.start()
    world.apply()
    world.settle()

    def rules() -> object:
        return (world.get("ingress", "shop") or {})["spec"]["rules"]

    before = rules()
    added = {
        "path": "/admin",
        "pathType": "Prefix",
        "backend": {"service": {"name": "elsewhere", "port": {"number": 80}}},
    }
    patch = [{"op": "add", "path": "/spec/rules/0/http/paths/0", "value": added}]
    world.patch("ingress", "shop", patch)
    wait_for("the repair", lambda: rules() == before)


def test_security_groups_of_pods_are_there_before_any_pod_and_are_put_right(world: World) -> None:
    world.security_groups = True
    world.start()
    world.apply()
    # Nothing is ready yet: no secret, so no Deployment.
    made = wait_for("the policy", lambda: world.get("securitygrouppolicy", "shop-backend"))
    assert world.get("deployment", "shop-backend") == {}
    selector = made["spec"]["podSelector"]["matchLabels"]
    assert selector["app.kubernetes.io/instance"] == "shop"
    assert selector["app.kubernetes.io/component"] == "backend"

    def groups() -> object:
        body = world.get("securitygrouppolicy", "shop-frontend")
        return body and body["spec"]["securityGroups"]["groupIds"]

    assert wait_for("the frontend's", groups) == ["sg-0f000000"]
    more = {"spec": {"securityGroups": {"groupIds": ["sg-0f000000", "sg-0bac0000"]}}}
    world.patch("securitygrouppolicy", "shop-frontend", more)
    wait_for("the added group to go", lambda: groups() == ["sg-0f000000"])


def test_a_deleted_child_is_made_again(world: World) -> None:
    world.start()
    world.apply()
    world.settle()
    # What later stages wait for goes last: a new Job or ExternalSecret has nobody to finish it.
    for kind, name in (
        ("ingress", "shop"), ("pdb", "shop-backend"), ("service", "shop-frontend"),
        ("deployment", "shop-backend"), ("job", world.jobs()[0]),
        ("configmap", "shop-database-ca"), ("externalsecret", "shop-app"), ("secretstore", "shop"),
        ("serviceaccount", "shop-backend"), ("networkpolicy", "shop-default-deny"),
    ):  # fmt: skip
        old = world.get(kind, name)["metadata"]["uid"]
        world.delete(kind, name)
        again = wait_for(f"{kind} {name} to be back", partial(world.get, kind, name))
        assert again["metadata"]["uid"] != old


def test_others_fields_survive_and_leftovers_go(world: World) -> None:
    world.start()
    world.apply()
    world.settle()
    world.kubectl("annotate", "deployment", "shop-backend", "team=theirs")
    world.apply(frontend=None)
    wait_for("the page to go", lambda: world.get("deployment", "shop-frontend") == {})
    assert world.get("networkpolicy", "shop-frontend"), "its pods may still run"
    # An annotation is a new generation of a Deployment: its controller has to see it first.
    world.roll_out(parts=("backend",))
    wait_for("its policy to go", lambda: world.get("networkpolicy", "shop-frontend") == {})
    kept = world.get("deployment", "shop-backend")
    assert kept["metadata"]["annotations"]["team"] == "theirs"


def test_handing_over_to_an_autoscaler_does_not_drop_pods(world: World) -> None:
    def replicas() -> int:
        return int(world.get("deployment", "shop-backend")["spec"]["replicas"])

    world.start()
    world.apply(backend={"image": "appinstance/backend:dev", "replicas": 3})
    world.settle()
    scaling = {"minReplicas": 2, "maxReplicas": 6}
    world.apply(backend={"image": "appinstance/backend:dev", "autoscaling": scaling})
    wait_for("the autoscaler", lambda: world.get("hpa", "shop-backend"))
    world.wait_at_rest("hpa", "shop-backend")  # with the budget of the new minimum
    assert replicas() == 3
    # The autoscaler writes through the scale subresource, under its own name.
    world.kubectl("scale", "deployment", "shop-backend", "--replicas=5")
    world.delete("service", "shop-backend")
    wait_for("a reconcile", lambda: world.get("service", "shop-backend"))
    assert replicas() == 5


def test_a_new_image_migrates_first_and_a_failure_keeps_the_old_one(world: World) -> None:
    world.start()
    world.apply()
    world.settle()
    (old,) = world.jobs()
    world.apply(backend={"image": "appinstance/backend:two"})
    new = wait_for("the new migration", lambda: [job for job in world.jobs() if job != old])
    world.finish_job(new[0], failed=True)
    failed = world.wait_condition("MigrationsApplied", "MigrationFailed")
    assert "BackoffLimitExceeded" in failed["message"]
    assert "keeps serving" in failed["message"]
    assert _image(world) == "appinstance/backend:dev"
    assert world.condition("Ready")["reason"] == "DependencyNotReady"
    assert world.condition("Stalled")["reason"] == "MigrationFailed"
    assert world.condition("Reconciling") == {}
    _is_repaired_all_the_same(world)
    assert _image(world) == "appinstance/backend:dev"
    world.apply(backend={"image": "appinstance/backend:three"})
    third = wait_for(
        "the third migration", lambda: [job for job in world.jobs() if job not in {old, new[0]}]
    )
    world.finish_job(third[0])
    wait_for("the rollout", lambda: _image(world) == "appinstance/backend:three")
    wait_for("old jobs to go", lambda: world.jobs() == third)


def _is_repaired_all_the_same(world: World) -> None:
    """A gate that is closed holds back new pods and nothing else."""
    world.delete("service", "shop-backend")
    wait_for("the service", lambda: world.get("service", "shop-backend"))
    world.kubectl("scale", "deployment", "shop-backend", "--replicas=9")
    wait_for(
        "the number of pods",
        lambda: world.get("deployment", "shop-backend")["spec"]["replicas"] == 2,
    )


def _image(world: World) -> str:
    body = world.get("deployment", "shop-backend")
    return str(body["spec"]["template"]["spec"]["containers"][0]["image"])


def test_a_changed_secret_changes_the_pods(world: World) -> None:
    world.start()
    world.apply()
    world.settle()
    before = world.get("deployment", "shop-backend")["spec"]["template"]
    world.sync_secrets(hash_="two")
    wait_for(
        "the pods to roll",
        lambda: world.get("deployment", "shop-backend")["spec"]["template"] != before,
    )


def test_suspended_changes_nothing_and_is_not_ready(world: World) -> None:
    world.start()
    world.apply()
    world.settle()
    world.apply(suspend=True)
    world.wait_condition("Ready", "Suspended")
    world.delete("service", "shop-backend")
    world.apply("other")
    wait_for("another's objects", lambda: world.get("networkpolicy", "other-default-deny"))
    assert world.get("service", "shop-backend") == {}
    world.apply(suspend=False)
    wait_for("the repair", lambda: world.get("service", "shop-backend"))
    world.wait_ready()


def test_what_the_platform_does_not_allow_is_said_and_nothing_is_made(world: World) -> None:
    world.start()
    world.apply(host="shop.elsewhere.example.com")
    stalled = world.wait_condition("Stalled", "NotAllowed")
    sentence = (
        "host shop.elsewhere.example.com is not one label below one of the platform's domains "
        "(*.apps.localhost)"
    )
    assert stalled["message"] == sentence
    ready = world.condition("Ready")
    assert (ready["reason"], ready["message"]) == ("InvalidSpec", sentence)
    assert world.kubectl("get", "networkpolicy,serviceaccount,externalsecret", "-o", "name") == ""
    assert world.roles() == []
    world.apply()
    wait_for("the way on", lambda: world.get("networkpolicy", "shop-default-deny"))
    wait_for("the end of the complaint", lambda: world.condition("Stalled") == {})


def test_a_settled_instance_that_turns_invalid_keeps_serving(world: World) -> None:
    world.start()
    world.apply()
    world.settle()
    before = world.get("deployment", "shop-backend")
    world.apply(media={"bucket": "somebody-elses"})
    told = world.wait_condition("Ready", "InvalidSpec")
    assert "media.bucket somebody-elses is not the platform's" in told["message"]
    assert world.get("deployment", "shop-backend") == before
    assert len(world.roles()) == 2


def test_a_role_of_somebody_else_is_never_touched(world: World) -> None:
    world.apply()
    world.start()
    wait_for("roles", lambda: len(world.roles()) == 2)
    name = next(role for role in world.roles() if role.endswith("-backend"))
    world.stop()
    iam = world.iam()
    iam.untag_role(RoleName=name, TagKeys=["appinstance-name"])
    iam.put_role_policy(RoleName=name, PolicyName="theirs", PolicyDocument=THEIRS)
    world.start()
    told = wait_for(
        "the warning",
        lambda: (
            f"IAM role {name} exists and is not this instance's"
            in (m := world.condition("CloudAccessReady").get("message", ""))
            and m
        ),
    )
    assert told
    assert "theirs" in iam.list_role_policies(RoleName=name)["PolicyNames"]


def test_deletion_removes_the_roles_first(world: World) -> None:
    world.start()
    world.apply()
    wait_for("roles", lambda: len(world.roles()) == 2)
    world.kubectl("delete", "appi", "shop", PATIENTLY)
    assert world.roles() == []


def test_deletion_waits_for_roles_that_cannot_be_removed_yet(world: World) -> None:
    world.start()
    world.apply()
    wait_for("roles", lambda: len(world.roles()) == 2)
    world.stop()
    there = world.moto
    world.moto = "http://127.0.0.1:1"  # nobody listens
    world.start()
    world.delete("appi", "shop", wait=False)
    waits = wait_for(
        "the reason of the delay",
        lambda: (
            "deletion waits: " in (m := world.condition("Reconciling").get("message", "")) and m
        ),
    )
    assert "IAM gave no answer to get_role" in waits
    world.stop()
    world.moto = there
    assert len(world.roles()) == 2
    world.start()
    wait_for("the end", lambda: world.get("appi", "shop") == {})
    assert world.roles() == []


def test_retain_leaves_the_roles(world: World) -> None:
    world.start()
    world.apply(deletionPolicy="Retain")
    wait_for("roles", lambda: len(world.roles()) == 2)
    world.kubectl("delete", "appi", "shop", PATIENTLY)
    assert len(world.roles()) == 2


def test_roles_are_removed_when_the_spec_brings_its_own(world: World) -> None:
    world.start()
    world.apply()
    world.settle()
    world.apply(identity={"backendRoleArn": "arn:aws:iam::123456789012:role/own"})
    wait_for(
        "the new role's pods",
        lambda: "role/own" in json.dumps(world.get("deployment", "shop-backend")),
    )
    assert len(world.roles()) == 2, "the pods that run still have the old one"
    # All of them are of the new spec then, not the backend's alone.
    world.wait_reconciled(0)
    world.roll_out()
    wait_for("the role to go", lambda: len(world.roles()) == 1)


def test_an_instance_that_goes_without_its_finalizer_leaves_no_role(world: World) -> None:
    world.start()
    world.apply()
    wait_for("roles", lambda: len(world.roles()) == 2)
    # Both at once, so that the operator has no time to put it on again.
    world.delete("appi", "shop", wait=False)
    patch = {"metadata": {"finalizers": None}}
    world.admin.patch(world.namespace, "AppInstance", "shop", patch)
    wait_for("the instance to go", lambda: world.get("appi", "shop") == {})
    wait_for("its roles to go", lambda: world.roles() == [])
