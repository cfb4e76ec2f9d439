"""`appinstance init`: what it asks, what it refuses, and that its YAML is taken."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pytest
import yaml

from appinstance_operator.cli import judge
from appinstance_operator.cli import main as cli
from appinstance_operator.cli.command import ended


@pytest.fixture
def init(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that runs the command with lines typed: exit code, YAML and stderr."""

    def run(typed: Sequence[str], *words: str) -> tuple[int, Any, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in typed)))
        options = cli.parser().parse_args(["init", *words])
        code = ended(options, options.run)
        told = capsys.readouterr()
        return code, yaml.safe_load(told.out), told.err

    return run


def test_answers_and_proposals_become_a_resource_that_the_api_server_takes(init: Any) -> None:
    code, body, err = init(["shop", "team", "", "registry.example.com/shop:1", "", "", ""])
    assert code == 0
    assert judge.refusals(body) == ()
    assert body["metadata"] == {"name": "shop", "namespace": "team"}
    assert body["spec"]["host"] == "shop.apps.example.com"
    assert body["spec"]["database"] == {"provision": True}
    assert body["spec"]["secrets"][0]["remoteRef"]["key"] == "apps/team/shop/app"
    assert "frontend" not in body["spec"]
    assert "Host that it answers on [shop.apps.example.com]: " in err
    assert "next: kubectl apply" in err


def test_an_entry_is_a_database_that_one_has(init: Any) -> None:
    typed = ["shop", "team", "", "registry.example.com/shop:1", "", "apps/team/shop/database", ""]
    code, body, err = init(typed)
    assert (code, judge.refusals(body)) == (0, ())
    assert body["spec"]["database"]["credentials"]["remoteRef"]["key"] == "apps/team/shop/database"
    assert "next: put the entries into Secrets Manager" in err


def test_an_answer_that_would_be_refused_is_asked_for_again(init: Any) -> None:
    typed = ["Shop", "shop", "", "https://x", "x.example.com", "nginx", "nginx:1.27", "", "", ""]
    code, body, err = init(typed)
    assert code == 0
    assert (body["metadata"]["name"], body["spec"]["host"]) == ("shop", "x.example.com")
    assert "image must name a tag or a digest" in err
    assert "host must be a DNS name" in err


def test_an_app_without_database_and_secret_key_has_neither(init: Any) -> None:
    typed = ["shop", "team", "", "registry.example.com/shop:1", "", "none", "none"]
    code, body, err = init(typed)
    assert (code, judge.refusals(body)) == (0, ())
    assert body["spec"].keys() == {"host", "backend"}
    assert "next: kubectl apply" in err


def test_with_options_nothing_is_asked(init: Any) -> None:
    words = ["--name", "a", "--namespace", "a", "--host", "a.b", "--image", "a:1"]
    words += ["--frontend-image", "b:1", "--database", "apps/a/db", "--secret-key", ""]
    code, body, err = init([], *words)
    assert code == 0
    assert body["spec"]["frontend"] == {"image": "b:1"}
    assert "secrets" not in body["spec"]
    assert ": " not in err.replace("next: ", "").split("(")[0]


@pytest.mark.parametrize(
    ("typed", "words", "sentence"),
    [
        ([], [], "no answer for metadata.name; give --name"),
        (["shop"], [], "no answer for metadata.namespace"),
        (["A"] * 9, [], "no usable answer for metadata.name after 5 tries"),
        ([], ["--name", "A"], "--name: "),
        ([], ["--name", ""], "--name: "),
        (["\x00", "\ud800"], [], "no answer for metadata.name"),
    ],
)
def test_without_a_usable_answer_it_ends_with_a_sentence(
    init: Any, typed: list[str], words: list[str], sentence: str
) -> None:
    code, body, err = init(typed, *words)
    assert (code, body) == (2, None)
    assert sentence in err
