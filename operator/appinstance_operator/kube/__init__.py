"""The cluster: its kinds, one client, the cache that watches feed, and what counts as drift."""
