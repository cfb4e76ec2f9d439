"""The stand-in for STS holds trust policies against a token's claims."""

from __future__ import annotations

import importlib.util
from types import ModuleType
from typing import Any

import pytest

from appinstance_local import platform


@pytest.fixture(scope="module")
def serve() -> ModuleType:
    """Return the program that runs moto, as a module; importing it changes nothing in moto."""
    path = platform.MANIFESTS / "aws" / "serve.py"
    spec = importlib.util.spec_from_file_location("moto_serve", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TRUST = {
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Federated": "arn:aws:iam::123456789012:oidc-provider/issuer.local"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {"issuer.local:sub": "s", "issuer.local:aud": "a"}},
        }
    ]
}
CLAIMS = {"iss": "https://issuer.local", "sub": "s", "aud": ["a"]}


def test_the_right_bearer_is_trusted(serve: ModuleType) -> None:
    assert serve.trusted(TRUST, CLAIMS)


@pytest.mark.parametrize(
    "claims",
    [{"sub": "t"}, {"aud": ["b"]}, {"aud": []}, {"iss": "https://other"}, {"sub": None}],
    ids=str,
)
def test_any_other_is_not(serve: ModuleType, claims: dict[str, Any]) -> None:
    assert not serve.trusted(TRUST, {**CLAIMS, **claims})


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("a-??????", "a-AbCdEf", True),
        ("a-??????", "a-AbCdE", False),
        ("a/*", "a/b/c", True),
        ("a", "ab", False),
        ("a[b]", "a[b]", True),
    ],
)
def test_wildcards(serve: ModuleType, pattern: str, value: str, matches: bool) -> None:
    assert bool(serve._match(pattern, value)) is matches
