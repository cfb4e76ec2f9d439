"""A small evaluator of IAM documents, for what the stand-in does not evaluate, as conditions are.

Follows the evaluation logic that AWS documents: an explicit deny wins, an allow must match action,
resource and every condition, and without one the answer is no. Within one account a permissions
boundary must allow as well. Policy variables are replaced from the request's context. What it does
not know in a document (an operator, an element), and what AWS leaves open, is an error, so that
nothing is passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

Policy = Mapping[str, Any]
Context = Mapping[str, str | Sequence[str]]
"""Key → value, or values where the key is multivalued (such as aws:TagKeys)."""
Verdict = Literal["Allow", "Deny"] | None

_ELEMENTS = {
    "Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition",
}  # fmt: skip
# Before this version of the language, `${…}` is text.
_VARIABLES_SINCE = "2012-10-17"
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_WILDCARDS = {"*": ".*", "?": "."}
_ARN_PARTS = 6


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


class _Request:
    """The context of one request: keys are not case-sensitive, values are."""

    def __init__(self, context: Context) -> None:
        self._known = {
            key.lower(): [str(item) for item in _list(value)] for key, value in context.items()
        }

    def values(self, key: str) -> list[str]:
        """Return the values of a key; none where it is absent or empty."""
        return self._known.get(key.lower(), [])

    def variable(self, words: str) -> str | None:
        """Return what a policy variable stands for; None where the request does not say."""
        key, comma, default = (item.strip() for item in words.partition(","))
        if words in {"*", "?", "$"}:
            return words
        found = self.values(key)
        if len(found) == 1:
            return found[0]
        if found:
            raise ValueError(f"{key} has several values, and a variable stands for one")
        if comma:
            return default.strip("'")
        return None


def _pattern(template: str, request: _Request | None, *, wildcards: bool) -> re.Pattern[str] | None:
    """Return an expression for a value of a policy; None where a variable in it is unknown.

    What a variable stands for is text: a wildcard in it would be read differently by services, so
    it is an error here (tags can't hold one).
    """

    def text(part: str) -> str:
        if not wildcards:
            return re.escape(part)
        return "".join(_WILDCARDS.get(char) or re.escape(char) for char in part)

    parts = _VARIABLE.split(template) if request else [template]
    expression = text(parts[0])
    for words, following in zip(parts[1::2], parts[2::2], strict=True):
        value = request.variable(words) if request else None
        if value is None:
            return None
        if words not in _WILDCARDS and set(value) & set(_WILDCARDS):
            raise ValueError(f"{words} stands for {value}, which holds a wildcard")
        expression += re.escape(value) + text(following)
    return re.compile(expression, re.DOTALL)


def _equal(wanted: str, actual: str, request: _Request | None) -> bool | None:
    pattern = _pattern(wanted, request, wildcards=False)
    return pattern and pattern.fullmatch(actual) is not None


def _equal_in_any_case(wanted: str, actual: str, request: _Request | None) -> bool | None:
    pattern = _pattern(wanted, request, wildcards=False)
    return pattern and re.fullmatch(pattern.pattern, actual, re.I | re.S) is not None


def _like(wanted: str, actual: str, request: _Request | None) -> bool | None:
    pattern = _pattern(wanted, request, wildcards=True)
    return pattern and pattern.fullmatch(actual) is not None


def _arn_like(wanted: str, actual: str, request: _Request | None) -> bool | None:
    """Compare the six parts of an ARN one by one: a wildcard does not go beyond its own."""
    patterns, parts = wanted.split(":", _ARN_PARTS - 1), actual.split(":", _ARN_PARTS - 1)
    if len(patterns) != len(parts):
        return False
    found = [_like(one, part, request) for one, part in zip(patterns, parts, strict=True)]
    return None if None in found else all(found)


def _bool(wanted: str, actual: str, _request: _Request | None) -> bool:
    return wanted.lower() == actual.lower()


_OPERATORS: Mapping[str, Callable[[str, str, _Request | None], bool | None]] = {
    "StringEquals": _equal,
    "StringEqualsIgnoreCase": _equal_in_any_case,
    "StringLike": _like,
    "ArnEquals": _arn_like,  # AWS: the two do the same
    "ArnLike": _arn_like,
    "Bool": _bool,
}


def _null(wanted: Any, actual: list[str]) -> bool:
    return any((str(item).lower() == "true") == (not actual) for item in _list(wanted))


def _condition_holds(
    operator: str, key: str, wanted: Any, request: _Request, variables: _Request | None
) -> bool:
    actual = request.values(key)
    if operator == "Null":
        return _null(wanted, actual)
    quantifier, _, bare = operator.rpartition(":")
    name = bare.removesuffix("IfExists")
    positive = re.sub(r"^(String|Arn)Not(Equals|Like)", r"\1\2", name)
    if positive not in _OPERATORS or quantifier not in {"", "ForAllValues", "ForAnyValue"}:
        raise ValueError(f"the evaluator does not know the condition operator {operator}")
    negated = positive != name
    if not actual:
        if quantifier == "ForAnyValue":
            return name != bare
        # A negated operator holds for an absent key; IfExists and ForAllValues let one pass.
        return negated or name != bare or quantifier == "ForAllValues"
    if len(actual) > 1 and not quantifier:
        raise ValueError(f"{key} has several values; {operator} is for one (ForAllValues?)")

    def matches(value: str) -> bool:
        found = [_OPERATORS[positive](str(item), value, variables) for item in _list(wanted)]
        if negated and None in found:
            raise ValueError(f"AWS does not say what {operator} does with an unknown variable")
        return any(found) != negated

    return (any if quantifier == "ForAnyValue" else all)(matches(value) for value in actual)


def _applies(
    statement: Mapping[str, Any], request: _Request, variables: _Request | None = None
) -> bool:
    return all(
        _condition_holds(operator, key, wanted, request, variables)
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def _names_action(statement: Mapping[str, Any], action: str) -> bool:
    """Return whether a statement's Action (or NotAction) covers one; case does not matter."""
    element = "NotAction" if "NotAction" in statement else "Action"
    found = any(_like(item.lower(), action.lower(), None) for item in _list(statement[element]))
    return found == (element == "Action")


def _names_resource(
    statement: Mapping[str, Any], resource: str, variables: _Request | None
) -> bool:
    """Return whether a statement's Resource (or NotResource) covers one; case matters."""
    if "NotResource" in statement:
        told = [_like(item, resource, variables) for item in _list(statement["NotResource"])]
        if None in told:
            raise ValueError("AWS does not say what NotResource does with an unknown variable")
        return not any(told)
    return any(_like(item, resource, variables) for item in _list(statement.get("Resource", "*")))


def _for_principal(statement: Mapping[str, Any], principal: str | None) -> bool:
    wanted = statement.get("Principal")
    if wanted is None or principal is None or wanted == "*":
        return True
    found = [item for kind in wanted.values() for item in _list(kind)]
    account = ":".join(principal.split(":")[:5]) + ":root"
    return any(item in {"*", principal, account} for item in found)


def verdict(
    policy: Policy,
    action: str,
    resource: str,
    context: Context | None = None,
    principal: str | None = None,
) -> Verdict:
    """Return `Allow`, `Deny` (explicit) or None (nothing said) of one document."""
    request = _Request(context or {})
    variables = request if policy.get("Version", "") >= _VARIABLES_SINCE else None
    answer: Verdict = None
    for statement in _list(policy["Statement"]):
        unknown = set(statement) - _ELEMENTS
        if unknown:
            raise ValueError(f"the evaluator does not know {', '.join(sorted(unknown))}")
        if (
            _names_action(statement, action)
            and _names_resource(statement, resource, variables)
            and _for_principal(statement, principal)
            and _applies(statement, request, variables)
        ):
            if statement["Effect"] == "Deny":
                return "Deny"
            answer = "Allow"
    return answer


def allowed(policy: Policy, action: str, resource: str, context: Context | None = None) -> bool:
    """Return whether an identity policy alone allows an action on a resource."""
    return verdict(policy, action, resource, context) == "Allow"


def permitted(
    identity: Policy,
    action: str,
    resource: str,
    *,
    boundary: Policy | None = None,
    resource_policy: Policy | None = None,
    principal: str | None = None,
    context: Context | None = None,
) -> bool:
    """Return whether a role may do something, all documents taken together (one account).

    The identity policy must allow; boundary, where there is one, too; and no document may deny.
    What a resource policy allows by itself is left out: none of ours does.
    """
    told = [verdict(identity, action, resource, context)]
    if boundary is not None:
        told.append(verdict(boundary, action, resource, context))
    if resource_policy is not None:
        known = {**(context or {}), **({"aws:PrincipalArn": principal} if principal else {})}
        if verdict(resource_policy, action, resource, known, principal) == "Deny":
            return False
    return all(item == "Allow" for item in told)


def trusts(policy: Policy, issuer: str, subject: str, audience: str) -> bool:
    """Return whether a trust policy lets the bearer of such a token take the role."""
    request = _Request({f"{issuer}:sub": subject, f"{issuer}:aud": audience})
    return any(
        statement["Effect"] == "Allow"
        and statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        and statement["Principal"]["Federated"].endswith(f":oidc-provider/{issuer}")
        and _applies(statement, request)
        for statement in policy["Statement"]
    )
