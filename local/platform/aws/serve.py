"""moto in server mode, with what it lacks for this platform.

moto evaluates identity policies, but not as far as we need. Added here, and nothing else:

- AssumeRoleWithWebIdentity is not signed: the token is the proof. moto asks for a signature all the
  same and breaks. Here the call is let through, and the role's trust policy is held against the
  token's claims: the provider by `iss`, and every StringEquals condition (`:sub`, `:aud`). The
  token's signature is NOT checked: nothing here proves that a forged token would be refused.
- `?` in a policy is a wildcard for one character (moto knows only `*`).
- Calls to Secrets Manager are judged on the entry's ARN, and calls to IAM on the role's, also where
  the role does not exist yet (moto takes `*` for both).

Most conditions stay unevaluated; they are judged on the rendered documents by the tests' evaluator.
"""

import base64
import fnmatch
import json
import re
from typing import Any

from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.exceptions import AccessDeniedError
from moto.iam.access_control import IAMPolicyStatement
from moto.iam.models import iam_backends
from moto.iam.responses import IamResponse
from moto.secretsmanager.responses import SecretsManagerResponse
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
    if self._get_action() != _WEB_IDENTITY:
        _checked(self, request, resource)
        return
    told = claims(self._get_param("WebIdentityToken"))
    arn = self._get_param("RoleArn")
    roles = iam_backends[self.current_account]["aws"].get_roles()
    documents = [role.assume_role_policy_document for role in roles if role.arn == arn]
    if not any(trusted(json.loads(document), told) for document in documents):
        raise AccessDeniedError(user_arn=str(told.get("sub")), action=f"sts:{_WEB_IDENTITY}")


def _match(pattern: str, value: str) -> re.Match[str] | None:
    # fnmatch would read brackets as a class; a policy does not.
    return re.match(fnmatch.translate(pattern.replace("[", "[[]")), value)


def _form_value(self: Any, field: str) -> str | None:
    # IAM is asked before moto has parsed the parameters; the form is there already.
    value = self.data.get(field)
    return value[0] if isinstance(value, list) else value


def _role_resource(self: Any) -> str:
    name = _form_value(self, "RoleName")
    if not name:
        return "*"
    for role in iam_backends[self.current_account]["aws"].get_roles():
        if role.name == name:
            return str(role.arn)
    return f"arn:aws:iam::{self.current_account}:role{_form_value(self, 'Path') or '/'}{name}"


def _secret_resource(self: Any) -> str:
    name = self._get_param("SecretId") or self._get_param("Name")
    if not name:
        return "*"
    for secret in self.backend.secrets.values():
        if name in {secret.name, secret.arn}:
            return str(secret.arn)
    return f"arn:aws:secretsmanager:{self.region}:{self.current_account}:secret:{name}-000000"


if __name__ == "__main__":
    ActionAuthenticatorMixin._authenticate_and_authorize_action = _authorize  # type: ignore[method-assign]  # noqa: SLF001
    IAMPolicyStatement._match = staticmethod(_match)  # type: ignore[method-assign]  # noqa: SLF001
    IamResponse._determine_resource = _role_resource  # type: ignore[method-assign]  # noqa: SLF001
    SecretsManagerResponse._determine_resource = _secret_resource  # type: ignore[attr-defined]  # noqa: SLF001
    main()
