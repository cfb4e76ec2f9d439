"""The page, served by the app itself in development, so that `make app` needs no second server.

In production the frontend image serves it. The headers are those of app/frontend/nginx.conf; a test
compares the policy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Scope

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


class StaticSite(StaticFiles):
    """The folder's files, `index.html` for `/`."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file with the page's headers instead of the API's."""
        response = await super().get_response(path, scope)
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Referrer-Policy"] = "same-origin"
        return response
