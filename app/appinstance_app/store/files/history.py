"""Activity and counters in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appinstance_app.store.records import Activity, Client, Event

from .base import FileBase, State, moment, words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from appinstance_app.store.records import Hit


class FileHistory(FileBase):
    """See `protocol.History`."""

    def add_activity(self, activity: Activity) -> None:
        with self._change() as state:
            if activity.user_id in state["users"]:
                note(state, activity)

    def activity_of(self, user_id: str, *, most: int, failed: bool) -> Sequence[Activity]:
        with self._look() as state:
            found = [
                Activity(
                    user_id=row["user_id"],
                    at=moment(row["at"]),
                    event=Event(row["event"]),
                    client=Client(row["device"], row["place"]),
                    expires_at=moment(row["expires_at"]),
                )
                for row in reversed(state["activity"])
                if row["user_id"] == user_id
                and (row["event"] == Event.SIGN_IN_FAILED.value) is failed
            ]
        return tuple(sorted(found, key=lambda item: item.at, reverse=True)[:most])


class FileCounters(FileBase):
    """See `protocol.Counters`."""

    def count_hit(self, key: str, *, expires_at: datetime) -> int:
        with self._change() as state:
            return _counted(state, key, expires_at)

    def count_in_turn(self, hits: Sequence[Hit]) -> Sequence[int]:
        counts: list[int] = []
        with self._change() as state:
            for hit in hits:
                counts.append(_counted(state, hit.key, hit.expires_at))
                if counts[-1] > hit.most:
                    break
        return counts

    def clear_hits(self, key: str) -> None:
        with self._change() as state:
            state["hits"].pop(key, None)


def note(state: State, activity: Activity) -> None:
    """A new row of activity."""
    state["activity"].append(
        {
            "user_id": activity.user_id,
            "at": words(activity.at),
            "event": activity.event.value,
            "device": activity.client.device,
            "place": activity.client.place,
            "expires_at": words(activity.expires_at),
        }
    )


def _counted(state: State, key: str, expires_at: datetime) -> int:
    row = state["hits"].setdefault(key, {"count": 0, "expires_at": words(expires_at)})
    row["count"] += 1
    return int(row["count"])
