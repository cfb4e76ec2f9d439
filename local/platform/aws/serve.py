"""moto in server mode, with the one thing that it lacks for this platform.

AssumeRoleWithWebIdentity is not signed: the token is the proof. With policy evaluation on, moto asks
for a signature all the same and breaks. Here the call is let through, and the role's trust policy
is held against the token's claims: the identity provider by `iss`, and every StringEquals condition
(`:sub`, `:aud`). That stands in for STS, except that the token's signature is NOT checked: nothing
here proves that a forged token would be refused.
"""

import base64
import json
from typing import Any

from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.exceptions import AccessDeniedError
from moto.iam.models import iam_backends
from moto.server import main

_WEB_IDENTITY = "AssumeRoleWithWebIdentity"


def claims(token: str) -> dict[str, Any]:
    """Return the claims of a JWT, unverified."""
    body = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return found


def trusted(document: dict[str, Any], told: dict[str, Any]) -> bool:
    """Return whether a trust policy admits the bearer of these claims."""
    issuer = str(told.get("iss", "")).removeprefix("https://")
    audience = told.get("aud", [])
    audiences = audience if isinstance(audience, list) else [audience]
    values = {f"{issuer}:sub": [told.get("sub")], f"{issuer}:aud": audiences}
    for statement in document["Statement"]:
        provider = str(statement.get("Principal", {}).get("Federated", ""))
        wanted = statement.get("Condition", {}).get("StringEquals", {})
        if (
            statement["Effect"] == "Allow"
            and statement["Action"] == f"sts:{_WEB_IDENTITY}"
            and provider.endswith(f":oidc-provider/{issuer}")
            and all(value in values.get(key, []) for key, value in wanted.items())
        ):
            return True
    return False


_checked = ActionAuthenticatorMixin._authenticate_and_authorize_action  # noqa: SLF001


def _authorize(self: Any, request: type, resource: str = "*") -> None:
    if self._get_action() != _WEB_IDENTITY:  # noqa: SLF001
        _checked(self, request, resource)
        return
    told = claims(self._get_param("WebIdentityToken"))  # noqa: SLF001
    arn = self._get_param("RoleArn")  # noqa: SLF001
    roles = iam_backends[self.current_account]["aws"].get_roles()
    documents = [role.assume_role_policy_document for role in roles if role.arn == arn]
    if not any(trusted(json.loads(document), told) for document in documents):
        raise AccessDeniedError(user_arn=str(told.get("sub")), action=f"sts:{_WEB_IDENTITY}")


if __name__ == "__main__":
    ActionAuthenticatorMixin._authenticate_and_authorize_action = _authorize  # type: ignore[method-assign]  # noqa: SLF001
    main()
