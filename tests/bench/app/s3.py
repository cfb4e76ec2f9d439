"""A stand-in for S3 that costs next to nothing: `python -m bench.app.s3 PORT`.

It keeps what it is given in memory and gives it back. `PUT /_hangs` makes it take requests and
answer none until `DELETE /_hangs`. (moto takes longer for an answer than the app does.)
"""

from __future__ import annotations

import asyncio
import sys

import httptools
import uvloop

HANGS = "/_hangs"
_EMPTY = b'<?xml version="1.0"?><ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>'
_MISSING = b"<Error><Code>NoSuchKey</Code></Error>"
_objects: dict[str, bytes] = {}
_state = {"hangs": False}


class _S3(asyncio.Protocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._path, self._body = "", bytearray()
        self._expects = False

    def on_url(self, url: bytes) -> None:
        self._path += url.decode()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._expects |= name.lower() == b"expect"

    def on_headers_complete(self) -> None:
        if self._expects:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        method, path = self._parser.get_method().decode(), self._path.partition("?")[0]
        if path == HANGS:
            _state["hangs"] = method == "PUT"
            self._answer(200, b"")
        elif not _state["hangs"]:
            self._serve(method, path)

    def _serve(self, method: str, path: str) -> None:
        if method == "PUT":
            _objects[path] = bytes(self._body)
            self._answer(200, b"")
        elif method == "DELETE":
            _objects.pop(path, None)
            self._answer(204, b"")
        elif path in _objects:
            self._answer(200, _objects[path])
        elif path.strip("/").count("/"):
            self._answer(404, _MISSING)
        else:
            self._answer(200, _EMPTY)

    def _answer(self, status: int, body: bytes) -> None:
        head = (
            f"HTTP/1.1 {status} x\r\nContent-Length: {len(body)}\r\n"
            'ETag: "0"\r\nLast-Modified: Sat, 28 Nov 2026 12:00:00 GMT\r\n\r\n'
        )
        self._transport.write(head.encode() + body)


async def _serve_until_ended(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_S3, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve_until_ended(int(sys.argv[1])))
