"""The contract: what a spec and the settings may say. Imports nothing else of the operator."""
