"""The process: kopf, the queue's workers, health, and what the operator may do."""
