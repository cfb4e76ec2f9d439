"""What several suites share: real processes, worlds to test in, and judges."""
