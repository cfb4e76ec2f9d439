"""CloudFront's distributions, key groups and public keys, kept word for word as they were sent.

moto rebuilds them from the parts that it knows, and loses the others. Stands in for the
bookkeeping; nothing is delivered, and no signature is ever checked.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field

Answer = tuple[int, dict[str, str], bytes]
_VERSION = "2020-05-31"
_NAMESPACE = f"http://cloudfront.amazonaws.com/doc/{_VERSION}/"
_ACCOUNT = "123456789012"
_PATH = re.compile(
    rf"^/{_VERSION}/(?P<kind>distribution|key-group|public-key)(?:/(?P<id>[^/?]+))?(?P<config>/config)?"
    r"(?:\?.*)?$"
)
_ELEMENTS = {
    "distribution": "Distribution", "key-group": "KeyGroup", "public-key": "PublicKey",
}  # fmt: skip
_NOBODY = "<Enabled>false</Enabled><Quantity>0</Quantity>"
_WHEN = "2026-01-01T00:00:00Z"


def _inner(body: str, element: str) -> str:
    """Return the content of an element."""
    match = re.search(rf"<{element}(?:\s[^>]*)?>(.*)</{element}>", body, re.DOTALL)
    return match[1] if match else ""


@dataclass
class _Kept:
    config: str
    etag: str
    tags: str = ""


@dataclass
class Extension:
    """What was made, by kind and id."""

    kept: dict[tuple[str, str], _Kept] = field(default_factory=dict)

    def handle(self, method: str, host: str, path: str, body: bytes) -> Answer | None:
        """Answer a call that is ours, None for one that moto answers."""
        if "://cloudfront." not in host:
            return None
        if path.startswith(f"/{_VERSION}/tagging"):
            return self._tags(method, path)
        match = _PATH.match(path)
        if match is None:
            return None
        kind, name = match["kind"], match["id"]
        if method == "POST":
            return self._create(kind, body.decode())
        item = self.kept.get((kind, name or ""))
        if item is None:
            return _error(
                f"NoSuch{_ELEMENTS[kind]}" if kind == "distribution" else "NoSuchResource"
            )
        if method == "DELETE":
            del self.kept[(kind, name)]
            return 204, {"Content-Length": "0"}, b""
        if method == "PUT":
            item.config = _inner(body.decode(), f"{_ELEMENTS[kind]}Config")
            item.etag = uuid.uuid4().hex[:13].upper()
        return self._shown(
            kind, name, item, config_only=match["config"] is not None and method == "GET"
        )

    def _create(self, kind: str, body: str) -> Answer:
        name = uuid.uuid4().hex[:13].upper()
        name = f"E{name}" if kind == "distribution" else f"K{name}"
        config = _inner(body, f"{_ELEMENTS[kind]}Config")
        if kind == "distribution" and "<OriginGroups>" not in config:
            config += "<OriginGroups><Quantity>0</Quantity></OriginGroups>"
        tags = _inner(body, "Tags")
        self.kept[(kind, name)] = _Kept(config, uuid.uuid4().hex[:13].upper(), tags)
        _, headers, text = self._shown(kind, name, self.kept[(kind, name)])
        return 201, headers, text

    def _shown(self, kind: str, name: str, item: _Kept, *, config_only: bool = False) -> Answer:
        element, space = _ELEMENTS[kind], f'xmlns="{_NAMESPACE}"'
        inner = f"{item.config}</{element}Config>"
        if config_only:
            text = f"<{element}Config {space}>{inner}"
        else:
            more = f"<Id>{name}</Id>{_more(kind, name)}"
            text = f"<{element} {space}>{more}<{element}Config>{inner}</{element}>"
        return 200, {"Content-Type": "text/xml", "ETag": item.etag}, text.encode()

    def _tags(self, method: str, path: str) -> Answer:
        name = path.rsplit("%2F", 1)[-1].rsplit("/", 1)[-1].split("&")[0]
        item = self.kept.get(("distribution", name))
        if method != "GET":
            return 204, {"Content-Length": "0"}, b""
        text = f'<Tags xmlns="{_NAMESPACE}">{item.tags if item else ""}</Tags>'
        return 200, {"Content-Type": "text/xml"}, text.encode()


def _more(kind: str, name: str) -> str:
    if kind == "distribution":
        return (
            f"<ARN>arn:aws:cloudfront::{_ACCOUNT}:distribution/{name}</ARN><Status>Deployed</Status>"
            f"<LastModifiedTime>{_WHEN}</LastModifiedTime>"
            "<InProgressInvalidationBatches>0</InProgressInvalidationBatches>"
            f"<DomainName>{name.lower()}.cloudfront.net</DomainName>"
            f"<ActiveTrustedSigners>{_NOBODY}</ActiveTrustedSigners>"
            f"<ActiveTrustedKeyGroups>{_NOBODY}</ActiveTrustedKeyGroups>"
        )
    return f"<LastModifiedTime>{_WHEN}</LastModifiedTime><CreatedTime>{_WHEN}</CreatedTime>"


def _error(code: str) -> Answer:
    text = (
        f'<ErrorResponse xmlns="{_NAMESPACE}"><Error><Type>Sender</Type><Code>{code}</Code>'
        f"<Message>none</Message></Error><RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    )
    return 404, {"Content-Type": "text/xml"}, text.encode()
