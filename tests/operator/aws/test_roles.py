"""IAM roles against moto: what one costs, what is repaired on it, and whose is never touched."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from support.iam_roles import (
    AS_WANTED,
    DRIFTS,
    ROLE,
    SECRETIVE,
    TAGS,
    attach,
    create,
    ensure,
    snapshot,
    strangers,
    writes,
)

from appinstance_operator.api.errors import CloudAccessDenied
from appinstance_operator.aws.roles import READS_PER_LOOK, RoleManager

# Creation


@pytest.mark.parametrize("new", [True, False])
def test_a_role_is_made_as_wanted_in_few_calls(iam: Any, new: bool) -> None:
    look = [] if new else ["get_role"]
    assert ensure(iam, new=new) == [*look, "create_role", "put_role_policy"]
    assert snapshot(iam) == AS_WANTED


@pytest.mark.parametrize("new", [True, False])
def test_a_settled_role_is_read_and_not_written(iam: Any, new: bool) -> None:
    ensure(iam)
    calls = ensure(iam, new=new)
    assert writes(calls) == (["create_role"] if new else [])
    assert len(calls) - new == READS_PER_LOOK
    assert snapshot(iam) == AS_WANTED


def test_the_answer_is_the_roles_arn(iam: Any) -> None:
    for _ in range(2):
        arn = RoleManager(iam).ensure(ROLE)
        assert arn == f"arn:aws:iam::123456789012:role/appinstances/{ROLE.name}"


# Repair


@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize(("drift", "repair"), DRIFTS.values(), ids=DRIFTS.keys())
def test_what_drifted_on_a_role_of_ours_is_repaired(
    iam: Any, drift: Callable[[Any], None], repair: list[str], new: bool
) -> None:
    ensure(iam)
    drift(iam)
    assert snapshot(iam) != AS_WANTED
    assert writes(ensure(iam, new=new)) == ["create_role"] * new + repair
    assert snapshot(iam) == AS_WANTED


def test_the_boundary_is_repaired_before_anything_is_written(iam: Any) -> None:
    ensure(iam)
    for drift, _repair in DRIFTS.values():
        drift(iam)
    first, *_others = writes(ensure(iam))
    assert first == "put_role_permissions_boundary"
    assert snapshot(iam) == AS_WANTED


def test_a_role_that_a_crash_left_without_its_policy_is_completed(iam: Any) -> None:
    create(iam)
    assert writes(ensure(iam)) == ["put_role_policy"]


def test_what_is_listed_in_pages_is_seen_whole(iam: Any) -> None:
    ensure(iam)
    text = json.dumps(ROLE.policy)
    for number in range(3):
        iam.put_role_policy(RoleName=ROLE.name, PolicyName=f"p{number}", PolicyDocument=text)
    attach(iam)

    class Paged:
        def __getattr__(self, action: str) -> Any:
            call = getattr(iam, action)
            return lambda **words: call(
                **words, **({"MaxItems": 1} if action.startswith("list_") else {})
            )

    RoleManager(Paged()).ensure(ROLE)
    assert snapshot(iam) == AS_WANTED


# Others' roles


@pytest.mark.parametrize("new", [True, False])
@strangers
def test_a_role_with_other_tags_is_not_adopted(
    iam: Any, tags: Mapping[str, str], new: bool
) -> None:
    create(iam, dataclasses.replace(ROLE, tags=tags))
    before = snapshot(iam)
    calls: list[str] = []
    with pytest.raises(CloudAccessDenied, match="is not this instance's") as refused:
        RoleManager(iam, calls.append).ensure(ROLE, new=new)
    assert snapshot(iam) == before
    assert writes(calls) == ["create_role"] * new
    assert SECRETIVE not in refused.value.message


def test_a_role_with_our_tags_and_more_is_ours(iam: Any) -> None:
    create(iam, dataclasses.replace(ROLE, tags={**TAGS, "cost-centre": "7"}))
    ensure(iam)
    assert snapshot(iam)["policies"] == AS_WANTED["policies"]


def test_a_role_under_another_path_is_not_adopted(iam: Any) -> None:
    create(iam, dataclasses.replace(ROLE, path="/elsewhere/"))
    with pytest.raises(CloudAccessDenied, match="under the path /elsewhere/"):
        RoleManager(iam).ensure(ROLE)
    assert snapshot(iam)["policies"] == {}


def test_a_role_that_wants_no_tags_is_nobodys(iam: Any) -> None:
    create(iam)
    with pytest.raises(CloudAccessDenied):
        RoleManager(iam).ensure(dataclasses.replace(ROLE, owner_tags={}))
