"""Pages of the documentation that are derived from the code: `make reference`. Tests compare."""
