"""Whose address counts, when anybody can write X-Forwarded-For."""

from __future__ import annotations

import pytest

from appinstance_app.client_address import client_address, limit_key

PEER = "10.0.0.9"


@pytest.mark.parametrize(
    ("forwarded", "hops", "expected"),
    [
        ([], 0, PEER),
        (["203.0.113.5"], 0, PEER),  # nobody is trusted
        (["203.0.113.5"], 1, "203.0.113.5"),
        (["1.1.1.1, 203.0.113.5"], 1, "203.0.113.5"),  # the left part is the client's own claim
        (["1.1.1.1", "203.0.113.5"], 1, "203.0.113.5"),  # two headers are one list
        (["203.0.113.5", "1.1.1.1"], 1, "1.1.1.1"),
        (["9.9.9.9, 203.0.113.5, 10.0.0.1"], 2, "203.0.113.5"),
        (["203.0.113.5"], 2, PEER),  # not through both proxies
        ([], 1, PEER),
        ([""], 1, PEER),
        (["unknown"], 1, PEER),
        (["203.0.113.5, <script>"], 1, PEER),
        (["203.0.113.5:4711"], 1, "203.0.113.5"),
        (["[2001:db8::1]:443"], 1, "2001:db8::1"),
        (["2001:DB8:0:0::1"], 1, "2001:db8::1"),
        (["::ffff:203.0.113.5"], 1, "203.0.113.5"),
    ],
)
def test_the_rightmost_trusted_entry_counts(forwarded: list[str], hops: int, expected: str) -> None:
    assert client_address(PEER, forwarded, trusted_hops=hops) == expected


def test_all_of_a_subscribers_ipv6_addresses_are_one_for_the_limits() -> None:
    assert limit_key("2001:db8:1:2::1") == limit_key("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert limit_key("2001:db8:1:3::1") != limit_key("2001:db8:1:2::1")
    assert limit_key("203.0.113.5") == "203.0.113.5"
    assert limit_key("testclient") == "unknown"
