"""Where accounts, sessions and counters are kept: one protocol, two implementations."""
