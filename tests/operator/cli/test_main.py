"""`appinstance render` and `validate`: offline, byte-stable, and errors that say what to change."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml
from support.golden_settings import DESIRED, golden_values

CASE = DESIRED / "golden" / "minimal"
ERRORS = DESIRED / "golden_errors"
PROGRAM = Path(sys.executable).parent / "appinstance"


def _appinstance(
    *words: str, case: Path = CASE, file: str | None = None, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "settings.yaml"
        settings.write_text(yaml.safe_dump(golden_values(case)))
        command = [str(PROGRAM), *words, "--settings", str(settings)]
        return subprocess.run(
            [*command, "-f", file or str(case / "appinstance.yaml")],
            capture_output=True, text=True, check=False, input=stdin,
            env={"PATH": "", "PYTHONHASHSEED": "random"},  # no kubeconfig, no AWS, no fixed seed
        )  # fmt: skip


def test_render_prints_the_golden_bytes_without_a_cluster() -> None:
    told = _appinstance("render", "--roles")
    assert told.returncode == 0, told.stderr
    assert told.stdout == (CASE / "expected.yaml").read_text()


def test_render_reads_standard_input_and_leaves_roles_out_unless_asked() -> None:
    told = _appinstance("render", file="-", stdin=(CASE / "appinstance.yaml").read_text())
    kinds = [item["kind"] for item in yaml.safe_load_all(told.stdout)]
    assert "Deployment" in kinds
    assert "IAMRole" not in kinds


def test_validate_says_what_it_found_and_what_it_could_not_judge() -> None:
    told = _appinstance("validate")
    assert told.returncode == 0
    assert "acme/acme: nothing wrong found; not judged here:" in told.stdout
    assert "whether the host and the names of the objects are free" in told.stdout
    assert "--settings" not in told.stdout
    assert "valid" not in told.stdout


@pytest.mark.parametrize("command", ["render", "validate"])
def test_a_refused_spec_prints_its_sentence_and_no_object(command: str) -> None:
    case = ERRORS / "host-outside"
    told = _appinstance(command, case=case)
    assert told.returncode == 2
    assert told.stdout == ""
    assert told.stderr.startswith("error: ")
    assert (case / "expected.txt").read_text().strip() in told.stderr


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("kind: Pod\n", "not an AppInstance"),
        ("{", "is not YAML"),
        ("", "holds no AppInstance"),
        ("---\n# later\n---\n", "holds no AppInstance"),
    ],
    ids=["another kind", "not YAML", "nothing", "nothing but a comment"],
)
def test_a_file_with_something_else_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    told = _appinstance("render", file=str(path))
    assert told.returncode == 2
    assert sentence in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("command", ["render", "validate"])
def test_offline_commands_load_no_client_of_a_cluster_or_a_cloud(
    tmp_path: Path, command: str
) -> None:
    settings = tmp_path / "settings.yaml"
    settings.write_text(yaml.safe_dump(golden_values(CASE)))
    words = [command, "-f", str(CASE / "appinstance.yaml"), "--settings", str(settings)]
    program = f"""
import sys
from appinstance_operator.cli.main import main
sys.argv = ["appinstance", *{words!r}]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
clients = {{"kubernetes", "urllib3", "boto3", "botocore", "kopf", "aiohttp"}}
sys.exit(f"loaded: {{clients & sys.modules.keys()}}" if clients & sys.modules.keys() else 0)
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout


def test_the_operator_loads_nothing_that_only_other_commands_need() -> None:
    program = """
import sys
import appinstance_operator.cli.main, appinstance_operator.runtime.operator
others = {"boto3", "cel_expr_python", "s3transfer"} & sys.modules.keys()
sys.exit(f"loaded: {others}" if others else 0)
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def test_a_missing_file_is_named() -> None:
    told = _appinstance("render", file="nowhere.yaml")
    assert told.returncode == 2
    assert "cannot read nowhere.yaml" in told.stderr
