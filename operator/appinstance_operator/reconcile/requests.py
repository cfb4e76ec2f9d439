"""Asking the provisioner for an instance's database: a Job whose exit code is the answer.

The chart lays down a suspended CronJob in the operator's namespace. A request is a Job of its
template with other arguments, and an admission policy lets the operator change nothing else of it
(docs/adr/0034). So no password passes here: the operator neither reads the pod's log nor its
secrets. A Job that is done is noted in the instance's status and goes by its own time to live.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from appinstance_operator.api.backoff import backoff
from appinstance_operator.api.errors import NotLeader, OperatorError
from appinstance_operator.api.request import Answer, Request, What, answer_in
from appinstance_operator.api.spec import GROUP
from appinstance_operator.kube.client import ApiError, Kube
from appinstance_operator.kube.kinds import BY_KIND, CRON_JOB, DATABASE_JOB

from .bodies import find_condition
from .checks import DATABASE, Check
from .look import Look

POLL_SECONDS = 1.0
_JOB = BY_KIND["Job"]
_DONE = Check(DATABASE, "True", Answer.DONE.reason, Answer.DONE.sentence)
_SOON = 5.0
"""What cannot pass by itself within a minute is asked for less often from the start."""


@dataclass
class _Asked:
    """What is remembered of the requests of one instance; losing it asks sooner, nothing else."""

    uid: str
    failures: int = 0
    waits_until: float = 0.0
    last: Check | None = None
    running: bool = False
    """Whether its end is still to be seen; of one that is done it was, until the status has it."""


@dataclass
class Requests:
    """The requests, each found again by its Job's name."""

    kube: Kube
    namespace: str
    """The operator's own, where the Jobs are."""
    now: Callable[[], float]
    count: Callable[[str, str], None]
    """Told of each request that has ended: what it asked for, and the answer's word."""
    _asked: dict[tuple[str, str, str], _Asked] = field(default_factory=dict)

    def forget(self, key: tuple[str, str]) -> None:
        """Drop what is remembered of an instance."""
        for what in What:
            self._asked.pop((*key, what.value), None)

    def ensure(self, look: Look) -> None:
        """See to the database that a spec wants made; ask nothing where that was done for it.

        An API server that refuses is told of like any other step that failed.
        """
        instance = look.instance
        if not instance.provision:
            return
        request = Request(What.ENSURE, instance.namespace, instance.name, instance.rotation)
        name = job_name(request, str(instance.uid))
        look.provisioned = (look.body.get("status") or {}).get("database", {}).get("request")
        if look.provisioned == name:
            look.set(_DONE)
            return
        try:
            check, again = self.answered(request, str(instance.uid))
        except NotLeader:
            raise
        except OperatorError as error:
            look.fail(error)
            look.set(Check(DATABASE, "False", "ProvisionerFailed", error.message))
            return
        look.set(check)
        if again is None:
            look.provisioned = name
        else:
            look.due.append(again)

    def answered(self, request: Request, uid: str) -> tuple[Check, float | None]:
        """Return how a request stands, and after how many seconds to ask again (None: it is done).

        Raises OperatorError where the API server refuses.
        """
        slot = (request.namespace, request.name, request.what.value)
        asked = self._asked.get(slot)
        if asked is None or asked.uid != uid:
            asked = self._asked[slot] = _Asked(uid)
        left = asked.waits_until - self.now()
        if asked.last is not None and left > 0:
            return asked.last, left
        name = job_name(request, uid)
        live = self.kube.find(_JOB, self.namespace, name)
        if live is None:
            asked.running = True
            return self._begin(request, name)
        if find_condition(live, "Complete").get("status") == "True":
            if asked.running:
                self.count(request.what.value, _DONE.reason)
            del self._asked[slot]
            return _DONE, None
        failed = find_condition(live, "Failed")
        if failed.get("status") != "True":
            asked.running = True
            return _waiting("the database is being made"), POLL_SECONDS
        refused = self._failed(asked, live, failed)
        self.count(request.what.value, refused[0].reason)
        return refused

    def _begin(self, request: Request, name: str) -> tuple[Check, float | None]:
        template = self.kube.find(CRON_JOB, self.namespace, DATABASE_JOB)
        if template is None:
            words = (
                f"the operator's namespace has no CronJob {DATABASE_JOB}, which requests are made "
                "of; install the chart with settings.database.provisioning"
            )
            return Check(DATABASE, "False", "Unconfigured", words), 60.0
        try:
            self.kube.create(_JOB, job(template, request, self.namespace, name))
        except ApiError as error:
            if error.status != 409:  # it is there already: this process was behind
                raise
        return _waiting("the database is being made"), POLL_SECONDS

    def _failed(
        self, asked: _Asked, live: Mapping[str, Any], failed: Mapping[str, Any]
    ) -> tuple[Check, float | None]:
        """Take a failed Job away and say why it failed; it is asked again after a while."""
        # The exit code that the Job's failure policy names.
        answer = answer_in(str(failed.get("message", "")))
        asked.failures += 1
        pause = max(_SOON, backoff(asked.failures + 2))
        asked.last = _refused(answer, live, failed)
        asked.waits_until = self.now() + pause
        self.kube.delete(_JOB, self.namespace, live["metadata"]["name"], live["metadata"]["uid"])
        return asked.last, pause


def job_name(request: Request, uid: str) -> str:
    """Return the Job's name: another request, or another instance of the name, is another Job."""
    whole = json.dumps([*request.arguments, uid])
    digest = hashlib.sha256(whole.encode()).hexdigest()[:20]
    return f"{DATABASE_JOB}-{digest}"


def job(template: Mapping[str, Any], request: Request, namespace: str, name: str) -> dict[str, Any]:
    """Return the Job of a request: the template, with the request as the arguments."""
    of = {f"{GROUP}/namespace": request.namespace, f"{GROUP}/name": request.name}
    return job_of(template, request.arguments, namespace, name, of)


def job_of(
    template: Mapping[str, Any],
    arguments: list[str],
    namespace: str,
    name: str,
    annotations: Mapping[str, str],
) -> dict[str, Any]:
    """Return a Job of the template that has these arguments."""
    body: Mapping[str, Any] = template["spec"]["jobTemplate"]
    pod = body["spec"]["template"]
    container, *_ = pod["spec"]["containers"]
    containers = [{**container, "args": arguments}]
    return {
        "apiVersion": _JOB.api_version,
        "kind": _JOB.kind,
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": dict(body.get("metadata", {}).get("labels") or {}),
            "annotations": dict(annotations),
        },
        "spec": {
            **body["spec"],
            "template": {**pod, "spec": {**pod["spec"], "containers": containers}},
        },
    }


def _waiting(words: str) -> Check:
    return Check(DATABASE, "False", "Provisioning", words, waiting=True)


def _refused(answer: Answer | None, live: Mapping[str, Any], failed: Mapping[str, Any]) -> Check:
    if answer is Answer.ROTATION_WAITS:
        return Check(DATABASE, "True", answer.reason, answer.sentence, warning=answer.sentence)
    if answer is not None:
        return Check(DATABASE, "False", answer.reason, answer.sentence)
    name = live["metadata"]["name"]
    return Check(
        DATABASE, "False", "ProvisionerFailed",
        f"job {name} failed ({failed.get('reason', 'no reason')}): "
        f"{failed.get('message', 'no message')}; it is tried again, less and less often",
    )  # fmt: skip
