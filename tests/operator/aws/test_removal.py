"""IAM roles against moto: ours go, others stay, also when they change hands meanwhile."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from support.iam_roles import (
    EARLIER,
    ROLE,
    TAGS,
    attach,
    create,
    delete,
    ensure,
    exists,
    more_policies,
    snapshot,
    strangers,
)

from appinstance_operator.api.errors import CloudUnavailable
from appinstance_operator.aws.roles import RoleManager


@pytest.mark.parametrize("accepted", [(TAGS,), (EARLIER, TAGS)], ids=["one", "either"])
def test_a_role_of_ours_goes_with_all_that_is_on_it(
    iam: Any, accepted: tuple[Mapping[str, str], ...]
) -> None:
    ensure(iam)
    more_policies(iam)
    attach(iam)
    delete(iam, *accepted)
    assert not exists(iam)


def test_a_role_of_an_earlier_version_goes_by_its_own_tags(iam: Any) -> None:
    create(iam, dataclasses.replace(ROLE, tags=EARLIER))
    delete(iam, TAGS)
    assert exists(iam)
    delete(iam, TAGS, EARLIER)
    assert not exists(iam)


@strangers
def test_a_role_with_other_tags_is_left_alone(iam: Any, tags: Mapping[str, str]) -> None:
    create(iam, dataclasses.replace(ROLE, tags=tags))
    more_policies(iam)
    attach(iam)
    before = snapshot(iam)
    assert delete(iam, TAGS, EARLIER) == ["get_role"]
    assert snapshot(iam) == before


def test_without_tags_to_know_it_by_no_role_goes(iam: Any) -> None:
    ensure(iam)
    delete(iam, {})
    assert exists(iam)
    RoleManager(iam).delete(ROLE.name, ())
    assert exists(iam)


def test_an_absent_role_is_gone_already(iam: Any) -> None:
    assert delete(iam) == ["get_role"]


class _Meddler:
    """An IAM where something happens right before one call, once."""

    def __init__(self, iam: Any, before: str, act: Callable[[], None], nth: int = 1) -> None:
        self._iam, self._before, self._act, self._left = iam, before, act, nth

    def __getattr__(self, action: str) -> Any:
        def call(**words: Any) -> Any:
            if action == self._before:
                self._left -= 1
                if self._left == 0:
                    self._act()
            return getattr(self._iam, action)(**words)

        return call


def _replace_role(iam: Any, tags: Mapping[str, str]) -> None:
    if exists(iam):
        iam.delete_role(RoleName=ROLE.name)
    create(iam, dataclasses.replace(ROLE, tags=tags))


def test_a_role_that_is_anothers_by_now_stays(iam: Any) -> None:
    ensure(iam)
    other = {**TAGS, "appinstance-namespace": "other"}
    meddler = _Meddler(iam, "get_role", lambda: _replace_role(iam, other), nth=2)
    calls: list[str] = []
    RoleManager(meddler, calls.append).delete(ROLE.name, (TAGS,))
    assert "delete_role" not in calls
    assert snapshot(iam)["tags"] == other


def test_a_role_that_was_made_anew_meanwhile_stays(iam: Any) -> None:
    ensure(iam)
    meddler = _Meddler(iam, "get_role", lambda: _replace_role(iam, TAGS), nth=2)
    with pytest.raises(CloudUnavailable, match="made anew"):
        RoleManager(meddler).delete(ROLE.name, (TAGS,))
    assert exists(iam)


def test_a_role_that_somebody_else_removes_meanwhile_is_gone(iam: Any) -> None:
    ensure(iam)
    meddler = _Meddler(iam, "delete_role", lambda: iam.delete_role(RoleName=ROLE.name))
    RoleManager(meddler).delete(ROLE.name, (TAGS,))
    assert not exists(iam)
