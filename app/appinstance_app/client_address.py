"""Which address a request came from, believing only as many proxies as the settings name.

Each proxy appends to X-Forwarded-For the address it was called from, so with n trusted proxies the
n-th entry from the right is the client; what stands further left, anybody could have written.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def client_address(peer: str, forwarded_for: Sequence[str], *, trusted_hops: int) -> str:
    """The client's IP address in its canonical form; `peer` where nothing better is known.

    `forwarded_for`: the values of all X-Forwarded-For headers in their order.
    """
    if trusted_hops == 0:
        return peer
    entries = [entry.strip() for value in forwarded_for for entry in value.split(",")]
    if len(entries) < trusted_hops:
        # Not through all of our proxies: the only honest thing known is who called.
        return peer
    address = _parsed(entries[-trusted_hops])
    return str(address) if address else peer


def limit_key(address: str) -> str:
    """What one client counts as: an IPv4 address, or an IPv6 /64, which is one subscriber's."""
    parsed = _parsed(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed) if parsed else "unknown"


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    bare = text.strip()
    if bare.startswith("["):  # [2001:db8::1]:443
        bare = bare[1:].split("]", 1)[0]
    elif bare.count(":") == 1:  # 192.0.2.1:443, as an ALB may be told to write it
        bare = bare.split(":", 1)[0]
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
