"""Who is calling: from an access token to an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appinstance_app.auth.tokens import InvalidTokenError
from appinstance_app.problems import Problem
from appinstance_app.workers import in_thread

if TYPE_CHECKING:
    from appinstance_app.auth.tokens import AccessTokens
    from appinstance_app.store.protocol import Store
    from appinstance_app.store.records import User


class UserService:
    """Looks accounts up."""

    def __init__(self, store: Store, tokens: AccessTokens) -> None:
        self._store = store
        self._tokens = tokens

    async def owner_of(self, access_token: str | None) -> User:
        """The account that the token was made for. Raises Problem (401)."""
        try:
            user_id = self._tokens.user_id(access_token or "")
        except InvalidTokenError:
            user = None
        else:
            user = await in_thread(self._store.user, user_id)
        if user is None:
            raise Problem(
                401,
                "Sign in first: there is no valid access token with this request.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return user
