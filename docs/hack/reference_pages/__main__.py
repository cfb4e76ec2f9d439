"""Write all derived pages."""

from __future__ import annotations

from . import pages

for path, text in pages.all_pages().items():
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
