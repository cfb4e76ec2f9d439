"""The app beside others that do the same: `make bench-app`."""
