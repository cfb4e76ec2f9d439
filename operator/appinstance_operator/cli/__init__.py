"""The command line: `appinstance`."""
