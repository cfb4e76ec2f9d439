"""What the environment says about a provider. Without it there is none."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from appinstance_app.variables import Variables


class OidcSettings(Variables):
    """A part of `settings.Settings`."""

    oidc_issuer: str = Field("", max_length=255)
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_name: str = Field("", max_length=40)

    @model_validator(mode="after")
    def _check_oidc(self) -> OidcSettings:
        given = {
            "OIDC_ISSUER": self.oidc_issuer,
            "OIDC_CLIENT_ID": self.oidc_client_id,
            "OIDC_CLIENT_SECRET": self.oidc_client_secret.get_secret_value(),
            "OIDC_NAME": self.oidc_name,
        }
        missing = [name for name, value in given.items() if not value]
        if missing and len(missing) < len(given):
            raise ValueError(f"Set {', '.join(missing)} as well, or unset all of OIDC_*.")
        url = urlsplit(self.oidc_issuer)
        if self.oidc_issuer and (
            url.scheme not in ("https", "http")
            or not url.hostname
            or url.query
            or url.fragment
            or url.username
            or not self.oidc_issuer.isascii()
        ):
            raise ValueError(
                "OIDC_ISSUER must be the provider's issuer exactly as it spells it, such as "
                "https://accounts.example.com."
            )
        return self
