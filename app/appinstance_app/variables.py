"""How variables of the environment become settings; what the parts of the settings share."""

from __future__ import annotations

from pydantic import AliasGenerator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Variables(BaseSettings):
    """Each field is the variable of its name in capitals; an empty one is as good as none."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        hide_input_in_errors=True,
        env_ignore_empty=True,
        alias_generator=AliasGenerator(validation_alias=lambda name: name.upper()),
    )
