"""One request to the API server: credentials, time-outs, and in words what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
import urllib3

from appinstance_operator.api.errors import Fate, OperatorError
from appinstance_operator.desired.names import MANAGER

from .access import Access

_CONNECT_SECONDS = 10
_TIMEOUT_SECONDS = 30
# A watch brings at least a bookmark a minute; one that is silent for longer has died unnoticed.
_SILENCE_SECONDS = 90
_MESSAGE = 1024
PLAIN = "application/json"


class ApiError(OperatorError):
    """The API server refused a request, or gave no answer (status 0)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        if status == 403 and not _is_of_a_rule(message):
            self.fate = Fate.STALL
            self.reason = "AccessDenied"
        elif status in {400, 403, 422}:
            self.fate = Fate.STALL
            self.reason = "ApplyRefused"


def _is_of_a_rule(message: str) -> bool:
    """Return whether a 403 is the word of a quota, a policy or a webhook, not of RBAC.

    Both are `Forbidden` to the API server; RBAC's begins with whom it refuses.
    """
    forbidden = "is forbidden: " in message and 'is forbidden: User "' not in message
    return forbidden or "admission webhook " in message


class Transport:
    """Sends requests. `fence()` is called before each one that writes (see `Kube`).

    `timeout` is how many seconds an answer may take; reaching the server gets no more either.
    """

    def __init__(
        self,
        access: Access,
        fence: Callable[[], None],
        retries: urllib3.Retry | None = None,
        timeout: float = _TIMEOUT_SECONDS,
    ) -> None:
        self._access = access
        # That of the one server there is: choosing it anew at each request costs a seventh of it.
        self._connections = access.pool.connection_from_url(access.host)
        self._prefix = urlsplit(access.host).path.rstrip("/")
        connect = min(_CONNECT_SECONDS, timeout)
        self._answer = urllib3.Timeout(connect=connect, read=timeout)
        self._silence = urllib3.Timeout(connect=connect, read=_SILENCE_SECONDS)
        self._fence = fence
        self._retries = retries or urllib3.Retry(total=False)

    def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: object = None,
        content_type: str = PLAIN,
        accept: str = PLAIN,
    ) -> Any:
        """Return the decoded answer; ApiError where it is a refusal or there is none."""
        if method != "GET":
            self._fence()
        response = self._request(method, path, query, body, content_type, accept, stream=False)
        return _decoded(response.data or b"{}")

    def text(self, path: str) -> str:
        """Return an answer that is no JSON, such as a log."""
        response = self._request("GET", path, None, None, PLAIN, "*/*", stream=False)
        return (response.data or b"").decode(errors="replace")

    def lines(self, path: str, query: Mapping[str, str], accept: str) -> Iterator[Any]:
        """Yield each line of an answer, decoded, as it comes, until the server ends it."""
        response = self._request("GET", path, query, None, PLAIN, accept, stream=True)
        pending = b""
        try:
            for chunk in response.stream(amt=None, decode_content=False):
                *whole, pending = (pending + chunk).split(b"\n")
                yield from (_decoded(line) for line in whole if line)
        except urllib3.exceptions.HTTPError as error:
            raise ApiError(0, f"the watch broke off: {type(error).__name__}") from None
        finally:
            # Not released: who stops early leaves lines unread, and the next would get those.
            response.close()

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: object,
        content_type: str,
        accept: str,
        *,
        stream: bool,
    ) -> urllib3.BaseHTTPResponse:
        headers = {"Accept": accept, "User-Agent": MANAGER, **self._access.credentials()}
        data = None
        if body is not None:
            data = msgspec.json.encode(body)
            headers["Content-Type"] = content_type
        try:
            # Not `request`, which prepares what is prepared here: that costs a sixth of it.
            response = self._connections.urlopen(
                method,
                self._prefix + path + (f"?{urlencode(query)}" if query else ""),
                body=data,
                headers=headers,
                preload_content=not stream,
                timeout=self._silence if stream else self._answer,
                retries=self._retries,
                redirect=False,
            )
            if response.status >= 300:
                raise ApiError(response.status, _message(response))
        except urllib3.exceptions.HTTPError as error:
            raise ApiError(0, f"the API server gave no answer: {type(error).__name__}") from None
        return response


def _decoded(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ApiError(0, "the API server's answer is not JSON") from None


def _message(response: urllib3.BaseHTTPResponse) -> str:
    data = response.data or b""
    try:
        words = str(msgspec.json.decode(data)["message"])
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
        words = data.decode(errors="replace")
    return f"the API server refused it ({response.status}): {words[:_MESSAGE]}"
