"""The platform on one machine: what every machine uses, with or without an image registry."""
