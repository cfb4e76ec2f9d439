"""A published chart names the images that were published with it, each by digest."""

from __future__ import annotations

import pytest
import yaml

from appinstance_local.errors import LocalError
from appinstance_local.paths import REPO
from appinstance_local.release import charts

_IMAGES = {
    name: f"registry.example.com/acme/{name}@sha256:{digit * 64}"
    for name, digit in zip(("backend", "frontend", "operator", "provisioner"), "0123", strict=True)
}


@pytest.mark.parametrize("name", charts.NAMES)
def test_values_of_the_checkout_are_pinned(name: str) -> None:
    text = (REPO / "charts" / name / "values.yaml").read_text()
    done = charts.pinned(text, _IMAGES)
    before, after = yaml.safe_load(text), yaml.safe_load(done)
    if name == "appinstance-operator":
        assert after["image"]["repository"] == "registry.example.com/acme/operator"
        assert after["image"]["digest"] == f"sha256:{'2' * 64}"
        assert after["provisioner"]["image"]["digest"] == f"sha256:{'3' * 64}"
        for image in (before["image"], before["provisioner"]["image"]):
            image["repository"] = image["digest"] = None
        for image in (after["image"], after["provisioner"]["image"]):
            image["repository"] = image["digest"] = None
    else:
        assert after["test"]["image"] == _IMAGES["operator"]
        before["test"]["image"] = after["test"]["image"] = None
    assert after == before, "nothing else changes"


def test_an_image_without_a_digest_beside_it_is_refused() -> None:
    with pytest.raises(LocalError, match="image of this machine: repository: appinstance/backend"):
        charts.pinned("image:\n  repository: appinstance/backend\nother: 1\n", _IMAGES)


def test_the_digest_of_another_block_is_not_taken() -> None:
    text = 'image:\n  repository: appinstance/backend\nother:\n  digest: ""\n'
    with pytest.raises(LocalError, match="image of this machine"):
        charts.pinned(text, _IMAGES)


def test_an_image_that_is_not_published_is_refused() -> None:
    with pytest.raises(LocalError, match="names elsewhere, which is not published"):
        charts.pinned("image: appinstance/elsewhere:1.0.0\n", _IMAGES)
