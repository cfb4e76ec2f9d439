"""Passkeys: in place of the password, or after it; and the codes that help where one is lost."""
