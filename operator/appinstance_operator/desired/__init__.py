"""What should be: pure functions from (instance, settings) to manifests, a module per kind.

Nothing here knows of a cluster or of a cloud, so all of it can be rendered offline and is held by
golden files.
"""
