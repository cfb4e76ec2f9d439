"""`appinstance validate` and `render` as a team uses them: files, settings, JSON, colours."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.golden_settings import DESIRED, golden_values

from appinstance_local.paths import REPO
from appinstance_operator.cli import main as cli
from appinstance_operator.cli.command import ended

CASE = DESIRED / "golden" / "minimal"
FILE = CASE / "appinstance.yaml"
BAD = "spec.backend.image"


def _told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    options = cli.parser().parse_args(words)
    code = ended(options, options.run)
    said = capsys.readouterr()
    return code, said.out, said.err


def _file(folder: Path, name: str, **changes: Any) -> Path:
    body = yaml.safe_load(FILE.read_text())
    body["metadata"]["name"] = name
    body["spec"] |= changes
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(body))
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A settings file."""
    path = tmp_path / "platform.settings"
    path.write_text(yaml.safe_dump(golden_values(CASE)))
    return path


def test_settings_are_optional_and_what_they_would_show_is_said(capsys: Any) -> None:
    code, out, err = _told(capsys, "validate", "-f", str(FILE))
    assert (code, err) == (0, "")
    assert "(--settings)" in out


def test_the_operators_helm_values_are_settings(capsys: Any, tmp_path: Path) -> None:
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump({"image": {"tag": "1"}, "settings": golden_values(CASE)}))
    code, out, _ = _told(capsys, "validate", "-f", str(FILE), "--settings", str(values))
    assert code == 0
    assert "(--settings)" not in out


@pytest.mark.parametrize("command", ["operator-policy", "boundary-policy"])
def test_documents_for_iam_are_made_of_the_helm_values_too(
    capsys: Any, tmp_path: Path, settings: Path, command: str
) -> None:
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump({"image": {"tag": "1"}, "settings": golden_values(CASE)}))
    told = _told(capsys, command, "--settings", str(values))
    assert told[0] == 0
    assert told == _told(capsys, command, "--settings", str(settings))


def test_the_local_platforms_values_are_settings_and_what_they_lack_is_said(capsys: Any) -> None:
    values = str(REPO / "local" / "values-operator.yaml")
    minimal = str(REPO / "manifests" / "samples" / "minimal.yaml")
    code, _, err = _told(capsys, "validate", "-f", minimal, "--settings", values)
    assert code == 0
    assert "no database.caBundle; a stand-in is used" in err


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "holds 0 YAML documents"),
        ("[1]", "not a YAML mapping"),
        ("settings: 5", "not a YAML mapping"),
        ("{", "are not YAML"),
        ("database: {}", "clusterName: is missing"),
        ("clusterName: x\nregion: [1]", "region"),
    ],
)
def test_bad_settings_end_with_a_sentence(
    capsys: Any, tmp_path: Path, text: str, sentence: str
) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    code, out, err = _told(capsys, "validate", "-f", str(FILE), "--settings", str(path))
    assert (code, out) == (2, "")
    assert sentence in err


def test_a_folder_holds_many_and_what_is_no_appinstance_is_named(
    capsys: Any, tmp_path: Path
) -> None:
    _file(tmp_path, "one")
    _file(tmp_path, "two", cronjobs=[])
    (tmp_path / "namespace.yaml").write_text("kind: Namespace\nmetadata: {name: acme}\n")
    (tmp_path / "notes.txt").write_text("{")
    code, out, err = _told(capsys, "validate", "-f", str(tmp_path))
    assert code == 2
    assert "acme/one: nothing wrong found" in out
    assert "error: acme/two: spec.cronjobs: there is no such field" in err
    assert "not judged, as it is no AppInstance: Namespace" in err


def test_json_says_the_same_and_by_whom(capsys: Any, tmp_path: Path, settings: Path) -> None:
    bad = _file(tmp_path, "bad", backend={"image": "shop"})
    far = _file(tmp_path, "far", host="far.example.org")
    words = ("validate", "-f", str(bad), "-f", str(far), "--settings", str(settings))
    code, out, err = _told(capsys, *words, "-o", "json")
    assert (code, err) == (2, "")
    answer = json.loads(out)
    assert answer["refused"]
    first, second = answer["results"]
    assert first["name"] == "acme/bad"
    assert [(item["by"], item["field"]) for item in first["problems"]] == [("api-server", BAD)]
    assert [item["by"] for item in second["problems"]] == ["operator"]
    assert second["notJudged"]


def test_render_gives_json_that_kubectl_takes_for_a_list(capsys: Any, settings: Path) -> None:
    words = ("render", "-f", str(FILE), "--settings", str(settings), "-o", "json")
    code, out, _ = _told(capsys, *words)
    body = json.loads(out)
    assert (code, body["kind"]) == (0, "List")
    assert "Deployment" in {item["kind"] for item in body["items"]}


def test_render_never_renders_what_the_api_server_refuses(
    capsys: Any, tmp_path: Path, settings: Path
) -> None:
    bad = _file(tmp_path, "bad", replicas=2)
    code, out, err = _told(capsys, "render", "-f", str(bad), "--settings", str(settings))
    assert (code, out) == (2, "")
    assert "spec.replicas: there is no such field" in err


def test_without_a_namespace_it_is_judged_as_in_the_one_that_is_named(
    capsys: Any, tmp_path: Path, settings: Path
) -> None:
    body = yaml.safe_load(FILE.read_text())
    del body["metadata"]["namespace"]
    path = tmp_path / "x.yaml"
    path.write_text(yaml.safe_dump(body))
    words = ("validate", "-f", str(path), "--settings", str(settings))
    assert _told(capsys, *words, "-n", "acme")[0] == 0
    code, _, err = _told(capsys, *words)
    assert code == 2
    assert "outside of this namespace's prefix apps/default/" in err


def _on_a_terminal(words: Sequence[str], **environment: str) -> str:
    program = Path(sys.executable).parent / "appinstance"
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [str(program), *words], stdin=theirs, stdout=theirs, stderr=theirs,
            env={"PATH": os.environ["PATH"], "TERM": "xterm", **environment},
        ) as started:  # fmt: skip
            started.wait(timeout=60)
        os.set_blocking(ours, False)
        return os.read(ours, 100_000).decode()
    finally:
        os.close(ours)
        os.close(theirs)


def test_colours_are_for_terminals_alone(capsys: Any) -> None:
    words = ("validate", "-f", str(FILE))
    assert "\033[32m" in _on_a_terminal(words)
    assert "\033" not in _on_a_terminal(words, NO_COLOR="1")
    assert "\033" not in _on_a_terminal(words, TERM="dumb")
    assert "\033" not in _told(capsys, *words)[1]


def test_a_file_can_not_steer_the_terminal(capsys: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(FILE.read_text()), "\033[2Jx": 1}))
    code, _, err = _told(capsys, "validate", "-f", str(path))
    assert code == 2
    assert "\033" not in err
    assert "x1b[2Jx" in err


def test_a_reader_that_has_had_enough_is_no_error(tmp_path: Path, settings: Path) -> None:
    program = Path(sys.executable).parent / "appinstance"
    command = f"{program} render -f {FILE} --settings {settings} | head -c 5"
    told = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert told.stderr == ""
