"""The provisioner: makes, rotates and removes an instance's database. See docs/adr/0034."""
