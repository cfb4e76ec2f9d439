"""What one spec shows by itself, beyond what the CRD has refused already."""

from __future__ import annotations

from typing import Any

import pytest

from appinstance_operator.api.errors import InvalidSpec
from appinstance_operator.api.spec import parse


def _body(**spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"namespace": "team", "name": "shop", "uid": "u"},
        "spec": {
            "host": "shop.apps.example.com",
            "backend": {"image": "registry.example.com/backend:v1"},
            "database": {"credentials": {"remoteRef": {"key": "apps/team/shop/database"}}},
            **spec,
        },
    }


def _component(count: int, value: str) -> dict[str, Any]:
    env = [{"name": f"NAME_{number}", "value": value} for number in range(count)]
    return {"image": "registry.example.com/app:v1", "env": env}


@pytest.mark.parametrize("component", ["backend", "frontend"])
@pytest.mark.parametrize(("count", "value"), [(64, "x" * 4096), (64, "\U0001f512" * 300)])
def test_an_environment_that_no_annotation_holds_is_refused_with_what_to_do(
    component: str, count: int, value: str
) -> None:
    """The template is noted in an annotation of the Deployment, and those have a bound."""
    with pytest.raises(InvalidSpec, match=rf"{component}.env is larger than 100 KB in all; put"):
        parse(_body(**{component: _component(count, value)}))


@pytest.mark.parametrize("component", ["backend", "frontend"])
def test_an_environment_of_many_or_of_long_values_is_taken(component: str) -> None:
    parse(_body(**{component: _component(64, "x" * 1024)}))
    parse(_body(**{component: _component(20, "x" * 4096)}))
