"""The API's description (OpenAPI): what FastAPI can't derive from the routes by itself.

Each body has an example, put together from those of its fields, which stand where the fields are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .problems import MEDIA_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

_WITH_EXAMPLE: Final = frozenset({"application/json", MEDIA_TYPE})
_UNKNOWN_CALLER: Final = {
    "description": "There is no valid access token with the request.",
    "headers": {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}},
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
}
_MOMENT: Final = "2026-05-04T12:30:15Z"


def complete_description(app: FastAPI) -> None:
    """Has the app describe itself in full."""
    generated = app.openapi

    def openapi() -> dict[str, Any]:
        described = generated()
        schemas = described["components"]["schemas"]
        for operation in _operations(described):
            if "security" in operation:
                operation["responses"]["401"] = _UNKNOWN_CALLER
        for part in _bodies(described):
            content = part.get("content", {})
            if MEDIA_TYPE in content:
                # For a response with a model FastAPI adds the route's own type by itself.
                part["content"] = content = {MEDIA_TYPE: content[MEDIA_TYPE]}
            for kind in _WITH_EXAMPLE & content.keys():
                content[kind].setdefault("example", example(content[kind]["schema"], schemas))
        return described

    app.openapi = openapi  # type: ignore[method-assign]


def example(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """One value that a schema admits. Raises LookupError where a field has no example."""
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rsplit("/", 1)[-1]], schemas)
    for key in ("examples", "enum"):
        if key in schema:
            return schema[key][0]
    if "const" in schema:
        return schema["const"]
    if "anyOf" in schema:
        return example(next(one for one in schema["anyOf"] if one.get("type") != "null"), schemas)
    if schema.get("type") == "object":
        return {
            name: example(field, schemas) for name, field in schema.get("properties", {}).items()
        }
    if schema.get("type") == "array":
        return [example(schema["items"], schemas)]
    if schema.get("type") == "boolean":
        return True
    if schema.get("format") == "date-time":
        return _MOMENT
    raise LookupError(f"No example for {schema}.")


def _bodies(described: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for operation in _operations(described):
        yield operation.get("requestBody", {})
        yield from operation["responses"].values()


def _operations(described: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in described["paths"].values():
        yield from operations.values()
