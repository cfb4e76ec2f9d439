"""The table of rights (golden/policies.md) read back as policy documents."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from terraform import world

_COLUMNS = 7
# Made-up ids are their resource's address in the table; here an ARN as it would look.
_SHAPES: Mapping[str, str] = {
    "aws_kms_key": "kms:{r}:{a}:key/0",
    "aws_wafv2_web_acl": "wafv2:{r}:{a}:regional/webacl/n/0",
    "aws_iam_policy": "iam::{a}:policy/platform/n",
    "aws_iam_role": "iam::{a}:role/platform/n",
    "aws_ecr_repository": "ecr:{r}:{a}:repository/n/i",
    "aws_cloudwatch_log_group": "logs:{r}:{a}:log-group:/n",
    "aws_s3_bucket": "s3:::n",
    "aws_sns_topic": "sns:{r}:{a}:n",
    "aws_secretsmanager_secret": "secretsmanager:{r}:{a}:secret:n",
}
_ADDRESS = re.compile(r"\[(?:module\.[\w-]+(?:\[\d+\])?\.)*(\w+)\.[\w-]+(?:\[[^\]]*\])?\]")


def _arn(match: re.Match[str]) -> str:
    shape = _SHAPES.get(match[1])
    return f"arn:aws:{shape.format(r=world.REGION, a=world.ACCOUNT)}" if shape else match[0]


def _list(cell: str) -> list[str]:
    return cell.split("<br>")


def documents(table: str) -> dict[str, dict[str, Any]]:
    """Return address -> policy document, of the statements in the table."""
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in table.split("## Statements", 1)[1].split("## AWS's own", 1)[0].splitlines()[4:]:
        cells = [cell.replace("\\|", "|") for cell in re.split(r"(?<!\\) \| ", line.strip("| "))]
        if len(cells) != _COLUMNS:
            continue
        address, sid, effect, who, action, resource, when = cells
        statement: dict[str, Any] = {"Sid": sid, "Effect": effect, "Action": _list(action)}
        if not resource.startswith("{"):
            statement["Resource"] = [_ADDRESS.sub(_arn, item) for item in _list(resource)]
        if when != "-":
            statement["Condition"] = json.loads(re.sub(r'\["([^"\]]*)"\]\]', r"['\1']]", when))
        if who != "-":
            statement["Principal"] = who
        found[address].append(statement)
    return {name: {"Version": "2012-10-17", "Statement": listed} for name, listed in found.items()}
