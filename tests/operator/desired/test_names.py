"""Names: roles of two instances never meet, and nothing is longer than AWS and Kubernetes allow."""

from __future__ import annotations

import pytest
from support.golden_settings import DESIRED, golden_settings

from appinstance_operator.api.settings import Settings
from appinstance_operator.desired import iam

CASE = DESIRED / "golden" / "minimal"


@pytest.fixture
def settings() -> Settings:
    return golden_settings(CASE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a-b", "c"), ("a", "b-c")),
        (("team", "x" * 40), ("team", "x" * 39 + "y")),
        (("n" * 63, "shop"), ("n" * 62, "shop")),
    ],
    ids=["hyphen moved", "long names that differ late", "long namespaces"],
)
def test_two_instances_never_share_a_role(
    settings: Settings, one: tuple[str, str], other: tuple[str, str]
) -> None:
    made = {
        iam.role_of(*who, settings, part) for who in (one, other) for part in ("backend", "secrets")
    }
    assert len(made) == 4


def test_the_same_name_in_two_clusters_of_one_account_has_two_roles(settings: Settings) -> None:
    issuer = settings.oidc.model_copy(update={"issuer": f"{settings.oidc.issuer}-other"})
    elsewhere = settings.model_copy(update={"oidc": issuer})
    one, other = (iam.role_of("team", "shop", known, "backend") for known in (settings, elsewhere))
    assert one != other


def test_the_longest_names_fit_into_iams_64_characters(settings: Settings) -> None:
    prefix = "p" * 14
    longest = settings.model_copy(
        update={"iam": settings.iam.model_copy(update={"role_name_prefix": prefix})}
    )
    for part in ("backend", "secrets"):
        name = iam.role_of("n" * 63, "x" * 40, longest, part)
        assert len(name) <= 64
        assert name.endswith(f"-{part}"), "the part must not be cut off: two roles would be one"
