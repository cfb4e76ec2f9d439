"""The CRDs that the operator's API server must serve."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

from appinstance_local.offline import builds
from appinstance_local.paths import REPO
from support.apiserver import ApiServer
from support.waiting import wait_for
from support.yamls import document

SECURITY_GROUP_POLICIES = Path(__file__).parent / "securitygrouppolicies.crd.yaml"
TARGET_GROUP_BINDINGS = Path(__file__).parent / "targetgroupbindings.crd.yaml"

OURS = REPO / "charts/appinstance-operator/crds/appinstances.platform.appinstance.io.yaml"


def crd_paths(external_secrets: Path) -> tuple[Path, ...]:
    """Return the paths of the CRDs: ours, EKS's, and two of External Secrets."""
    folder = external_secrets / "config" / "crds" / "bases"
    return (
        OURS,
        SECURITY_GROUP_POLICIES,
        folder / "external-secrets.io_externalsecrets.yaml",
        folder / "external-secrets.io_secretstores.yaml",
    )


def foreign_crd_paths(external_secrets: Path) -> tuple[Path, ...]:
    """Return the paths of CRDs that the operator makes nothing of and a tenant might."""
    folder = external_secrets / "config" / "crds" / "bases"
    return (
        TARGET_GROUP_BINDINGS,
        folder / "external-secrets.io_pushsecrets.yaml",
        folder / "generators.external-secrets.io_ecrauthorizationtokens.yaml",
        folder / "generators.external-secrets.io_stssessiontokens.yaml",
    )


@cache
def _url(path: Path) -> str:
    """Return where the API server serves the kind of a CRD."""
    spec = document(path.read_text())["spec"]
    version = next(item["name"] for item in spec["versions"] if item["storage"])
    return f"/apis/{spec['group']}/{version}/{spec['names']['plural']}"


def _is_served(server: ApiServer, url: str) -> bool:
    return server.http.get(url).status_code == 200


def install_crds(server: ApiServer, *, foreign: bool = False) -> None:
    """Apply the CRDs and wait until each is served.

    `kubectl wait` fails where a CRD has no conditions yet, and Established comes before a list is
    answered.
    """
    folder = builds.module_folder("external-secrets")
    paths = (*crd_paths(folder), *(foreign_crd_paths(folder) if foreign else ()))
    server.kubectl("apply", "--server-side", *(f"--filename={path}" for path in paths))
    for url in map(_url, paths):
        wait_for(f"{url} to be served", partial(_is_served, server, url))
