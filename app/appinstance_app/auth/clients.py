"""Who asks, in words that an owner recognises: the kind of device, and the network's range.

No full address and no full User-Agent is kept: what a person needs to tell "me" from "not me" is
less than what would identify.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

from appinstance_app.store.records import Client

if TYPE_CHECKING:
    from starlette.requests import Request

# The first that is found counts: Edge says Chrome too, and Chrome says Safari.
_BROWSERS: Final = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"),
    ("Safari", "Safari"), ("curl", "curl"), ("python", "a Python program"),
)  # fmt: skip
_SYSTEMS: Final = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("CrOS", "ChromeOS"), ("Mac OS X", "Mac"), ("Linux", "Linux"),
)  # fmt: skip
_V4_BITS: Final = 24
_V6_BITS: Final = 48


def client_of(request: Request) -> Client:
    """Who sent this request."""
    return Client(
        device=device_name(request.headers.get("user-agent", "")),
        place=place_of(request.state.client_address),
    )


def device_name(user_agent: str) -> str:
    """Such as "Firefox on Linux"; "an unknown device" where nothing is known."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), None)
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), None)
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "an unknown device"


def place_of(address: str) -> str:
    """The range that an address is in, such as 203.0.113.0/24 or 2001:db8::/48."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "an unknown place"
    bits = _V4_BITS if parsed.version == 4 else _V6_BITS
    return str(ipaddress.ip_network((parsed, bits), strict=False))
