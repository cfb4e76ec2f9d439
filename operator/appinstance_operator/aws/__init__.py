"""What lies outside the cluster: the only part that calls AWS."""
