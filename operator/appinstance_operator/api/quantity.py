"""Kubernetes quantities: `500m`, `0.5`, `1Gi`."""

from __future__ import annotations

import re
from decimal import Decimal

_FORM = re.compile(r"^([+-]?\d+(?:\.\d+)?)(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$")
_FACTORS = {
    "": Decimal(1), "m": Decimal("0.001"),
    "k": Decimal(10) ** 3, "M": Decimal(10) ** 6, "G": Decimal(10) ** 9,
    "T": Decimal(10) ** 12, "P": Decimal(10) ** 15,
    "Ki": Decimal(2) ** 10, "Mi": Decimal(2) ** 20, "Gi": Decimal(2) ** 30,
    "Ti": Decimal(2) ** 40, "Pi": Decimal(2) ** 50,
}  # fmt: skip


def quantity(value: object) -> Decimal | None:
    """Return the number that a quantity stands for, None where the value is no quantity."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    match = _FORM.match(str(value))
    return Decimal(match[1]) * _FACTORS[match[2] or ""] if match else None
