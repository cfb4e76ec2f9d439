"""What each Helm release stands on, by Terraform's own graph: a destroy takes it away after."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from terraform import tf

_EDGE = re.compile(r'"([^"]+)" -> "([^"]+)"')
_RELEASES = ("external_dns", "external_secrets", "load_balancer_controller", "operator")
# Without one of these a pod of a release cannot start, look, or clean up behind itself.
_NEEDED = (
    "module.network.aws_nat_gateway.this", "module.network.aws_route.private",
    "module.network.aws_route.public", "module.network.aws_route_table_association.private",
    "module.network.aws_vpc_endpoint.interface", "module.network.aws_vpc_endpoint.s3_gateway",
    "module.network.aws_vpc_security_group_ingress_rule.endpoint",
    "module.security_groups.aws_vpc_security_group_ingress_rule.backend_from_edge",
    "module.security_groups.aws_vpc_security_group_egress_rule.backend_to_database",
    "module.security_groups.aws_vpc_security_group_ingress_rule.dns",
    "module.identity.aws_iam_role_policy.this", "module.identity.aws_iam_policy.boundary",
    "module.eks.aws_iam_role_policy.vpc_cni", "module.eks.aws_eks_node_group.this",
    "module.eks.aws_eks_addon.on_nodes", "module.database.aws_db_instance.this",
    "module.media.aws_s3_bucket_policy.media", "module.secrets.aws_kms_key.secrets",
    "module.edge.aws_wafv2_web_acl.this",
)  # fmt: skip
# The cluster refuses its deletion while it is protected: what its nodes need must still be there.
_OF_THE_CLUSTER = ("module.network.aws_nat_gateway.this", "module.network.aws_route.private",
                   "module.network.aws_vpc_endpoint.interface")  # fmt: skip


@pytest.fixture(scope="module")
def below(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Return for each resource all that it depends on."""
    copy = tf.copy_of(tree, tmp_path_factory.mktemp("graph") / "terraform") / "platform"
    (copy / "local_override.tf").write_text('terraform {\n  backend "local" {}\n}\n')
    tf.run(copy, "init", "-no-color")
    next_to: defaultdict[str, set[str]] = defaultdict(set)
    for start, end in _EDGE.findall(tf.run(copy, "graph").stdout):
        next_to[start].add(end)
    found: dict[str, set[str]] = {}
    for start in list(next_to):
        seen, waiting = set[str](), [start]
        while waiting:
            new = next_to[waiting.pop()] - seen
            seen |= new
            waiting += new
        found[start] = seen
    return found


@pytest.mark.parametrize("release", _RELEASES)
def test_a_release_goes_before_what_it_stands_on(below: dict[str, set[str]], release: str) -> None:
    assert set(_NEEDED) - below[f"module.addons.helm_release.{release}"] == set()


def test_a_cluster_that_stays_keeps_its_ways_out(below: dict[str, set[str]]) -> None:
    assert set(_OF_THE_CLUSTER) - below["module.eks.aws_eks_cluster.this"] == set()
