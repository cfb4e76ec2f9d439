"""When a job runs: schedules in cron's five fields, as Kubernetes reads them, and time zones.

What is not understood is refused here, before a CronJob is refused that nobody sees.
"""

from __future__ import annotations

import re
import zoneinfo

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_WORDS = {name: number for number, name in enumerate(_MONTHS, 1)} | {
    name: number for number, name in enumerate(_DAYS)
}
MACROS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")


def _list_of(value: str) -> str:
    one = f"([*]|{value}(-{value})?)(/[1-9][0-9]?)?"
    return f"{one}(,{one})*"


_FIELDS = (
    "[0-5]?[0-9]",
    "([01]?[0-9]|2[0-3])",
    "(0?[1-9]|[12][0-9]|3[01])",
    f"(0?[1-9]|1[0-2]|{'|'.join(_MONTHS)})",
    f"([0-6]|{'|'.join(_DAYS)})",
)
PATTERN = f"^({'|'.join(MACROS)}|{' '.join(map(_list_of, _FIELDS))})$"
"""The CRD has the same one; a test compares them."""
_SCHEDULE = re.compile(PATTERN, re.ASCII)
_RANGE = re.compile(r"([0-9]+|[a-z]{3})-([0-9]+|[a-z]{3})", re.ASCII)
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*", re.ASCII)
_MAX = 256


def schedule_problem(schedule: str) -> str | None:
    """Return what is wrong with a schedule, None where nothing is."""
    if len(schedule) > _MAX or not _SCHEDULE.fullmatch(schedule):
        return (
            f"{schedule[:_MAX]!r} is not a schedule; write minute, hour, day of the month, month "
            'and day of the week (0-6) with one blank between them, such as "30 2 * * *", or @daily'
        )
    for begin, end in _RANGE.findall(schedule):
        if _number(begin) > _number(end):
            return f"{schedule!r} has the range {begin}-{end}, which ends before it begins"
    return None


def _number(word: str) -> int:
    return int(word) if word.isdecimal() else _WORDS[word]


def zone_problem(zone: str) -> str | None:
    """Return what is wrong with a time zone, None where nothing is or nothing is known of any."""
    if _ZONE.fullmatch(zone) and (_is_known(zone) or not _is_known("Etc/UTC")):
        return None
    return f"{zone!r} is not a time zone; name one such as Europe/Berlin or Etc/UTC"


def _is_known(zone: str) -> bool:
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
