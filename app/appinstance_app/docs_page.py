"""Swagger UI, in development only: it comes from a CDN, which production's policy rules out."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse

OPENAPI_URL: Final = "/api/v1/openapi.json"
_POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline' https://cdn.jsdelivr.net; "
    "style-src 'unsafe-inline' https://cdn.jsdelivr.net; img-src data: https:; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
router = APIRouter(include_in_schema=False)


@router.get("/api/v1/docs")
async def docs() -> HTMLResponse:
    """The page to try the API on."""
    page = get_swagger_ui_html(openapi_url=OPENAPI_URL, title="AppInstance API")
    page.headers["Content-Security-Policy"] = _POLICY
    return page
