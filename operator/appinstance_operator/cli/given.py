"""The platform's settings as a person has them: a settings file, or a Helm values file.

The operator itself reads its own file (api/settings.py) and takes nothing for granted. Here, what a
values file leaves to the installation and no judgement needs is taken as given, and said.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from appinstance_operator.api.errors import InvalidSpec, SettingsError
from appinstance_operator.api.settings import Settings, parse_settings

from . import output, yamltext
from .documents import read_text

_STAND_IN = "-----BEGIN CERTIFICATE-----\n(these settings name no CA)\n-----END CERTIFICATE-----\n"


def given_settings(path: Path) -> tuple[Settings, list[str]]:
    """Return the settings in a file, and what to say of them; SettingsError says what to change."""
    try:
        found, notes = yamltext.documents(read_text(path))
    except InvalidSpec as error:
        raise SettingsError(error.message) from None
    except yamltext.TextError as error:
        raise SettingsError(f"the settings {path} are not YAML: {error}") from None
    if len(found) != 1:
        raise SettingsError(f"{path} holds {len(found)} YAML documents; the settings are one")
    raw = found[0]
    if isinstance(raw, dict) and "settings" in raw and "clusterName" not in raw:
        raw = raw["settings"]
    return _parsed(raw, [f"{path}: {note}" for note in notes])


def told_settings(path: Path) -> Settings:
    """Return the settings in a file; what is to be said of them is said."""
    found, notes = given_settings(path)
    for note in notes:
        output.complain(note, "note")
    return found


def _parsed(raw: Any, notes: list[str]) -> tuple[Settings, list[str]]:
    database = raw.get("database") if isinstance(raw, dict) else None
    if isinstance(database, dict) and "caBundle" not in database:
        raw = {**raw, "database": {**database, "caBundle": _STAND_IN}}
        notes = [*notes, "these settings have no database.caBundle; a stand-in is used for it"]
    return parse_settings(raw), notes
