"""What the environment says about pictures: where they are kept, and who delivers them."""

from __future__ import annotations

import re

from pydantic import SecretStr, model_validator

from appinstance_app.variables import Variables

from .cloudfront import KeyRefusedError, private_key

_LABEL = r"([-a-z0-9]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}\Z)([a-z0-9]{_LABEL}\.)+[a-z]{_LABEL}")
_PREFIX = re.compile(r"([A-Za-z0-9._-]+/)*")


class MediaSettings(Variables):
    """A part of `settings.Settings`."""

    media_bucket: str = ""
    media_prefix: str = ""
    media_kms_key_arn: str = ""
    media_cloudfront_domain: str = ""
    media_cloudfront_key_pair_id: str = ""
    media_cloudfront_private_key: SecretStr = SecretStr("")
    aws_region: str = ""
    aws_endpoint_url: str = ""

    @model_validator(mode="after")
    def _check_media(self) -> MediaSettings:
        if not _PREFIX.fullmatch(self.media_prefix):
            raise ValueError(
                "MEDIA_PREFIX must be empty or end with '/', and have only letters, digits, '._-'."
            )
        self._check_delivery()
        return self

    def _check_delivery(self) -> None:
        pem = self.media_cloudfront_private_key.get_secret_value()
        given = (self.media_cloudfront_domain, self.media_cloudfront_key_pair_id, pem)
        if not any(given):
            return
        if not all(given):
            raise ValueError(
                "MEDIA_CLOUDFRONT_DOMAIN, _KEY_PAIR_ID and _PRIVATE_KEY go together; set all three "
                "or none."
            )
        if not _DOMAIN.fullmatch(self.media_cloudfront_domain):
            raise ValueError("MEDIA_CLOUDFRONT_DOMAIN must be a host name, without https://.")
        try:
            private_key(pem)
        except KeyRefusedError as error:
            raise ValueError(f"MEDIA_CLOUDFRONT_PRIVATE_KEY can't be used: {error}.") from None
