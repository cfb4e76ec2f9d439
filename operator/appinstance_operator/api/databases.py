"""Settings: where databases are, and how instances get one of their own."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from .values import Arn, Model, Peers, Port

BucketName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]


class Provisioning(Model):
    """What instances with `database.provision` get (docs/adr/0034)."""

    host: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]
    """The server's name, as its certificate has it."""
    connections: Annotated[int, Field(ge=1, le=10_000)] = 60
    """How many one of an instance's users may have open. The server has room for all of them, or
    one instance can use up the others'."""
    rotation_days: Annotated[int, Field(ge=1, le=365)] = 30
    rotation_gap_minutes: Annotated[int, Field(ge=0, le=1440)] = 60
    """How long pods have to take up a password: more than secrets.refreshInterval and a rollout."""
    backup_bucket: BucketName | None = None
    """Where a dump goes before a database is removed. Without it none is removed."""
    backup_kms_key_arn: Arn | None = None


class Database(Model):
    """Where databases are. `ca_bundle` is PEM and is given to every backend."""

    destinations: Peers
    port: Port = 3306
    ca_bundle: Annotated[str, StringConstraints(pattern=r"-----BEGIN CERTIFICATE-----")]
    provisioning: Provisioning | None = None
    """Without it a spec with `database.provision` is refused."""
