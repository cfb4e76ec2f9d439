"""A copy of `terraform/` (and of the chart that it installs) for all tests, and who runs them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.apiserver import ApiServer, started
from support.crds import crd_paths

from appinstance_local.offline import builds
from appinstance_local.paths import REPO
from terraform import attached as serving
from terraform import tf, world

# Takes away what all the others look at.
_LAST = "test_destroy"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder, and put what destroys the platform behind all the others."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.terraform)
            # The first test that needs the platform waits for its apply.
            item.add_marker(pytest.mark.timeout(1800))
    items.sort(key=lambda item: item.path.stem == _LAST)


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of `terraform/` beside a copy of `charts/`, as in the repository."""
    if "APPINSTANCE_TERRAFORM" not in os.environ:
        pytest.fail("run `make terraform-test`, which builds the providers first")
    base = tmp_path_factory.mktemp("repository")
    tf.copy_of(REPO / "charts" / "appinstance-operator", base / "charts" / "appinstance-operator")
    return tf.copy_of(tf.SOURCE, base / "terraform")


@pytest.fixture(scope="session")
def attached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Return an environment in which Terraform finds its providers running already."""
    mirror = Path(os.environ["APPINSTANCE_PROVIDERS"])
    with serving.attached(mirror, tmp_path_factory.mktemp("providers")) as env:
        yield env


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """Return an API server without nodes, to which the charts are installed."""
    with started(tmp_path_factory.mktemp("api")) as server:
        # EKS has the one by itself; the others are in External Secrets' chart as it is released,
        # and not in its module's.
        for path in crd_paths(builds.module_folder("external-secrets"))[1:]:
            server.kubectl("apply", "--server-side", "-f", str(path))
        yield server


def _external_secrets_chart(target: Path) -> None:
    """Copy the chart out of the Go module, without the optional chart that it only refers to."""
    module = builds.module_folder("external-secrets")
    shutil.copytree(
        module / "deploy" / "charts" / "external-secrets", target, copy_function=shutil.copyfile
    )
    description = yaml.safe_load((target / "Chart.yaml").read_text())
    description.pop("dependencies", None)
    # The chart in a release's module still has the version before; it is published as this one.
    description["version"] = world.EXTERNAL_SECRETS_CHART
    (target / "Chart.yaml").chmod(0o644)
    (target / "Chart.yaml").write_text(yaml.safe_dump(description))
    (target / "Chart.lock").unlink(missing_ok=True)
    # No node runs who would answer it, and the operator's chart has objects that it judges.
    (target / "templates" / "validatingwebhook.yaml").unlink()


@pytest.fixture(scope="session")
def platform(
    tree: Path, cluster: ApiServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[world.Platform]:
    """Return the roots, bootstrapped and with a remote state, and nothing of the platform yet."""
    charts = tree.parent / "charts"
    _external_secrets_chart(charts / "external-secrets")
    for name in ("load-balancer-controller", "external-dns"):
        tf.copy_of(Path(__file__).parent / "charts" / name, charts / name)
    with world.aws(tmp_path_factory.mktemp("aws"), cluster) as env:
        # Copies of their own: other tests initialise the same folders without a backend.
        base = tmp_path_factory.mktemp("applied")
        tf.copy_of(tree, base / "terraform")
        shutil.copytree(charts, base / "charts")
        made = world.Platform(base / "terraform", env)
        made.bootstrap()
        made.make_zone()
        made.init()
        yield made


@pytest.fixture(scope="session")
def applied(platform: world.Platform) -> world.Platform:
    """Return the platform after its apply."""
    platform.platform("apply", "-auto-approve", "-parallelism=20", *world.UNPROTECTED)
    return platform


@pytest.fixture(scope="session")
def outputs(applied: world.Platform) -> dict[str, Any]:
    """Return the outputs of the applied platform."""
    return applied.outputs()
