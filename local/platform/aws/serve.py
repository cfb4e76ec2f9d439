"""moto in server mode, with what it lacks for this platform.

moto judges requests by effect, action and resource of identity policies. It passes over permissions
boundaries and most conditions. Here the judgement is iam_evaluator.py's, which lies beside this
file, on all that a request says about itself:

- an action needs an Allow, and no Deny, of the caller's own policies, and of the role's permissions
  boundary where it has one (its default version; one that does not exist allows nothing);
- conditions and policy variables know the tags of the caller's role, of the request and of the role
  or the entry that a call names, `iam:PermissionsBoundary`, and `s3:prefix`;
- what AWS asks for besides is asked for: `iam:TagRole` and `secretsmanager:TagResource` where a
  role or an entry is created with tags, and `s3:GetObject` on the source of a copy;
- calls to Secrets Manager are judged on the entry's ARN, and calls to IAM on the role's, also where
  the role does not exist yet (moto takes `*` for both);
- AssumeRoleWithWebIdentity is not signed: the token is the proof, and moto asks for a signature all
  the same. The call is let through, and the role's trust policy is held against the token's claims.
  The token's signature is NOT checked: nothing here proves that a forged token would be refused.

Bucket policies, session policies, and the policies of organisations are not judged here.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from iam_evaluator import trusts, verdict
from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.exceptions import AccessDeniedError
from moto.iam.access_control import IAMPolicy, IAMRequestBase
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.iam.responses import IamResponse
from moto.secretsmanager.models import secretsmanager_backends
from moto.secretsmanager.responses import SecretsManagerResponse
from moto.server import main

Context = dict[str, str | list[str]]
_WEB_IDENTITY = "AssumeRoleWithWebIdentity"
_ALLOW, _DENY = "Allow", "Deny"
# The requests that carry iam:PermissionsBoundary, by the Service Authorization Reference: the one
# that they set, or that the role has. For other actions a condition on it never holds.
_SETS_BOUNDARY = {"iam:CreateRole", "iam:PutRolePermissionsBoundary"}
_KNOWS_BOUNDARY = {
    "iam:AttachRolePolicy",
    "iam:DeleteRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:GetRole",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
}
_NOTHING: Mapping[str, Any] = {"Version": "2012-10-17", "Statement": []}


# What a request says about itself


def _first(form: Mapping[str, Any], field: str) -> str | None:
    value = form.get(field)
    return value[0] if isinstance(value, list) else value


def _tags_of(listed: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in listed or ()}


def _tags(role: Any) -> dict[str, str]:
    return _tags_of(role.tags) if role else {}


def _request_tags(form: Mapping[str, Any]) -> Context:
    """Return the context that the tags in a call to IAM make, or the keys of tags to remove."""
    tags: dict[str, str] = {}
    for field in form:
        if re.fullmatch(r"Tags\.member\.\d+\.Key", field):
            value = _first(form, field.removesuffix("Key") + "Value")
            tags[_first(form, field) or ""] = value or ""
    keys = [_first(form, field) or "" for field in form if field.startswith("TagKeys.member.")]
    found: Context = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    return {**found, "aws:TagKeys": [*tags, *keys]} if tags or keys else found


def _role(account: str, name: str | None) -> Any:
    roles = iam_backends[account]["aws"].get_roles()
    return next((role for role in roles if role.name == name), None)


def _of_iam(action: str, form: Mapping[str, Any], role: Any) -> Context:
    """Return what a call to IAM says of itself, and of the role that it names."""
    context: Context = {f"aws:ResourceTag/{key}": value for key, value in _tags(role).items()}
    context.update(_request_tags(form))
    boundary = None
    if action in _SETS_BOUNDARY:
        boundary = _first(form, "PermissionsBoundary")
    elif action in _KNOWS_BOUNDARY and role:
        boundary = role.permissions_boundary_arn
    return {**context, "iam:PermissionsBoundary": boundary} if boundary else context


def _of_entry(request: Any, resource: str) -> Context:
    """Return what the tags make that a call to Secrets Manager gives, and those of its entry."""
    given = _tags_of(json.loads(request._body or b"{}").get("Tags"))  # noqa: SLF001
    context: Context = {f"aws:RequestTag/{key}": value for key, value in given.items()}
    if given:
        context["aws:TagKeys"] = [*given]
    entries = secretsmanager_backends[request.account_id][request._region].secrets  # noqa: SLF001
    held = next((entry.tags for entry in entries.values() if entry.arn == resource), None)
    context.update({f"aws:ResourceTag/{key}": value for key, value in _tags_of(held).items()})
    return context


def _of_s3(path: str) -> Context:
    query = parse_qs(urlsplit(path).query, keep_blank_values=True)
    return {"s3:prefix": query["prefix"][0]} if "prefix" in query else {}


def _needs(request: Any, resource: str) -> Iterator[tuple[str, str, Context]]:
    """Return each action that a request needs, on what, and in which context."""
    action = request._action  # noqa: SLF001
    if action.startswith("iam:"):
        form = request._data  # noqa: SLF001
        role = _role(request.account_id, _first(form, "RoleName"))
        context = _of_iam(action, form, role)
        yield action, resource, context
        if action == "iam:CreateRole" and "aws:TagKeys" in context:
            yield "iam:TagRole", resource, context
    elif action.startswith("s3:"):
        context = _of_s3(request._path)  # noqa: SLF001
        # AWS has no right of this name: it asks for the right to list.
        yield action.replace("s3:HeadBucket", "s3:ListBucket"), resource, context
        source = request._headers.get("X-Amz-Copy-Source")  # noqa: SLF001
        if source:
            name = unquote(source).lstrip("/").partition("?")[0]
            yield "s3:GetObject", f"arn:aws:s3:::{name}", context
    elif action.startswith("secretsmanager:"):
        context = _of_entry(request, resource)
        yield action, resource, context
        if action == "secretsmanager:CreateSecret" and "aws:TagKeys" in context:
            yield "secretsmanager:TagResource", resource, context
    else:
        yield action, resource, {}


# The judgement


def _caller(request: Any) -> Any:
    """Return the role whose session asks; None for a user."""
    name = getattr(request._access_key, "_owner_role_name", None)  # noqa: SLF001
    return _role(request.account_id, name) if name else None


def _document(policy: Any) -> Mapping[str, Any]:
    document: Mapping[str, Any] = IAMPolicy(policy)._policy_json  # noqa: SLF001
    return document


def _boundary(request: Any, caller: Any) -> Mapping[str, Any] | None:
    if caller is None or not caller.permissions_boundary_arn:
        return None
    try:
        return _document(request.backend.get_policy(caller.permissions_boundary_arn))
    except NotFoundException:
        return _NOTHING


def _permitted(request: Any, resource: str) -> bool:
    caller = _caller(request)
    policies = [_document(item) for item in request._access_key.collect_policies()]  # noqa: SLF001
    boundary = _boundary(request, caller)
    who: Context = {f"aws:PrincipalTag/{key}": value for key, value in _tags(caller).items()}
    for action, target, context in _needs(request, resource):
        told = {verdict(policy, action, target, {**context, **who}) for policy in policies}
        if _DENY in told or _ALLOW not in told:
            return False
        if boundary and verdict(boundary, action, target, {**context, **who}) != _ALLOW:
            return False
    return True


def _check(self: Any, resource: str) -> None:
    if self._action == "sts:GetCallerIdentity":  # AWS refuses it to nobody
        return
    allowed = _permitted(self, resource)
    if allowed and self._is_assuming_role_operation(resource):
        allowed = self._check_role_trust_relationship(resource)
    if not allowed:
        self._raise_access_denied()


# Taking a role with a token


def _claims(token: str) -> dict[str, Any]:
    """Return the claims of a JWT, unverified."""
    body = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return found


def _trusted(document: Mapping[str, Any], claims: Mapping[str, Any]) -> bool:
    """Return whether a trust policy admits the bearer of these claims."""
    issuer, subject = claims.get("iss"), claims.get("sub")
    audience = claims.get("aud", [])
    audiences = audience if isinstance(audience, list) else [audience]
    if not isinstance(issuer, str) or not isinstance(subject, str):
        return False
    return any(trusts(document, issuer.removeprefix("https://"), subject, one) for one in audiences)


_authorize = ActionAuthenticatorMixin._authenticate_and_authorize_action  # noqa: SLF001


def _authorize_with_token(self: Any, request: type, resource: str = "*") -> None:
    if self._get_action() != _WEB_IDENTITY:
        _authorize(self, request, resource)
        return
    claims = _claims(self._get_param("WebIdentityToken"))
    arn = self._get_param("RoleArn")
    roles = iam_backends[self.current_account]["aws"].get_roles()
    documents = [role.assume_role_policy_document for role in roles if role.arn == arn]
    if not any(_trusted(json.loads(document), claims) for document in documents):
        raise AccessDeniedError(user_arn=str(claims.get("sub")), action=f"sts:{_WEB_IDENTITY}")


# What a request is about


def _role_resource(self: Any) -> str:
    # IAM is asked before moto has parsed the parameters; the form is there already.
    name = _first(self.data, "RoleName")
    if not name:
        return "*"
    role = _role(self.current_account, name)
    path = _first(self.data, "Path") or "/"
    return str(role.arn) if role else f"arn:aws:iam::{self.current_account}:role{path}{name}"


def _secret_resource(self: Any) -> str:
    made, named = self._get_param("Name"), self._get_param("SecretId")
    for secret in self.backend.secrets.values():
        if named and named in {secret.name, secret.arn}:
            return str(secret.arn)
    base = f"arn:aws:secretsmanager:{self.region}:{self.current_account}:secret:"
    if made:
        return f"{base}{made}-000000"
    # Of one that is not there AWS knows no six letters, so nothing is allowed that waits for them.
    return f"{base}{named}" if named else "*"


def judge() -> None:
    """Put this judgement in place of moto's; it counts once evaluation is turned on."""
    ActionAuthenticatorMixin._authenticate_and_authorize_action = _authorize_with_token  # type: ignore[method-assign]  # noqa: SLF001
    IAMRequestBase.check_action_permitted = _check  # type: ignore[method-assign]
    IamResponse._determine_resource = _role_resource  # type: ignore[method-assign]  # noqa: SLF001
    SecretsManagerResponse._determine_resource = _secret_resource  # type: ignore[attr-defined]  # noqa: SLF001


if __name__ == "__main__":
    judge()
    main()
