"""Sign-in through a provider that the settings name (OpenID Connect)."""
