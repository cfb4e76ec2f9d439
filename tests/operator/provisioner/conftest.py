"""A real MariaDB with TLS, an administrator with such rights as RDS gives, and moto."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import boto3
import pytest
import trustme
from app.mariadb import MariaDb, running_mariadb
from moto import mock_aws
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from support.provisioner import ADMINISTRATOR, BUCKET, REGION, RIGHTS_ON_RDS, Bench, Session

from appinstance_provisioner import steps


@pytest.fixture(scope="session")
def database_ca() -> trustme.CA:
    """The authority of the server's certificate."""
    return trustme.CA()


@pytest.fixture(scope="session")
def database(
    tmp_path_factory: pytest.TempPathFactory, database_ca: trustme.CA
) -> Iterator[MariaDb]:
    """One server for all tests; each begins with nothing of ours on it."""
    with running_mariadb(tmp_path_factory.mktemp("db"), database_ca) as server:
        server.execute(
            f"CREATE USER '{ADMINISTRATOR}'@'%' IDENTIFIED BY 'administrators-own-7' REQUIRE SSL",
            f"GRANT {RIGHTS_ON_RDS} ON *.* TO '{ADMINISTRATOR}'@'%' WITH GRANT OPTION",
            # As on RDS, where nobody may KILL: a procedure of the platform's may.
            "CREATE PROCEDURE mysql.rds_kill(IN thread BIGINT) SQL SECURITY DEFINER KILL thread",
        )
        yield server


@pytest.fixture(scope="module")
def aws() -> Iterator[Session]:
    """A session with moto behind it."""
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    with mock.patch.dict(os.environ, keys), mock_aws():
        yield Session(boto3.session.Session(region_name=REGION))


@pytest.fixture
def bench(database: MariaDb, aws: Session, tmp_path: Path) -> Iterator[Bench]:
    """Everything, with nothing in it."""
    secretsmanager_backends.reset()
    s3_backends.reset()
    aws.client("s3").create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    made = Bench(database, aws, tmp_path)
    made.clear()
    yield made
    steps.hook = None
