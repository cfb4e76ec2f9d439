"""Where things are."""

from __future__ import annotations

from pathlib import Path

REPO = Path(__file__).resolve().parents[3]
DOCS = REPO / "docs"
CHARTS = REPO / "charts"
CRD = CHARTS / "appinstance-operator" / "crds" / "appinstances.platform.appinstance.io.yaml"
