"""Accounts' credentials and sessions: sign-up, sign-in, refresh, sign-out."""
