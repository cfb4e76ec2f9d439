"""What the outside sees or does: metrics, logs, and the points at which tests kill the operator."""
