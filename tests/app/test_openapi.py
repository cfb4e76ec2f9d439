"""What the API says of itself, tried by schemathesis: everything that the description admits, and
what it does not, with a signed-in person and without one.

Each operation gets a few dozen requests. `APPINSTANCE_OPENAPI_EXAMPLES` asks for more.
"""

from __future__ import annotations

import math
import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
import schemathesis
from app.avatars.hostile import drawn, saved
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from jsonschema import Draft202012Validator
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from appinstance_app.application import create_app
from appinstance_app.auth.tokens import utc_now
from appinstance_app.oidc.provider import Metadata, _Kept
from appinstance_app.problems import Kind
from appinstance_app.store.files.base import FileBase
from appinstance_app.store.records import RefreshToken, Session, User, new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI

EXAMPLES: Final = int(os.environ.get("APPINSTANCE_OPENAPI_EXAMPLES", "4"))
POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
# What a request of the right form may get: it worked, or it is the person, or the thing that it
# names. 410: a mailed link that there is not.
ACCEPTED: Final = ["2xx", "3xx", "401", "403", "404", "409", "410"]
# What no schema can say. Whatever else a form can get wrong is in the schema.
JUDGED: Final = (
    "Leave out c",  # control characters, and such that turn text around
    "This password is too easily guessed",
    "This took too long; add the passkey again.",  # a challenge that there is not
    "Use at least",  # characters that can be seen; twelve of them when they are composed
    "Use characters only that text can hold.",
    "value is not a valid email address",
)
PICTURES: Final = {
    f"image/{kind.lower()}": saved(drawn(), kind) for kind in ("PNG", "JPEG", "WEBP")
}


@pytest.fixture
def app(make_settings: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    """Nothing is counted: it is not the limits that are tried. The file is not written, pictures
    are not decoded, and of the provider no more is there than what it says of itself."""
    monkeypatch.setattr(FileBase, "_write", lambda *_: None)
    monkeypatch.setattr("appinstance_app.avatars.service.rebuilt", lambda content: content)
    limits = ("sign_in_per_account", "sign_in_per_address", "sign_up_per_address",
              "mails_per_address", "uploads_per_user")  # fmt: skip
    provider = {
        "oidc_issuer": "http://127.0.0.1:1",
        "oidc_client_id": "app",
        "oidc_client_secret": "planted",
        "oidc_name": "Planted",
    }
    fields = dict.fromkeys(limits, 10_000) | provider
    app = create_app(make_settings(mail_from="app@example.com", **fields))
    ends = dict.fromkeys(("authorization_endpoint", "token_endpoint", "jwks_uri"), "http://p.test/")
    known = Metadata(issuer="http://127.0.0.1:1", **ends)
    app.state.context.oidc.provider._metadata = _Kept(known, at=math.inf)
    yield app
    app.state.context.store.close()


def signed_in(app: FastAPI) -> dict[str, str]:
    """The headers of somebody new, whom no request before has met."""
    parts, now = app.state.context, utc_now()
    user = User(new_id(), f"{new_id()}@example.com", "Ada", now)
    parts.store.add_user(user, "")
    until = now + timedelta(hours=1)
    session = Session(new_id(), user.id, now, until, confirmed_at=now)
    parts.store.open_session(session, RefreshToken(new_id() * 2, session.id, until))
    token = parts.sessions._opened(user, session, "token", until, now).access_token
    return {"Authorization": f"Bearer {token}"}


def operations(app: FastAPI) -> Iterator[Any]:
    for kind, content in PICTURES.items():
        schemathesis.openapi.media_type(kind, st.just(content))
    checks = {"positive_data_acceptance": {"expected-statuses": ACCEPTED}}
    described = schemathesis.openapi.from_asgi(
        "/api/v1/openapi.json", app, config=SchemathesisConfig.from_dict({"checks": checks})
    )
    for found in described.get_all_operations():
        assert isinstance(found, Ok), "The description itself is not right."
        yield found.ok()


@pytest.mark.parametrize("is_signed_in", [True, False], ids=["signed in", "signed out"])
@pytest.mark.parametrize("mode", [POSITIVE, NEGATIVE])
def test_it_does_as_it_says(app: FastAPI, is_signed_in: bool, mode: GenerationMode) -> None:
    if not is_signed_in:
        # So that a sign-up opens a session; with mail, it waits for its link.
        app.state.context.outgoing._mail = None
    failures: list[str] = []
    names: set[str] = set()
    statuses: set[int] = set()
    for operation in operations(app):
        names.add(operation.label)
        try:
            statuses |= tried(app, operation, mode, is_signed_in=is_signed_in)
        except FailureGroup as found:
            failures += [f"{operation.label}: {one} {one.__notes__}" for one in found.exceptions]
    assert not failures, "\n\n".join(failures)
    described = app.openapi()["paths"]
    assert names == {f"{m.upper()} {path}" for path, found in described.items() for m in found}
    if mode is POSITIVE and is_signed_in:
        assert {200, 202, 204, 303} <= statuses


def tried(app: FastAPI, operation: Any, mode: GenerationMode, *, is_signed_in: bool) -> set[int]:
    """The statuses that it answered. Raises FailureGroup."""
    statuses: set[int] = set()

    @seed(1)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        headers = signed_in(app) if is_signed_in else {}
        answer = case.call(headers=headers, allow_redirects=False)
        statuses.add(answer.status_code)
        if mode is POSITIVE and answer.status_code == 422 and is_judged(answer.json()):
            return
        try:
            case.validate_response(answer, headers=headers)
        except FailureGroup as found:
            for one in found.exceptions:
                one.add_note(f"{answer.status_code} {answer.text}")
            raise

    try:
        run()
    except Unsatisfiable:
        # Nothing is sent that one could get wrong.
        assert mode is NEGATIVE
        assert not operation.body
    return statuses


def is_judged(problem: dict[str, Any]) -> bool:
    """Whether a refusal is for what no schema can say, and for nothing else."""
    given = [error["message"] for error in problem.get("errors", [])] or [problem["detail"]]
    return all(sentence.startswith(JUDGED) for sentence in given)


def bodies(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Where, of which type, and what is said of it."""
    for path, found in described["paths"].items():
        for method, operation in found.items():
            parts = {"request": operation.get("requestBody", {}), **operation["responses"]}
            for name, part in parts.items():
                for kind, body in part.get("content", {}).items():
                    yield f"{method.upper()} {path} {name}", kind, body


def test_every_body_has_an_example_that_is_one(app: FastAPI) -> None:
    described = app.openapi()
    seen = set()
    for where, kind, body in bodies(described):
        if kind in ("image/webp", "multipart/form-data"):
            continue
        seen.add(kind)
        schema = {**body["schema"], "components": described["components"]}
        errors = [
            error.message for error in Draft202012Validator(schema).iter_errors(body["example"])
        ]
        assert errors == [], where
        assert body["example"], where
    assert seen == {
        "application/json", "application/problem+json", "application/x-www-form-urlencoded",
    }  # fmt: skip


def test_every_answer_is_described(app: FastAPI) -> None:
    for path, found in app.openapi()["paths"].items():
        for method, operation in found.items():
            where, responses = f"{method.upper()} {path}", operation["responses"]
            assert {"4XX", "500", "503"} < set(responses), where
            assert ("401" in responses) is ("security" in operation), where
            assert operation["description"], where
            for status, response in responses.items():
                assert response["description"], where
                has_body = status not in ("204", "303", "304")
                assert bool(response.get("content")) is has_body, f"{where} {status}"
                for kind, body in response.get("content", {}).items():
                    is_problem = status[0] in "45"
                    assert (kind == "application/problem+json") is is_problem, where
                    assert body["schema"], where


def test_a_picture_is_one_and_nothing_else(app: FastAPI) -> None:
    picture = app.openapi()["paths"]["/api/v1/avatars/{user_id}/{name}.webp"]["get"]["responses"]
    assert set(picture["200"]["content"]) == {"image/webp"}
    assert "content" not in picture["304"]


def test_the_types_of_problems_and_the_kinds_of_activity_are_in_it(app: FastAPI) -> None:
    schemas = app.openapi()["components"]["schemas"]
    types = schemas["ProblemBody"]["properties"]["type"]["enum"]
    assert types == ["about:blank", *(kind.uri for kind in Kind)]
    assert "provider-linked" in schemas["Event"]["enum"]
