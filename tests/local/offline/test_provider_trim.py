"""Trimming the AWS provider: what stays is whole, and nothing is left of what goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from appinstance_local.errors import LocalError
from appinstance_local.offline import provider_trim

_OURS = "github.com/hashicorp/terraform-provider-aws/internal/service"
_SDK = "github.com/aws/aws-sdk-go-v2/service"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three services: s3 imports s3control; waf is wanted by nobody."""
    for name, text in {
        "s3": f'import "{_OURS}/s3control"\nfunc x(c C) {{ c.S3Client(ctx) }}\n',
        "s3control": "func x(c C) { c.S3ControlClient(ctx) }\n",
        "waf": "func x(c C) { c.WAFClient(ctx) }\n",
    }.items():
        folder = tmp_path / "internal/service" / name
        folder.mkdir(parents=True)
        (folder / "resource.go").write_text(text)
        (folder / "resource_test.go").write_text(f'import "{_OURS}/waf"\n')
    registry = tmp_path / "internal/provider/sdkv2/service_packages_gen.go"
    registry.parent.mkdir(parents=True)
    names = ("s3", "s3control", "waf")
    registry.write_text(
        "import (\n" + "".join(f'\t"{_OURS}/{name}"\n' for name in names) + ")\n"
        "var all = list{\n" + "".join(f"\t{name}.ServicePackage(ctx),\n" for name in names) + "}\n"
    )
    accessors = tmp_path / "internal/conns/awsclient_gen.go"
    accessors.parent.mkdir(parents=True)
    accessors.write_text(
        "package conns\n\nimport (\n"
        + "".join(f'\t"{_SDK}/{name}"\n' for name in names)
        + ")\n\n"
        + "".join(
            f"func (c *AWSClient) {client}(ctx context.Context) *{name}.Client {{\n"
            f"\treturn errs.Must(client[*{name}.Client](ctx, c))\n}}\n\n"
            for client, name in (
                ("S3Client", "s3"), ("S3ControlClient", "s3control"), ("WAFClient", "waf"),
            )
        )
    )  # fmt: skip
    return tmp_path


def test_what_a_kept_service_imports_stays_too(source: Path) -> None:
    assert provider_trim.with_imported(source, ["s3"]) == {"s3", "s3control"}


def test_nothing_of_a_dropped_service_is_left(source: Path) -> None:
    provider_trim.trim(source, ["s3"])
    for path in (
        "internal/provider/sdkv2/service_packages_gen.go",
        "internal/conns/awsclient_gen.go",
    ):
        text = (source / path).read_text()
        assert "waf" not in text.lower()
        assert text.count("s3control") >= 2
    accessors = (source / "internal/conns/awsclient_gen.go").read_text()
    assert accessors.count("func (c *AWSClient)") == 2
    assert f'"{_SDK}/s3"' in accessors


def test_a_service_that_does_not_exist_is_named(source: Path) -> None:
    with pytest.raises(LocalError, match="no service s4"):
        provider_trim.trim(source, ["s4"])
