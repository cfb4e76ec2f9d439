"""The way down, after all else: protection first, then a destroy that leaves nothing."""

from __future__ import annotations

import pytest

from terraform import tf, world

pytestmark = pytest.mark.applied


def test_a_protected_platform_is_not_destroyed(applied: world.Platform) -> None:
    """The plan shows it: with protection on, RDS and EKS refuse their deletion."""
    told = applied.platform("plan", "-refresh=false", "-out=protected.tfplan")
    assert "deletion_protection" in told.stdout
    (applied.tree / "platform" / "protected.tfplan").unlink()


def test_destroy_leaves_nothing(applied: world.Platform) -> None:
    applied.platform("destroy", "-auto-approve", "-parallelism=20", *world.UNPROTECTED)
    assert applied.state() == []
    ec2 = applied.client("ec2")
    assert [vpc for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]] == []
    assert applied.client("eks").list_clusters()["clusters"] == []
    assert applied.client("rds").describe_db_instances()["DBInstances"] == []
    roles = applied.client("iam").list_roles()["Roles"]
    assert [role["RoleName"] for role in roles if "service-role" not in role["Path"]] == []
    assert applied.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    names = [item["Name"] for item in applied.client("s3").list_buckets()["Buckets"]]
    assert all("tfstate" in name for name in names), names
    for region in (world.REGION, world.OTHER_REGION):
        kms = applied.client("kms", region)
        states = {
            key["KeyId"]: kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
            for key in kms.list_keys()["Keys"]
        }
        left = [
            found["Description"]
            for found in states.values()
            if found["KeyState"] == "Enabled" and found["KeyManager"] == "CUSTOMER"
        ]
        # The state's own key goes last; moto's default keys stand for those that AWS manages.
        kept = ("Default key", "Default master key")
        assert [text for text in left if "state" not in text and not text.startswith(kept)] == []


def test_the_states_own_place_can_go_too(applied: world.Platform) -> None:
    folder = applied.tree / "bootstrap"
    words = (f"-var=region={world.REGION}", "-var=name=acme-platform", "-var=force_destroy=true")
    tf.run(folder, "destroy", "-auto-approve", "-no-color", *words, env=applied.env)
    assert applied.client("s3").list_buckets()["Buckets"] == []
