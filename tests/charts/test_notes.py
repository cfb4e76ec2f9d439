"""What Helm says after an install helps who has the chart alone: no file of this repository."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from appinstance_operator.cli import main as cli

if TYPE_CHECKING:
    from support.helm import Helm

pytestmark = pytest.mark.integration
REPO = Path(__file__).resolve().parents[2]
_OF_THE_REPOSITORY = re.compile(r"\b(manifests|docs|terraform|operator|local|charts)/[a-z]")


def _own(text: str) -> str:
    """Return a text without addresses of pages and kinds with names."""
    return re.sub(r"https?://\S+|\b(deployment|job|cronjob)/\S+", "", text)


@pytest.mark.parametrize(
    ("chart", "values"),
    [
        ("appinstance-operator", "operator-minimal"),
        ("appinstance-operator", "operator-production"),
        ("appinstance", "instance-minimal"),
    ],
)
def test_notes_name_no_file_that_the_reader_lacks(helm: Helm, chart: str, values: str) -> None:
    told = helm.notes(chart, [values])
    assert "kubectl" in told
    assert not _OF_THE_REPOSITORY.search(_own(told))


def test_the_example_of_the_notes_is_valid(
    helm: Helm, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes = helm.notes("appinstance-operator", ["operator-production"])
    example = notes.partition("<<'END'\n")[2].partition("    END\n")[0]
    document = yaml.safe_load(example)
    assert document["kind"] == "AppInstance"
    file, settings = tmp_path / "acme.yaml", tmp_path / "settings.yaml"
    file.write_text(example)
    values = yaml.safe_load((REPO / "tests/charts/values/operator-production.yaml").read_text())
    settings.write_text(yaml.safe_dump(values["settings"]))
    words = ["validate", "-f", str(file), "--settings", str(settings)]
    options = cli.parser().parse_args(words)
    assert options.run(options) == 0, capsys.readouterr()


def test_the_example_has_a_database_made_where_the_platform_makes_them(helm: Helm) -> None:
    notes = helm.notes("appinstance-operator", ["operator-production", "operator-databases"])
    example = notes.partition("<<'END'\n")[2].partition("    END\n")[0]
    assert yaml.safe_load(example)["spec"]["database"] == {"provision": True}


@pytest.mark.parametrize("mode", ["refuse", "delete", "ignore"])
def test_an_uninstall_that_waits_for_a_pod_is_told_where_that_pod_is(helm: Helm, mode: str) -> None:
    words = ("--set", f"uninstall.mode={mode}")
    objects = helm.objects("appinstance-operator", ["operator-minimal"], *words)
    pods = [item["spec"]["template"]["metadata"] for item in objects if item["kind"] == "Job"]
    component = {meta["labels"]["app.kubernetes.io/component"] for meta in pods} & {"drain"}
    told = helm.notes("appinstance-operator", ["operator-minimal"], *words)
    assert re.findall("describe pods -l app.kubernetes.io/component=(.*)", told) == [*component]


@pytest.mark.parametrize("chart", ["appinstance-operator", "appinstance"])
def test_comments_of_the_values_name_no_file_that_the_reader_lacks(chart: str) -> None:
    text = (REPO / "charts" / chart / "values.yaml").read_text()
    comments = "\n".join(line for line in text.splitlines() if line.lstrip().startswith("#"))
    assert not _OF_THE_REPOSITORY.search(_own(comments))


@pytest.mark.parametrize("chart", ["appinstance-operator", "appinstance"])
def test_the_charts_say_where_they_are_from(chart: str) -> None:
    meta = yaml.safe_load((REPO / "charts" / chart / "Chart.yaml").read_text())
    site = yaml.safe_load(re.sub(r"!\S+", "", (REPO / "mkdocs.yml").read_text()))
    assert meta["home"] == site["site_url"]
    assert meta["sources"] == [site["repo_url"]]
    assert meta["icon"] == f"{site['site_url']}pictures/icon.svg"
    assert (REPO / "docs/pictures/icon.svg").exists()
    for name, text in meta["annotations"].items():
        if "\n" in text:
            assert isinstance(yaml.safe_load(text), list), name


@pytest.mark.parametrize("chart", ["appinstance-operator", "appinstance"])
def test_the_readme_is_in_the_package(chart: str) -> None:
    assert (REPO / "charts" / chart / "README.md").exists()
    ignored = (REPO / "charts" / chart / ".helmignore").read_text().splitlines()
    assert not [line for line in ignored if line.endswith(".md")]


def test_the_tutorials_values_are_taken_and_its_trust_is_of_the_operators_account(
    helm: Helm, tmp_path: Path
) -> None:
    page = (REPO / "docs/tutorials/existing-cluster.md").read_text()
    words = []
    blocks = re.findall(r"^```yaml\n(# values.yaml.*?)^```$", page, re.MULTILINE | re.DOTALL)
    for number, block in enumerate(blocks):
        path = tmp_path / f"{number}.yaml"
        path.write_text(block)
        words += ["--values", str(path)]
    assert len(blocks) == 2
    objects = helm.objects("appinstance-operator", [], *words)
    (running,) = [item for item in objects if item["kind"] == "Deployment"]
    account = running["spec"]["template"]["spec"]["serviceAccountName"]
    subject = f"system:serviceaccount:{running['metadata']['namespace']}:{account}"
    assert f':sub": "{subject}"' in page
