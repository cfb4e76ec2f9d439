"""`make version` and `make release`: one version, and everything of it built, pushed and signed."""
