"""moto's IAM, empty for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from moto import mock_aws
from moto.iam.models import iam_backends

from appinstance_operator.aws.sdk import lean_session


@pytest.fixture(scope="package")
def client() -> Iterator[Any]:
    """A client of moto's IAM, made as the operator's is; that takes as long as several tests."""
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    with mock.patch.dict(os.environ, keys), mock_aws():
        yield lean_session().create_client("iam", region_name="eu-central-1")


@pytest.fixture
def iam(client: Any) -> Any:
    """The client, with nothing in IAM."""
    iam_backends.reset()
    return client
