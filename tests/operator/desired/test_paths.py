"""What of the host goes where: longest path first, and as ever where the spec says nothing."""

from __future__ import annotations

import pytest
from support.golden_settings import DESIRED, golden_instance, golden_settings

from appinstance_operator.api.errors import InvalidSpec
from appinstance_operator.cli import documents

CASE = DESIRED / "golden" / "alb-with-page"


def _paths(paths: list[tuple[str, str]] | None, *, page: bool = True) -> list[tuple[str, str]]:
    """Return path and component of each rule of the Ingress, in its order."""
    body = golden_instance(CASE)
    spec = {key: value for key, value in body["spec"].items() if page or key != "frontend"}
    if paths is not None:
        spec["paths"] = [{"path": path, "to": to} for path, to in paths]
    objects = documents.planned({**body, "spec": spec}, golden_settings(CASE)).objects
    (ingress,) = [item for item in objects if item["kind"] == "Ingress"]
    (rule,) = ingress["spec"]["rules"]
    return [
        (item["path"], item["backend"]["service"]["name"].removeprefix("shop-"))
        for item in rule["http"]["paths"]
    ]


def test_left_out_it_is_as_it_always_was() -> None:
    assert _paths(None) == [("/api", "backend"), ("/", "frontend")]
    assert _paths(None, page=False) == [("/api", "backend"), ("/", "backend")]


def test_an_edge_that_takes_the_first_that_fits_takes_the_longest() -> None:
    given = [("/", "frontend"), ("/b", "backend"), ("/b/c", "frontend"), ("/b/c/d", "backend")]
    rendered = _paths(given)
    assert sorted(rendered) == sorted(given)
    for request in ("/", "/x", "/b", "/b/x", "/bx", "/b/c", "/b/c/x", "/b/c/d/e"):
        fits = [rule for rule in rendered if f"{request}/".startswith(rule[0].rstrip("/") + "/")]
        assert fits[0] == max(fits, key=lambda rule: len(rule[0])), request


@pytest.mark.parametrize("path", ["/a/", "a", "", "//", "/a//b", "/a/..", "/./a", "/ä", "/a\n"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(InvalidSpec):
        _paths([(path, "backend")], page=False)
