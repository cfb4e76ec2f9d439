"""The SDK knows all that it needs of IAM and STS, and keeps nothing else in memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.loaders import Loader
from moto import mock_aws
from support.stage import stage_settings

from appinstance_operator.aws.sdk import (
    LeanLoader,
    iam_client,
    iam_client_of_a_person,
    lean_session,
)
from appinstance_operator.desired.names import MANAGER

LEAN, WHOLE = Loader(file_loader=LeanLoader()), Loader()
SERVICES = ("iam", "sts")


def _left_out(whole: Any, lean: Any, path: str = "") -> Iterator[str]:
    """Yield where something is not as botocore has it, but for documentation."""
    if isinstance(whole, dict):
        if not isinstance(lean, dict) or lean.keys() - whole.keys():
            yield path
            return
        for key, value in whole.items():
            if key in lean:
                yield from _left_out(value, lean[key], f"{path}/{key}")
            elif key != "documentation" or not isinstance(value, str):
                yield f"{path}/{key}"
    elif isinstance(whole, list):
        if not isinstance(lean, list) or len(whole) != len(lean):
            yield path
            return
        for number, pair in enumerate(zip(whole, lean, strict=True)):
            yield from _left_out(*pair, f"{path}/{number}")
    elif whole != lean:
        yield path


@pytest.mark.parametrize(
    ("service", "kind"),
    [*itertools.product(SERVICES, ("service-2", "endpoint-rule-set-1")), ("iam", "paginators-1")],
)
def test_of_a_service_all_is_known_but_its_documentation(service: str, kind: str) -> None:
    whole, lean = (each.load_service_model(service, kind) for each in (WHOLE, LEAN))
    assert list(_left_out(whole, lean)) == []
    assert '"documentation"' not in str(lean)


def test_of_endpoints_only_those_of_the_services_in_use_are_known() -> None:
    whole, lean = (each.load_data("endpoints")["partitions"] for each in (WHOLE, LEAN))
    assert "aws-cn" in {each["partition"] for each in whole}
    for one, other in zip(whole, lean, strict=True):
        kept = {name: one["services"][name] for name in SERVICES if name in one["services"]}
        assert other == {**one, "services": kept}


def test_what_else_botocore_reads_is_read_as_it_is() -> None:
    for name in ("partitions", "_retry", "sdk-default-configuration"):
        assert list(_left_out(WHOLE.load_data(name), LEAN.load_data(name))) == []


def test_a_file_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert LeanLoader().load_file(str(tmp_path / "service-2")) is None


@pytest.mark.parametrize("region", ["eu-central-1", "us-east-1", "us-gov-west-1", "cn-north-1"])
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_found_where_botocore_itself_finds_it(service: str, region: str) -> None:
    found = {
        made.create_client(service, region_name=region).meta.endpoint_url
        for made in (botocore.session.get_session(), lean_session())
    }
    assert len(found) == 1, found


def test_the_operators_own_role_is_taken_by_its_web_identity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "token"
    token.write_text("of-the-pod")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/operator")
    with mock_aws(config={"core": {"mock_credentials": False}}):
        sts: Any = lean_session().create_client("sts", region_name="eu-central-1")
        who = sts.get_caller_identity()["Arn"]
    assert who.startswith("arn:aws:sts::123456789012:assumed-role/operator/")


def _user_agent(client: Any) -> str:
    """Return what a client says of itself in a request."""
    said: list[bytes] = []
    client.meta.events.register_first(
        "before-send", lambda request, **_: said.append(request.headers["User-Agent"])
    )
    client.list_roles()
    (one,) = said
    return one.decode()


def test_the_operator_says_who_it_is_and_a_person_is_not_taken_for_it(iam: Any) -> None:
    del iam  # moto plays, with nothing in it
    settings = stage_settings(awsEndpointUrl=None)
    assert _user_agent(iam_client(settings)) == MANAGER
    persons = _user_agent(iam_client_of_a_person(settings))
    assert persons.startswith("Botocore/")
    assert MANAGER not in persons


def test_a_person_waits_for_iam_as_long_as_the_operator(iam: Any) -> None:
    del iam
    patience = [
        (config.connect_timeout, config.read_timeout, config.retries)
        for make in (iam_client, iam_client_of_a_person)
        for config in [make(stage_settings()).meta.config]
    ]
    assert patience[0] == patience[1]
    assert patience[0][:2] == (5, 20)


def test_the_client_asks_where_the_settings_say() -> None:
    settings = stage_settings().model_copy(update={"aws_endpoint_url": "http://127.0.0.1:1"})
    assert iam_client(settings).meta.endpoint_url == "http://127.0.0.1:1"
