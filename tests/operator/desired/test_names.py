"""Names: roles of two instances never meet, and nothing is longer than AWS and Kubernetes allow."""

from __future__ import annotations

import itertools

import pytest
from support.golden_settings import DESIRED, golden_settings

from appinstance_operator.api.errors import InvalidSpec
from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import parse
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
    parts = ("backend", "secrets", "worker-a", "worker-b", "job-a")
    made = {iam.role_of(*who, settings, part) for who in (one, other) for part in parts}
    assert len(made) == 10


def _joined(words: tuple[str, ...], most: int) -> list[str]:
    return [
        "-".join(chosen)
        for count in range(1, most + 1)
        for chosen in itertools.product(words, repeat=count)
    ]


def _may_have_a_role(worker: str) -> bool:
    spec = {
        "host": "shop.example.com", "backend": {"image": "x:1"},
        "workers": [{"name": worker, "args": ["x"], "uses": ["media"], "role": "Own"}],
    }  # fmt: skip
    try:
        parse({"metadata": {"name": "shop"}, "spec": spec})
    except InvalidSpec:
        return False
    return True


def test_no_two_instances_of_a_namespace_have_accounts_of_one_name_that_take_roles() -> None:
    """Or the one's pods could take the other's role."""
    tries = _joined(("a", "b", "backend", "secrets", "worker", "job"), 3)
    own = [
        f"{kind}-{name}" for kind in ("worker", "job") for name in tries if _may_have_a_role(name)
    ]
    assert {"worker-a", "job-a-b"} <= set(own)
    whose: dict[str, tuple[str, str]] = {}
    for name in _joined(("a", "worker", "job"), 4):
        for part in ("backend", "secrets", "frontend", "migrate", *own):
            account = f"{name}-{part}"
            assert whose.setdefault(account, (name, part)) == (name, part)


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
    for part in ("backend", "secrets", f"worker-{'w' * 15}", f"job-{'j' * 40}"):
        name = iam.role_of("n" * 63, "x" * 40, longest, part)
        assert len(name) <= 64
        kind = part.partition("-")[0]
        assert name.endswith(f"-{kind}"), "the part must not be cut off: two roles would be one"
