"""Errors that know their fate: whether trying again can help, and what the status says of them."""

from __future__ import annotations

import enum


class Fate(enum.Enum):
    """What to do with a failed reconcile."""

    RETRY = "retry"
    """Try again with growing back-off: the cause may pass by itself."""
    STALL = "stall"
    """Wait until the spec or the settings change: trying again gives the same answer."""


class OperatorError(Exception):
    """Base of all errors that a reconcile may end with.

    `message` is a sentence for the status; it never holds a secret. `condition` names the
    condition that becomes False with `reason` (besides Ready), None when none of them is to blame.
    """

    fate = Fate.RETRY
    condition: str | None = None
    reason = "ProgressingWithRetry"

    def __init__(self, message: str, *, amiss: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.amiss = amiss
        """Whether what it is about was seen to be wrong, not merely could not be looked at."""


class InvalidSpec(OperatorError):
    """The spec, by itself or under the platform's settings, can't be carried out."""

    fate = Fate.STALL
    reason = "InvalidSpec"


class NotAllowed(OperatorError):
    """The spec names what its namespace may not (api/tenancy.py)."""

    fate = Fate.STALL
    reason = "NotAllowed"


class HostTaken(OperatorError):
    """An older AppInstance names the host; which one is not said."""

    fate = Fate.STALL
    reason = "HostTaken"


class NameTaken(OperatorError):
    """An object of the name that the instance needs exists and is not the instance's."""

    fate = Fate.STALL
    reason = "NameTaken"


class EarlierObject(OperatorError):
    """An object of an earlier AppInstance of this name is still there; Kubernetes removes it."""


class InstanceGone(OperatorError):
    """The AppInstance is not there any more; the event that says so is on its way."""


class NotLeader(OperatorError):
    """This process does not hold the lease (any more), so it may write nothing."""


class CloudAccessDenied(OperatorError):
    """The cloud refused a call of the operator's, or a role there belongs to somebody else."""

    fate = Fate.STALL
    condition = "CloudAccessReady"
    reason = "AccessDenied"


class CloudUnavailable(OperatorError):
    """The cloud gave no answer, or said to come back later."""

    condition = "CloudAccessReady"
    reason = "RolePending"


class CloudUnconfigured(OperatorError):
    """The operator has no AWS role (or cannot take it), so it can manage no role of an instance."""

    fate = Fate.STALL
    condition = "CloudAccessReady"
    reason = "AccessDenied"


class SettingsError(Exception):
    """The platform settings are missing or malformed; the operator does not start."""
