"""The schema's versions, inside the package so that the image can migrate its own database."""

from __future__ import annotations

import pkgutil
import re
from pathlib import Path


def newest_version() -> str:
    """The version that this image needs, from the names of the scripts: `v0001_accounts` is 0001.

    Serving needs no more of the migrations than that, and so does not load Alembic.
    """
    names = [
        module.name for module in pkgutil.iter_modules([str(Path(__file__).parent / "versions")])
    ]
    found = [match[1] for name in names if (match := re.fullmatch(r"v(\d{4})_\w+", name))]
    return max(found)
