"""Errors as application/problem+json (RFC 9457), whoever raised them.

A validation error names the field and the rule and never repeats the input: it may be a password.
What a page must tell apart has a type of its own, which `docs/problems.md` lists.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import structlog
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, JsonValue
from starlette.exceptions import HTTPException
from starlette.responses import Response

from .media.protocol import MediaUnavailableError
from .store.protocol import StoreUnavailableError
from .workers import Busy

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request

MEDIA_TYPE: Final = "application/problem+json"
_RETRY_SECONDS: Final = 5
_log = structlog.get_logger(__name__)


class Kind(Enum):
    """The types of problems: slug, and when one gets it. An answer's `type` is `/problems/<slug>`.

    A type never changes its meaning; what needs no telling apart has none (`about:blank`).
    """

    BUSY = ("busy", "Too many ask for the same at the moment; come again after `Retry-After`.")
    TOO_MANY = ("too-many", "Too many attempts or uploads of one person or address.")
    CONFIRMATION_REQUIRED = (
        "confirmation-required",
        "Being the owner was not proved of late: `POST /api/v1/auth/confirm`, then ask again.",
    )
    COMMON_PASSWORD = (
        "common-password",
        "The new password is a common one or easily guessed; take another one.",
    )
    LINK_INVALID = (
        "link-invalid",
        "The link was used, is too old, or never was one; ask for a new one.",
    )
    SECOND_FACTOR_REQUIRED = (
        "second-factor-required",
        "The account asks for a second factor, which this way of signing in can't; use the page.",
    )
    LAST_WAY_IN = (
        "last-way-in",
        "Without this passkey nobody could sign in to the account; add another way first.",
    )
    ACCOUNT_DISABLED = ("account-disabled", "Who runs the service has shut this account.")
    UNAVAILABLE = (
        "unavailable",
        "The database, the store of pictures or the provider does not answer.",
    )

    @property
    def uri(self) -> str:
        """What stands in `type`."""
        return f"/problems/{self.value[0]}"

    @property
    def meaning(self) -> str:
        """The sentence of the documentation."""
        return self.value[1]


_TYPES: Final[list[JsonValue]] = ["about:blank", *(kind.uri for kind in Kind)]


class FieldError(BaseModel):
    """One field of the request and what is wrong with it."""

    field: str = Field(examples=["display_name"])
    message: str = Field(examples=["Use at least one character that can be seen."])


class ProblemBody(BaseModel):
    """What an error's body looks like; documents the API, `problem_response` writes it.

    `type`: see docs/problems.md; what has nothing to tell apart but its status is `about:blank`.
    """

    type: str = Field("about:blank", json_schema_extra={"enum": [*_TYPES]})
    title: str = Field(examples=["Unprocessable Entity"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["Some fields are not valid; see errors."])
    instance: str | None = Field(None, examples=["/api/v1/users/me"])
    request_id: str | None = Field(None, examples=["92bb871c05c24a2591f865c6a87518f7"])
    errors: list[FieldError] | None = None


def _response(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ProblemBody"}
    return {
        "model": ProblemBody,
        "description": description,
        "content": {MEDIA_TYPE: {"schema": schema}},
    }


# What every route can answer beside what it is for.
PROBLEM_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    "4XX": _response("What is wrong with the request, as a problem."),
    "500": _response("Something unforeseen; the log has more under `request_id`."),
    "503": _response("Busy, or something that it needs does not answer; see `Retry-After`."),
}


class Problem(HTTPException):
    """An error with the sentence that the person at the other end gets to read."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[FieldError] = (),
        kind: Kind | None = None,
    ) -> None:
        super().__init__(status, detail, headers)
        self.errors = tuple(errors)
        self.kind = kind


def problem_response(
    status: int,
    detail: str,
    *,
    request_id: str | None = None,
    instance: str | None = None,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[FieldError] = (),
    kind: Kind | None = None,
) -> Response:
    """The answer for one problem."""
    body: dict[str, Any] = {
        "type": kind.uri if kind else "about:blank",
        "title": _title(status),
        "status": status,
        "detail": detail,
    }
    if instance:
        body["instance"] = instance
    if request_id:
        body["request_id"] = request_id
    if errors:
        body["errors"] = [error.model_dump() for error in errors]
    return Response(
        json.dumps(body), status_code=status, media_type=MEDIA_TYPE, headers=dict(headers or {})
    )


def add_problem_handlers(app: FastAPI) -> None:
    """Every way a request can fail, but the unforeseen: `middleware.requests` answers that."""
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(Busy, _on_busy)
    app.add_exception_handler(StoreUnavailableError, _on_unavailable)
    app.add_exception_handler(MediaUnavailableError, _on_unavailable)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 for the type checker; registered so
    detail = str(error.detail)
    if detail == _title(error.status_code):
        detail = _SENTENCES.get(error.status_code, detail)
    return _answer(
        request,
        error.status_code,
        detail,
        error.headers,
        getattr(error, "errors", ()),
        getattr(error, "kind", None),
    )


async def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 for the type checker
    errors = [
        FieldError(
            field=".".join(str(part) for part in item["loc"][1:]) or str(item["loc"][0]),
            message=str(item["msg"]).removeprefix("Value error, "),
        )
        for item in error.errors()
    ]
    return _answer(
        request,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Some fields are not valid; see errors.",
        None,
        errors,
    )


async def _on_busy(request: Request, error: Exception) -> Response:
    assert isinstance(error, Busy)  # noqa: S101 for the type checker
    _log.warning("request.busy", work=error.name, cause=str(error))
    return _answer(
        request,
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The service is busy at the moment; try again in a few seconds.",
        {"Retry-After": str(error.retry_seconds)},
        kind=Kind.BUSY,
    )


async def _on_unavailable(request: Request, error: Exception) -> Response:
    _log.error("request.unavailable", cause=str(error))
    return _answer(
        request,
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The service is not fully available at the moment; try again in a few seconds.",
        {"Retry-After": str(_RETRY_SECONDS)},
        kind=Kind.UNAVAILABLE,
    )


def _answer(
    request: Request,
    status: int,
    detail: str,
    headers: Mapping[str, str] | None,
    errors: Sequence[FieldError] = (),
    kind: Kind | None = None,
) -> Response:
    return problem_response(
        status,
        detail,
        request_id=request.scope.get("state", {}).get("request_id"),
        instance=request.scope["path"],
        headers=headers,
        errors=errors,
        kind=kind,
    )


_SENTENCES: Final = {
    404: "There is nothing at this address.",
    405: "This address does not take this method; see the Allow header.",
}


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
