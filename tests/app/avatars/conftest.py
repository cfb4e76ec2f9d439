"""An app whose pictures lie in memory, on both stores of accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from app.avatars.media import Media

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.conftest import Running

    from appinstance_app.store.protocol import Store


@pytest.fixture
def media() -> Media:
    return Media()


@pytest.fixture
async def app(start: Callable[..., Any], store: Store, media: Media) -> Running:
    result: Running = await start(store=store, media=media)
    return result
