"""What becomes of roles when the lease is lost half-way, and when IAM fails."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    NoCredentialsError,
)
from botocore.parsers import ResponseParserError
from support.fake_iam import FakeIam, FakeIamClient, failure, no_reply
from support.iam_roles import (
    DRIFTS,
    ROLE,
    SECRETIVE,
    TAGS,
    attach,
    delete,
    ensure,
    exists,
    more_policies,
    snapshot,
    widen_trust,
    writes,
)

from appinstance_operator.api.errors import (
    CloudAccessDenied,
    CloudUnavailable,
    CloudUnconfigured,
    Fate,
    NotLeader,
    OperatorError,
)
from appinstance_operator.aws.roles import RoleManager
from appinstance_operator.signals.metrics import Metrics

# The lease


def _lost() -> None:
    raise NotLeader("lost")


def test_without_the_lease_nothing_is_written_at_all(iam: Any) -> None:
    with pytest.raises(NotLeader):
        RoleManager(iam, fence=_lost).ensure(ROLE)
    assert not exists(iam)
    ensure(iam)
    for drift, _repair in DRIFTS.values():
        drift(iam)
    before = snapshot(iam)
    with pytest.raises(NotLeader):
        RoleManager(iam, fence=_lost).ensure(ROLE)
    with pytest.raises(NotLeader):
        RoleManager(iam, fence=_lost).delete(ROLE.name, (TAGS,))
    assert snapshot(iam) == before


def test_the_lease_is_asked_before_each_write_and_never_for_a_read(iam: Any) -> None:
    asked: list[str] = []
    calls: list[str] = []
    manager = RoleManager(iam, calls.append, lambda: asked.append("fence"))
    manager.ensure(ROLE)
    more_policies(iam)
    attach(iam)
    manager.ensure(ROLE)
    manager.delete(ROLE.name, (TAGS,))
    assert len(asked) == len(writes(calls)) > 0
    asked.clear()
    RoleManager(iam, fence=lambda: asked.append("fence")).delete(ROLE.name, (TAGS,))
    assert asked == []


@pytest.mark.parametrize("granted", range(6))
def test_a_lease_that_ends_between_two_writes_ends_them(iam: Any, granted: int) -> None:
    """Whatever is half done then is completed by the next leader."""
    ensure(iam)
    more_policies(iam)
    attach(iam)
    left = iter(range(granted))
    calls: list[str] = []

    def fence() -> None:
        if next(left, None) is None:
            _lost()

    with pytest.raises(NotLeader):
        RoleManager(iam, calls.append, fence).delete(ROLE.name, (TAGS,))
    assert len(writes(calls)) == granted
    assert exists(iam)
    delete(iam)
    assert not exists(iam)


# An unkind IAM


class _Failing:
    """An IAM whose calls raise, or that answers as told."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers

    def __getattr__(self, action: str) -> Any:
        def call(**_words: Any) -> Any:
            answer = self._answers[action]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def _code(code: str, operation: str = "GetRole") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": SECRETIVE}}, operation)


@pytest.mark.parametrize("new", [True, False])
def test_a_role_that_is_taken_and_not_shown_yet_is_tried_again(new: bool) -> None:
    late = _Failing(get_role=_code("NoSuchEntity"), create_role=_code("EntityAlreadyExists"))
    with pytest.raises(CloudUnavailable, match="made by somebody just now"):
        RoleManager(late).ensure(ROLE, new=new)


def test_a_role_that_is_made_and_not_known_yet_is_tried_again() -> None:
    made = {"Role": {"Arn": "arn"}}
    late = _Failing(create_role=made, put_role_policy=_code("NoSuchEntity"))
    with pytest.raises(CloudUnavailable, match="NoSuchEntity to put_role_policy"):
        RoleManager(late).ensure(ROLE, new=True)


def test_a_role_that_goes_while_it_is_repaired_is_not_called_ready(iam: Any) -> None:
    ensure(iam)
    widen_trust(iam)
    gone = _Failing(
        get_role=iam.get_role(RoleName=ROLE.name), update_assume_role_policy=_code("NoSuchEntity")
    )
    with pytest.raises(CloudUnavailable, match="NoSuchEntity"):
        RoleManager(gone).ensure(ROLE)


@pytest.mark.parametrize(
    ("error", "kind", "fate", "words"),
    [
        (_code("AccessDenied"), CloudAccessDenied, Fate.STALL, "AWS denied iam:GetRole on role"),
        (_code("Throttling"), CloudUnavailable, Fate.RETRY, "IAM answered Throttling to get_role"),
        (_code("ServiceFailure"), CloudUnavailable, Fate.RETRY, "ServiceFailure"),
        (
            ConnectTimeoutError(endpoint_url="https://iam"), CloudUnavailable, Fate.RETRY,
            "IAM gave no answer to get_role",
        ),
        (
            ResponseParserError("<html>500"), CloudUnavailable, Fate.RETRY,
            "IAM gave no answer to get_role .*ResponseParserError",
        ),
        (NoCredentialsError(), CloudUnconfigured, Fate.STALL, "no AWS credentials"),
        (
            CredentialRetrievalError(provider="web", error_msg=SECRETIVE), CloudUnconfigured,
            Fate.STALL, "no AWS credentials",
        ),
        (
            _code("AccessDenied", "AssumeRoleWithWebIdentity"), CloudUnconfigured, Fate.STALL,
            r"no session of its own role \(AccessDenied\)",
        ),
    ],
)  # fmt: skip
def test_what_a_failure_means(
    error: Exception, kind: type[OperatorError], fate: Fate, words: str
) -> None:
    manager = RoleManager(_Failing(get_role=error))
    for call in (lambda: manager.ensure(ROLE), lambda: manager.delete(ROLE.name, (TAGS,))):
        with pytest.raises(kind, match=words) as failed:
            call()
        assert failed.value.fate is fate
        assert failed.value.condition == "CloudAccessReady"
        assert SECRETIVE not in failed.value.message


# What is counted of it


def _counted(metrics: Metrics) -> dict[tuple[str, str], float]:
    return {
        (sample.labels["action"], sample.labels["code"]): sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "appinstance_aws_errors_total"
    }


def test_each_failed_request_is_counted_by_aws_code_or_by_what_kept_it_from_an_answer() -> None:
    account, metrics = FakeIam(), Metrics()
    client = FakeIamClient(account, "operator")
    manager = RoleManager(client, metrics.aws_request, on_error=metrics.aws_error)
    failures = [
        failure("Throttling", "GetRole"), failure("Throttling", "GetRole"),
        failure("AccessDenied", "GetRole"), no_reply(),
    ]  # fmt: skip

    def fail(_action: str, _role: str) -> None:
        if failures:
            raise failures.pop(0)

    client.before = fail
    for _ in range(4):
        with pytest.raises(OperatorError):
            manager.ensure(ROLE)
    assert _counted(metrics) == {
        ("get_role", "Throttling"): 2,
        ("get_role", "AccessDenied"): 1,
        ("get_role", "ReadTimeoutError"): 1,
    }


def test_a_role_that_is_not_there_yet_is_no_error() -> None:
    client, metrics = FakeIamClient(FakeIam(), "operator"), Metrics()
    RoleManager(client, metrics.aws_request, on_error=metrics.aws_error).ensure(ROLE)
    assert client.calls[0] == "get_role"
    assert _counted(metrics) == {}
