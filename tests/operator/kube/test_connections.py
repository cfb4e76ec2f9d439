"""A request goes out in one piece, and none of one that can't be sent."""

from __future__ import annotations

from typing import Any

import pytest
import urllib3
from kubernetes import client

from appinstance_operator.kube.connections import send_whole
from appinstance_operator.kube.credentials import access_by

BODY = b'{"spec": {}}'


class Wire:
    """A socket that keeps each piece that is sent."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def sendall(self, data: bytes) -> None:
        self.pieces.append(data)

    def settimeout(self, seconds: object) -> None:
        pass

    def close(self) -> None:
        pass


def _connection(wire: Wire) -> Any:
    pool: Any = send_whole(urllib3.PoolManager()).connection_from_url("https://api.example.com")
    made = pool.ConnectionCls("api.example.com")
    made.sock = wire
    return made


def test_headers_and_body_are_one_piece() -> None:
    wire = Wire()
    _connection(wire).request("PATCH", "/apis", body=BODY, headers={"Accept": "application/json"})
    (piece,) = wire.pieces
    head, _, body = piece.partition(b"\r\n\r\n")
    assert head.startswith(b"PATCH /apis HTTP/1.1\r\nHost: api.example.com\r\n")
    assert f"Content-Length: {len(BODY)}".encode() in head.splitlines()
    assert body == BODY


def test_a_request_without_a_body_is_one_piece() -> None:
    wire = Wire()
    _connection(wire).request("GET", "/apis")
    (piece,) = wire.pieces
    assert piece.endswith(b"\r\n\r\n")


def test_of_a_request_that_cant_be_sent_no_piece_is() -> None:
    wire = Wire()
    with pytest.raises(ValueError, match="header"):
        _connection(wire).request("PATCH", "/apis", body=BODY, headers={"Accept": "a\r\nb"})
    assert wire.pieces == []


def test_the_operators_own_connections_are_such() -> None:
    pool: Any = access_by(client.Configuration()).pool.connection_from_url(
        "https://one.example.com"
    )
    theirs: Any = send_whole(urllib3.PoolManager()).connection_from_url("https://two.example.com")
    assert pool.ConnectionCls is theirs.ConnectionCls
