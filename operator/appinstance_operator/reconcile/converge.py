"""The steps of a look at an instance whose spec can be carried out.

Each step goes as far as it can, and an error in one does not end the look: what can be put right is
put right. What new pods need is checked on the way (gates.py) and decides at the end whether they
get their new template.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from appinstance_operator.api.errors import Fate, OperatorError
from appinstance_operator.api.model import Facts, Manifest, Plan, Stage, StageName
from appinstance_operator.api.settings import Settings
from appinstance_operator.aws.keeper import RoleKeeper
from appinstance_operator.desired import iam
from appinstance_operator.desired.names import COMPONENT
from appinstance_operator.desired.plan import plan
from appinstance_operator.kube.cache import Cache, Key, secret_hashes
from appinstance_operator.kube.client import Kube
from appinstance_operator.signals.faults import point

from . import checks, gates, templates
from .applier import Applier
from .finalize import Finalizer, doomed, names_of_roles, recorded_roles
from .look import Look
from .migrations import Migrations
from .prune import Pruner
from .reach import AGAIN_SECONDS, Reach
from .requests import Requests
from .rollouts import Rollouts
from .runs import going_on
from .status import recorded_arns
from .turns import Turn, needed_turn, pods_run

_ASK_IAM_AGAIN_SECONDS = 30.0
_CREATED_AFTER_ROLES = frozenset({"SecretStore", "ExternalSecret"})


@dataclass(frozen=True)
class Converged:
    """What a look wanted, and which roles of before are not gone yet."""

    plan: Plan
    retiring: tuple[str, ...] = ()


@dataclass
class Converger:
    """The steps, with the parts that they use."""

    kube: Kube
    cache: Cache
    settings: Settings
    applier: Applier
    pruner: Pruner
    finalizer: Finalizer
    keeper: RoleKeeper
    rollouts: Rollouts[Key]
    reach: Reach
    requests: Requests
    now: Callable[[], float] = time.time
    """Seconds since 1970; only the age of a failed migration is judged by it."""

    def forget(self, key: Key) -> None:
        """Drop what is remembered of an instance that is going or gone."""
        self.rollouts.leave(key)
        self.reach.forget(key)
        self.requests.forget(key)

    def pass_over(self, key: Key) -> None:
        """Leave an instance as it is: others need not wait until its pods are replaced."""
        if not self.rollouts.withdraw(key):
            return
        if pods_run(self.cache.children(key)):
            self.rollouts.leave(key)

    def converge(self, key: Key, look: Look) -> Converged:
        """Carry out the steps; errors that end the look at once are raised, all others noted."""
        migrations = Migrations(self.kube, self.cache, self.now)
        attempt = migrations.attempt(look)
        facts = Facts(secret_hashes(look.children), attempt, look.agreed)
        wanted = plan(look.instance, self.settings, facts)
        stages = {stage.name: stage for stage in wanted.stages}
        look.body = self.finalizer.hold(look.body)
        self._network(stages[StageName.NETWORK], look)
        self._identity(key, wanted, stages[StageName.IDENTITY], look)
        self.requests.ensure(look)
        point("after-database")
        self._secrets(stages[StageName.SECRETS], facts, look)
        self._migration(stages[StageName.MIGRATION], migrations, look)
        self._workloads(key, stages[StageName.WORKLOADS], look)
        self._edge(key, stages[StageName.EDGE], look)
        point("before-prune")
        self.pruner.prune(wanted, look)
        return Converged(wanted, self._retire(key, look))

    def _network(self, stage: Stage, look: Look) -> None:
        error = self.applier.apply_all(stage.objects, look)
        point("after-network")
        look.set(checks.network_check(error))

    def _identity(self, key: Key, wanted: Plan, stage: Stage, look: Look) -> None:
        first = "observedGeneration" not in (look.body.get("status") or {})
        own = iam.own_role_arns(look.instance, self.settings)
        look.body = self.finalizer.expect(look.body, own)
        good = checks.known_good(look.body, checks.CLOUD)
        arns = iam.all_role_arns(look.instance, self.settings)
        known = good and recorded_arns(look.body) == arns
        uid = str(look.instance.uid)
        # What is known to be good may wait for its turn among thousands of looks after a start.
        state = self.keeper.ensured(key, uid, wanted.roles, new=first, urgent=not known)
        point("after-roles")
        amiss = state.error is not None and state.error.amiss
        in_place = (state.ready or state.verified or known) and not amiss
        look.moving = good and recorded_arns(look.body) != arns and not in_place
        accounts = stage.objects if in_place else gates.accounts_as_they_serve(stage.objects, look)
        error = self.applier.apply_all(accounts, look)
        point("after-identity")
        good = in_place or look.moving
        if state.error and not good:
            look.fail(state.error)
        if state.error or state.pending:
            # An answer wakes it; a failed try is done again when it is asked for again.
            look.due.append(_ASK_IAM_AGAIN_SECONDS)
        if error:
            look.set(checks.roles_check(error, pending=False, good=False))
        look.set(checks.roles_check(state.error, pending=state.pending, good=good, arns=arns))

    def _secrets(self, stage: Stage, facts: Facts, look: Look) -> None:
        roles = look.checks[checks.CLOUD]
        database = look.checks.get(checks.DATABASE)
        asks = roles.ok and (database is None or database.ok)
        objects = [
            item
            for item in stage.objects
            # Asked before role and entry are there, External Secrets is refused and waits long.
            if asks
            or item["kind"] not in _CREATED_AFTER_ROLES
            or (item["kind"], item["metadata"]["name"]) in look.children
        ]
        error = self.applier.apply_all(objects, look)
        point("after-secrets")
        if error:
            look.set(
                checks.Check(checks.SECRETS, "False", "ExternalSecretNotSynced", error.message)
            )
        look.set(
            checks.secrets_check(
                stage.objects,
                look.own,
                {name: digest for name, digest in facts.secret_hashes.items() if digest},
                self._cause_of_refusal(stage, look),
                good=checks.known_good(look.body, checks.SECRETS),
            )
        )

    def _cause_of_refusal(self, stage: Stage, look: Look) -> str | None:
        """Return why a secret is refused; asked for only then, and never a reason to fail."""
        refused = checks.refused_secret(stage.objects, look.own)
        if refused is None:
            return None
        try:
            words = self.kube.last_warning(look.instance.namespace, "ExternalSecret", refused)
        except OperatorError:
            return None
        return checks.cause_in_words(words) if words else None

    def _migration(self, stage: Stage, migrations: Migrations, look: Look) -> None:
        job = stage.objects[0] if stage.objects else None
        good = checks.known_good(look.body, checks.MIGRATIONS)
        error = None
        if job is not None and not migrations.again(job, look) and gates.may_migrate(look):
            error = self.applier.apply_all([job], look)
        point("after-migration")
        if error:
            look.set(checks.Check(checks.MIGRATIONS, "False", "MigrationFailed", error.message))
        check = checks.migration_check(job, look.own, good=good, database=look.instance.database)
        if check.reason == "MigrationFailed":
            look.stalled = look.stalled or (check.reason, check.message)
        look.set(check)

    def _workloads(self, key: Key, stage: Stage, look: Look) -> None:
        closed = gates.closed_gate(look)
        turns = list[Turn]()
        objects = []
        for item in stage.objects:
            if item["kind"] not in templates.TEMPLATES:
                objects.append(item)
                continue
            chosen, turn = self._with_pods(key, item, closed, look)
            turns.append(turn)
            if chosen is not None:
                objects.append(chosen)
        error = self.applier.apply_all(objects, look)
        point("after-workloads")
        if error:
            look.set(checks.Check(checks.WORKLOADS, "False", "RolloutInProgress", error.message))
        look.set(checks.workloads_check(look.instance, look.own))
        waits = Turn.WAITS in turns
        if closed or waits:
            look.held = closed or "its turn to roll has not come"
        workloads = look.checks[checks.WORKLOADS]
        if not waits:
            self.rollouts.withdraw(key)
        if not waits and (Turn.OWN in turns or workloads.ok):
            self.rollouts.leave(key)
        elif workloads.reason == "ProgressDeadlineExceeded":
            self.rollouts.give_up(key)

    def _with_pods(
        self, key: Key, wanted: Manifest, closed: str | None, look: Look
    ) -> tuple[Manifest | None, Turn]:
        """Return what to apply of what has pods (None: nothing), and what these need for it."""
        live = look.own.get((wanted["kind"], wanted["metadata"]["name"]))
        component = wanted["metadata"]["labels"][COMPONENT]
        secrets = look.checks[checks.SECRETS].ok
        if closed:
            if live is None and gates.ran_before(wanted, component, look):
                return wanted, Turn.NONE
            return templates.with_template_of(wanted, live, secrets=secrets), Turn.NONE
        turn = needed_turn(wanted, live, look)
        if turn is Turn.ASKED and not self.rollouts.enter(key):
            return templates.with_template_of(wanted, live, secrets=secrets), Turn.WAITS
        return wanted, turn

    def _edge(self, key: Key, stage: Stage, look: Look) -> None:
        exists = ("Ingress", look.instance.name) in look.own
        ran = look.checks[checks.WORKLOADS].ok or look.held is None
        if exists or ran:
            error = self.applier.apply_all(stage.objects, look)
            if error:
                look.set(checks.Check(checks.INGRESS, "False", "AddressPending", error.message))
        point("after-edge")
        # Where no namespace is known (an operator that is kept to some), nothing is said of labels.
        known = self.cache.knows_namespaces()
        labels = self.cache.namespace_labels(look.instance.namespace) if known else None
        gate = checks.gated(self.settings.edge, labels)
        look.set(checks.ingress_check(look.instance, look.own, gate=gate))
        if self.settings.edge.reachability and look.checks[checks.INGRESS].ok:
            address = checks.address(look.instance, look.own)
            found = self.reach.seen(key, look.instance.host, str(address))
            if found:
                look.set(found)
            if found is None or not found.ok:
                look.due.append(AGAIN_SECONDS)

    def _retire(self, key: Key, look: Look) -> tuple[str, ...]:
        """Remove roles that the instance no longer has, once nothing that runs may use them."""
        current = set(iam.all_role_arns(look.instance, self.settings).values())
        former = [arn for arn in recorded_roles(look.body, self.settings) if arn not in current]
        if look.moving:
            serving = recorded_arns(look.body).values()
            return tuple(arn for arn in former if arn not in serving)
        runs = look.checks[checks.WORKLOADS].ok and look.checks[checks.CLOUD].ok and not look.held
        if not runs:
            return tuple(former)
        self._sweep(key, look, {arn.rpartition("/")[2] for arn in current})
        if not former:
            return ()
        used = {iam.role_arn(look.instance, self.settings, job) for job in going_on(look)}
        unused = (arn for arn in former if arn not in used)
        roles = doomed(key, (arn.rpartition("/")[2] for arn in unused), self.settings)
        state = self.keeper.removed(key, str(look.instance.uid), roles)
        if not state.ready:
            look.due.append(_ASK_IAM_AGAIN_SECONDS)
        return tuple(arn for arn in former if arn in used or not state.ready)

    def _sweep(self, key: Key, look: Look, current: Collection[str]) -> None:
        """Remove what an earlier spec asked IAM for, where no status was written of it.

        The spec may have changed while IAM made the role, or the operator may have died. So it is
        looked for once after each change and each start; nobody waits for it.
        """
        if look.memory.swept_for == look.instance.generation:
            return
        spare = [name for name in names_of_roles(key, self.settings) if name not in current]
        roles = doomed(key, spare, self.settings)
        state = self.keeper.removed(key, str(look.instance.uid), roles, urgent=False)
        if state.ready or (state.error and state.error.fate is Fate.STALL):
            look.memory.swept_for = look.instance.generation
        else:
            look.due.append(_ASK_IAM_AGAIN_SECONDS)
