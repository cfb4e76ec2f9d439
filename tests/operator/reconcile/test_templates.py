"""The template that is gone on with while new pods are held back."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from support.golden_settings import DESIRED, golden_instance, golden_settings

from appinstance_operator.cli import documents
from appinstance_operator.desired.names import APPLIED_TEMPLATE, SECRETS_HASH
from appinstance_operator.reconcile.templates import (
    is_new_template,
    is_of_this_spec,
    recorded,
    with_template_of,
)

CASE = DESIRED / "golden" / "everything"
BODY = golden_instance(CASE)
WANTED: dict[str, Any] = next(
    item
    for item in documents.planned(BODY, golden_settings(CASE)).objects
    if item["kind"] == "Deployment" and item["metadata"]["name"] == "shop-backend"
)


def _changed(image: str | None = None, secrets: str | None = None) -> dict[str, Any]:
    other = copy.deepcopy(WANTED)
    if image:
        other["spec"]["template"]["spec"]["containers"][0]["image"] = image
    if secrets:
        other["spec"]["template"]["metadata"]["annotations"][SECRETS_HASH] = secrets
    return other


def test_all_but_the_template_is_as_wanted() -> None:
    wanted = {**_changed(image="new"), "spec": {**_changed(image="new")["spec"], "replicas": 7}}
    held = with_template_of(wanted, recorded(WANTED, "one"))
    assert held
    assert held["spec"]["replicas"] == 7
    assert held["spec"]["template"] == WANTED["spec"]["template"]
    assert recorded(held, "two")["metadata"] == recorded(WANTED, "one")["metadata"]


@pytest.mark.parametrize("record", [None, "", "not JSON", "[]", "{}", "null"])
def test_without_a_record_it_is_left_alone(record: str | None) -> None:
    live = copy.deepcopy(WANTED)
    if record is not None:
        live["metadata"]["annotations"] = {APPLIED_TEMPLATE: record}
    assert with_template_of(WANTED, live) is None
    assert is_new_template(WANTED, live)


def test_a_changed_secret_alone_is_no_new_template() -> None:
    live = recorded(WANTED, "one")
    assert not is_new_template(WANTED, live)
    assert not is_new_template(_changed(secrets="other"), live)
    assert is_new_template(_changed(image="other"), live)


def test_a_template_says_of_which_spec_it_is_also_while_a_newer_one_waits() -> None:
    live = recorded(WANTED, "one")
    assert is_of_this_spec(live, "one")
    assert is_of_this_spec(live, "two") is False
    assert is_of_this_spec(WANTED, "one") is None, "an earlier version did not say"
    held = with_template_of(_changed(image="new"), live)
    assert held
    assert is_of_this_spec(recorded(held, "two"), "one")
