"""Random requests, judged by the prover's reading of documents and by the evaluator's."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cvc5.pythonic as smt

from appinstance_local.platform.iam_evaluator import Verdict, verdict

from .documents import Document, Request, allows, denies
from .isolation import ENTRY, NAME, NAMESPACE, PREFIX, Documents
from .patterns import text

# Names that lie close to each other.
_NAMES = ("a", "a-b", "a-b-c", "b", "b-c", "ab", "shop", "shop-2", "appinstance-namespace")
_NEAR = 0.8
_SOLVER = smt.Solver()
_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_TAILS = ("", "/", "x", "/x", "-AbCdEf", "-abcdef-AbCdEf", "/../b/x", "/database-AbCdEf")
_ACTIONS = (
    "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "s3:GetObjectVersion",
    "secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret", "kms:Decrypt",
    "kms:GenerateDataKey", "iam:CreateRole", "iam:TagRole", "iam:UntagRole", "iam:PutRolePolicy",
    "iam:PutRolePermissionsBoundary", "iam:UpdateAssumeRolePolicy", "iam:GetRole",
    "iam:DeleteRole", "sts:AssumeRoleWithWebIdentity",
)  # fmt: skip


@dataclass(frozen=True)
class Told:
    """What both say of one request."""

    answer: Verdict
    agree: bool
    request: str


def _document(docs: Documents, chance: random.Random) -> Document:
    listed = [
        *docs.own.values(), *docs.chosen.values(), *(item.document for item in docs.boundaries),
        *docs.platform_roles.values(), docs.operator,
    ]  # fmt: skip
    return chance.choice([*listed, docs.bucket_policy or listed[0]])


def _resource(docs: Documents, chance: random.Random) -> str:
    one, two = chance.choice(_NAMES), chance.choice(_NAMES)
    tail = chance.choice(_TAILS)
    known = docs.settings
    account = f"arn:{known.partition}:iam::{known.account_id}"
    return chance.choice(
        [
            docs.bucket, f"{docs.bucket}/{one}/{two}{tail}", f"{docs.bucket}/{one}{tail}",
            f"{docs.bucket}-2/{one}/{two}{tail}", f"{docs.entries}apps/{one}/{two}{tail}",
            f"{docs.entries}{one}/{two}{tail}", f"{docs.entries}apps/{one}{tail}",
            str(known.media.kms_key_arn), str(known.secrets.kms_key_arn),
            f"{account}:role{known.iam.path}{known.iam.role_name_prefix}{one}",
            f"{account}:role/{known.iam.role_name_prefix}{one}", f"{account}:role/platform/{one}",
        ]
    )  # fmt: skip


def _context(docs: Documents, chance: random.Random) -> dict[str, str | list[str]]:
    known = docs.settings

    def name() -> str:
        return chance.choice(_NAMES)

    issuers = (known.oidc.issuer, "oidc.example.com/id/other")
    boundaries = (*(item.arn for item in docs.boundaries), "arn:aws:iam::1:policy/x")
    values = {
        "aws:PrincipalTag/appinstance-namespace": name(),
        "aws:PrincipalTag/appinstance-name": name(),
        "aws:PrincipalTag/platform.appinstance.io/namespace": name(),
        "aws:RequestTag/appinstance-namespace": name(),
        "aws:RequestTag/appinstance-name": name(),
        "aws:RequestTag/appinstance-issuer": chance.choice(issuers),
        "aws:RequestTag/appinstance-cluster": chance.choice((known.cluster_name, "other")),
        "aws:ResourceTag/appinstance-namespace": name(),
        "aws:ResourceTag/appinstance-name": name(),
        "aws:ResourceTag/appinstance-issuer": chance.choice(issuers),
        "aws:ResourceTag/appinstance-cluster": chance.choice((known.cluster_name, "other")),
        "aws:ResourceTag/platform.appinstance.io/cluster": known.cluster_name,
        "iam:PermissionsBoundary": chance.choice(boundaries),
        "s3:prefix": f"{name()}/{name()}{chance.choice(_TAILS)}",
        "kms:ViaService": f"{chance.choice(('s3', 'secretsmanager'))}.{known.region}.amazonaws.com",
        "aws:SecureTransport": chance.choice(("true", "false")),
        "s3:x-amz-server-side-encryption": chance.choice(("aws:kms", "AES256")),
        "s3:x-amz-server-side-encryption-aws-kms-key-id": str(known.media.kms_key_arn),
    }
    keep = chance.choice((0.2, 0.6, 0.95))
    found: dict[str, str | list[str]] = {
        key: value for key, value in values.items() if chance.random() < keep
    }
    found["aws:TagKeys"] = [
        key.partition("/")[2] for key in found if key.startswith("aws:RequestTag/")
    ]
    return found


def _named(document: Document, chance: random.Random) -> tuple[Document, dict[str, str]]:
    """Return a document with names in the place of tokens, and the names."""
    namespace, name = chance.choice(_NAMES), chance.choice(_NAMES)
    names = {
        PREFIX: f"{namespace}/{chance.choice(_NAMES)}/", NAMESPACE: namespace, NAME: name,
        ENTRY: f"apps/{namespace}/{name}/database",
    }  # fmt: skip
    written = json.dumps(document)
    for token, value in names.items():
        written = written.replace(token, value)
    named: Document = json.loads(written)
    return named, names


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _instance_of(pattern: str, context: Mapping[str, Any], chance: random.Random) -> str:
    """Return a resource of a pattern, or nearly: variables by the request, wildcards by chance."""

    def value(found: re.Match[str]) -> str:
        known = context.get(found[1])
        return str(known) if known and chance.random() < _NEAR else chance.choice(_NAMES)

    filled = _VARIABLE.sub(value, pattern)
    filled = re.sub(r"\?", lambda _: chance.choice("Aa1"), filled)
    return re.sub(r"\*", lambda _: chance.choice((*_NAMES, *_TAILS)), filled)


def _truth(formula: Any) -> bool:
    """Return what a formula without variables is."""
    # The package's own `simplify` makes a new solver each time.
    told = str(_SOLVER.solver.simplify(formula.ast))
    assert told in {"true", "false"}, told
    return told == "true"


def _given(context: Mapping[str, str | list[str]]) -> dict[str, object]:
    given: dict[str, object] = {}
    for key, value in context.items():
        if isinstance(value, str):
            given[key] = text(value)
        else:
            given |= {f"{key} {number}": text(item) for number, item in enumerate(value)}
    return given


def one_request(docs: Documents, chance: random.Random) -> Told:
    """Return what both say of one document, chosen at random as everything else."""
    document = _document(docs, chance)
    named, names = _named(document, chance)
    # Most requests are near to what a statement says: by chance alone, hardly one is allowed.
    statement = chance.choice(named["Statement"])
    own = [item for item in _list(statement["Action"]) if "*" not in item]
    action = chance.choice(own if own and chance.random() < _NEAR else _ACTIONS)
    resource, context = _resource(docs, chance), _context(docs, chance)
    if chance.random() < _NEAR:
        pattern = chance.choice(_list(statement.get("Resource", "*")))
        resource = _instance_of(pattern, context, chance)
    try:
        answer = verdict(named, action, resource, context)
    except ValueError:
        # AWS leaves open what this means, and the evaluator does not guess.
        return one_request(docs, chance)
    request = Request(
        text(action.lower()), text(resource), {key: text(value) for key, value in names.items()},
        _given(context), closed=True,
    )  # fmt: skip
    read: Verdict = None
    if _truth(denies(document, request)):
        read = "Deny"
    elif _truth(allows(document, request)):
        read = "Allow"
    return Told(
        answer,
        read == answer,
        f"{document} {names} {action} {resource} {context}: {read}, not {answer}",
    )
