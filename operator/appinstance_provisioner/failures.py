"""Failures that know their answer."""

from __future__ import annotations

from appinstance_operator.api.request import Answer


class Failure(Exception):
    """The request cannot be carried out (now); `answer` says why, the message says where.

    The message goes to the Job's log. It never holds a statement: those have passwords in them.
    """

    def __init__(self, answer: Answer, message: str) -> None:
        super().__init__(message)
        self.answer = answer
