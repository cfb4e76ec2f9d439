"""A hook of mkdocs: what a page links outside of docs/ becomes a link into the repository.

So pages read right on GitHub and on the site alike. A file that is not there ends a strict build.
"""

from __future__ import annotations

import logging
import posixpath
import re
from pathlib import Path
from typing import Any

_REPO = Path(__file__).resolve().parents[2]
_BRANCH = "main"
_LINK = re.compile(r"(?<=\]\()(?P<to>(?:\.\./)+[^)#\s]+)(?P<anchor>#[^)\s]*)?(?=\))")
_log = logging.getLogger("mkdocs.hooks.repository_links")


def rewritten(markdown: str, page: str, repository: str) -> tuple[str, list[str]]:
    """Return a page's text with its links out of docs/ made absolute, and those that lead nowhere."""
    lost: list[str] = []

    def absolute(match: re.Match[str]) -> str:
        inside = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), match["to"]))
        if inside.startswith("docs/"):
            return match[0]
        target = _REPO / inside
        if inside.startswith("..") or not target.exists():
            lost.append(match["to"])
            return match[0]
        kind = "tree" if target.is_dir() else "blob"
        return f"{repository}/{kind}/{_BRANCH}/{inside}{match['anchor'] or ''}"

    return _LINK.sub(absolute, markdown), lost


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Rewrite the links of one page."""
    text, lost = rewritten(markdown, page.file.src_uri, config["repo_url"])
    for link in lost:
        _log.warning("%s links %s, which is not in the repository", page.file.src_uri, link)
    return text
