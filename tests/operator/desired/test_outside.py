"""Mail and the identity provider: closed to every pod until the settings say where they answer."""

from __future__ import annotations

from typing import Any

import pytest
from support.golden_settings import DESIRED, golden_instance, golden_values

from appinstance_operator.api.errors import SettingsError
from appinstance_operator.api.settings import parse_settings
from appinstance_operator.cli import documents

CASE = DESIRED / "golden" / "alb-with-page"
OPENING: dict[str, Any] = {"destinations": [{"cidr": "203.0.113.0/28"}]}


def _egress(**outside: Any) -> dict[str, list[Any]]:
    """Return the ways out of each policy, by the policy's component."""
    body = golden_instance(CASE)
    settings = parse_settings({**golden_values(CASE), "outside": outside})
    name = body["metadata"]["name"]
    return {
        item["metadata"]["name"].removeprefix(f"{name}-"): item["spec"]["egress"]
        for item in documents.planned(body, settings).objects
        if item["kind"] == "NetworkPolicy"
    }


@pytest.mark.parametrize(("place", "port"), [("mail", 587), ("identityProvider", 443)])
def test_a_place_is_open_to_the_backend_alone_on_its_port_alone(place: str, port: int) -> None:
    closed, opened = _egress(), _egress(**{place: OPENING})
    assert opened.pop("backend") == [
        *closed.pop("backend"),
        {
            "to": [{"ipBlock": {"cidr": "203.0.113.0/28"}}],
            "ports": [{"protocol": "TCP", "port": port}],
        },
    ]
    assert opened == closed
    assert opened.keys() == {"default-deny", "frontend", "migrate"}


def test_null_leaves_it_closed() -> None:
    """Terraform writes null for what is not given."""
    assert _egress(mail=None, identityProvider=None) == _egress()


@pytest.mark.parametrize(
    ("opening", "sentence"),
    [
        ({}, "outside.mail.destinations: is missing"),
        ({"destinations": []}, "outside.mail.destinations:"),
        ({"destinations": [{"cidr": "0.0.0.0/0"}]}, "admits everybody"),
        ({"destinations": [{"cidr": "::/0"}]}, "admits everybody"),
        ({"destinations": [{"cidr": "203.0.113.7/28"}]}, "write 203.0.113.0/28 instead"),
        ({"destinations": [{"cidr": "smtp.example.com"}]}, "outside.mail.destinations.0.cidr:"),
        ({**OPENING, "port": 0}, "outside.mail.port:"),
        ({**OPENING, "host": "smtp.example.com"}, "outside.mail.host: is not a setting"),
    ],
)
def test_an_opening_that_is_none_or_too_wide_is_refused(
    opening: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        _egress(mail=opening)
    assert sentence in str(caught.value)
