"""What may happen in the simulated world: each rule takes a number and does something with it.

Every number is fine for every rule, so that any list of (rule, number) is a program, also what is
left of one while a failing program is made smaller.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from support.fake_api import no_answer
from support.fake_cluster import Body, Name, Refused
from support.fake_iam import Role, failure, no_reply

from appinstance_operator.desired import iam
from simulator import specs
from simulator.ending import end
from simulator.world import MANAGER, SETTINGS, Crash, Trap, World, mood

Rule = Callable[[World, int], None]
_CHILDREN = (
    ("NetworkPolicy", "default-deny"),
    ("NetworkPolicy", "backend"),
    ("ServiceAccount", "backend"),
    ("ServiceAccount", "secrets"),
    ("SecretStore", ""),
    ("ExternalSecret", "database"),
    ("ConfigMap", "database-ca"),
    ("Deployment", "backend"),
    ("Service", "backend"),
    ("PodDisruptionBudget", "backend"),
    ("Ingress", ""),
    ("Secret", "database"),
    ("HorizontalPodAutoscaler", "backend"),
    ("Deployment", "frontend"),
)
_API_STATUSES = (0, 500, 429, 503, 0, 403)
_IAM_MOODS = ("works", "throttles", "denies", "silent", "hangs", "works")


def place_of(number: int) -> tuple[str, str]:
    """Return one of the places."""
    return specs.PLACES[number % len(specs.PLACES)]


def _child(number: int) -> Name:
    namespace, name = place_of(number)
    kind, part = _CHILDREN[number // 3 % len(_CHILDREN)]
    return kind, namespace, f"{name}-{part}" if part else name


# The operator goes on


def follow(world: World, number: int) -> None:
    """A few events of one kind arrive."""
    process = world.standby if number % 7 == 0 else world.leader
    lagging = [kind for kind in process.kinds if process.lags(kind)]
    if lagging:
        process.follow(lagging[number // 7 % len(lagging)], most=1 + number // 100 % 4)


def follow_all(world: World, number: int) -> None:
    """All that waits arrives."""
    for kind in world.leader.kinds:
        if world.leader.lags(kind):
            world.leader.follow(kind)


def work(world: World, number: int) -> None:
    """The next instance of the queue is looked at."""
    world.work()


def background(world: World, number: int) -> None:
    """What waits for IAM is done."""
    world.background()


def calm(world: World, number: int) -> None:
    """Nothing is in trouble for some rounds; what lies in wait in the midst of a look still may."""
    world.iam_mood = "works"
    world.controllers.all_work()
    world.make_progress(1 + number % 6)


def peace(world: World, number: int) -> None:
    """All trouble ends, everything must come to what it should be; then the run goes on."""
    end(world)


# Controllers


def external_secrets(world: World, number: int) -> None:
    """External Secrets looks at everything once."""
    world.controllers.secrets.step()


def begin_rollouts(world: World, number: int) -> None:
    """A first pod of each new template is made."""
    world.controllers.deployments.begin()


def roll_out(world: World, number: int) -> None:
    """Deployments come to the end of their rollouts."""
    world.controllers.autoscalers.step()
    world.controllers.deployments.step()


def roll_one_out(world: World, number: int) -> None:
    """One Deployment comes to the end of its rollout, and its sisters do not."""
    world.controllers.deployments.step(only=number)


def run_jobs(world: World, number: int) -> None:
    """Jobs end."""
    world.controllers.jobs.step()


def balance(world: World, number: int) -> None:
    """Load balancers get their addresses."""
    world.controllers.balancers.step()


def collect(world: World, number: int) -> None:
    """What has no owner any more is removed."""
    world.cluster.collect_garbage()


def change_mood(world: World, number: int) -> None:
    """A controller begins to refuse or to hang, or works again."""
    parts = world.controllers
    chosen = (parts.secrets, parts.deployments, parts.jobs, parts.balancers)[number % 4]
    chosen.mood = mood(number // 4)


def rotate(world: World, number: int) -> None:
    """An entry of Secrets Manager gets a new value."""
    namespace, name = place_of(number)
    world.controllers.secrets.rotate(f"apps/{namespace}/{name}/database")


# Users


def set_spec(world: World, number: int) -> None:
    """An instance is made, or changed."""
    world.set_spec(place_of(number), number // 3)


def delete(world: World, number: int) -> None:
    """An instance is deleted."""
    world.delete(place_of(number))


def replace_by_force(world: World, number: int) -> None:
    """An instance loses its finalizer and is deleted; perhaps one is made at once in its place."""
    place = place_of(number)
    world.delete(place, force=True)
    if number // 3 % 2 and world.cluster.get("AppInstance", *place) is None:
        world.set_spec(place, number // 6)


# Trouble


def api_trouble(world: World, number: int) -> None:
    """The next requests to the API server fail."""
    world.api_failures += [_API_STATUSES[number % 6]] * (1 + number // 6 % 4)


def iam_trouble(world: World, number: int) -> None:
    """IAM throttles, refuses, is silent, hangs, or works again."""
    world.iam_mood = _IAM_MOODS[number % len(_IAM_MOODS)]


def crash(world: World, number: int) -> None:
    """The operator dies between two looks."""
    world.crash()


_FLEETS = tuple(map(specs.settings, specs.POOLS))


def upgrade(world: World, number: int) -> None:
    """The operator's settings change all pods; it is upgraded as a Deployment of two is.

    Mostly while all is well: only what runs can be rolled.
    """
    if number // 9 % 4:
        calm(world, 5)
    world.upgrade(_FLEETS[number % len(_FLEETS)], lead=bool(number // 3 % 3))


def take_over(world: World, number: int) -> None:
    """The lease passes to the standby, which may not have seen everything yet."""
    world.take_over(behind=bool(number % 2))


def haunt(world: World, number: int) -> None:
    """Who led before wakes up and goes on, as if nothing had been."""
    world.haunt()


def trap(world: World, number: int) -> None:
    """Something will happen in the middle of a look."""

    def spring(where: str) -> None:
        kind = number % 8
        if kind in {0, 1}:
            raise Crash
        if kind == 2:
            world.lose_answer(where)
        elif kind == 3 and where == "kube":
            raise (Refused(500, "internal error") if number % 3 else no_answer())
        elif kind == 3 and where == "iam":
            raise (failure("Throttling", "x") if number % 3 else no_reply())
        elif kind == 4:
            world.take_over(behind=bool(number // 8 % 2))
        elif kind == 5:
            world.set_spec(place_of(number // 8), number // 24)
        elif kind == 6:
            replace_by_force(world, number // 8)
        elif kind == 7:
            drift(world, number // 8)

    if len(world.traps) < 3:
        world.traps.append(Trap(1 + number // 8 % 23, spring))


def ambush(world: World, number: int) -> None:
    """Much will happen in the middle of a look, under a request that is on its way."""

    def spring(_where: str) -> None:
        kind = number % 3
        if kind == 0:
            # Not the name alone: IAM has no precondition that could tell, in the midst of a call.
            tamper(world, number // 3, take=False)
        elif kind == 1:
            usurp(world, number // 3)
        else:
            world.overtake()

    if len(world.traps) < 3:
        world.traps.append(Trap(1 + number // 3 % 31, spring))


def clock(world: World, number: int) -> None:
    """Time passes: a moment, until the next look is due, or a long while."""
    timers = world.leader.timers.values()
    how = number % 8
    if how < 4:
        world.clock.now += 1 + number % 20
    elif how < 7 and timers:
        world.clock.now = max(world.clock.now, min(timers))
    else:
        world.clock.now += 700
    world.leader.due()


def jump(world: World, number: int) -> None:
    """The clock of the operator's machine is set, forth or back."""
    world.clock.ahead = (0.0, 5.0, -5.0, 4000.0, -4000.0)[number % 5]


def lose_events(world: World, number: int) -> None:
    """The server forgets events of a kind that not everybody has seen: they have to list."""
    kinds = world.leader.kinds
    world.cluster.compact(kinds[number % len(kinds)])


def repeat_events(world: World, number: int) -> None:
    """The next events of a kind come once more."""
    kinds = world.leader.kinds
    world.leader.rewind(kinds[number % len(kinds)], 1 + number // 16 % 12)


# Strangers


def drift(world: World, number: int) -> None:
    """Somebody changes or deletes an object of the operator's."""
    name = _child(number)
    held = world.cluster.objects.get(name)
    if held is None or name in world.foreign:
        return
    if number // 42 % 2:
        world.cluster.delete("somebody", name, held.uid)
    else:
        world.cluster.edit("somebody", name, _changed)


def _changed(body: Body) -> Body:
    kind, meta = body["kind"], body["metadata"]
    if kind == "Service":
        return {**body, "spec": {**body["spec"], "selector": {"app": "other"}}}
    if kind == "NetworkPolicy":
        return {**body, "spec": {**body["spec"], "egress": [{}]}}
    if kind == "Deployment":
        return {**body, "spec": {**body["spec"], "revisionHistoryLimit": 9}}
    if kind == "ConfigMap":
        return {**body, "data": {"ca.crt": "another one"}}
    if kind == "Secret":
        return body
    return {**body, "metadata": {**meta, "labels": {**meta["labels"], MANAGED_PART: "other"}}}


MANAGED_PART = "app.kubernetes.io/part-of"


def stranger(world: World, number: int) -> None:
    """Somebody makes an object under a name that an instance would take."""
    name = _child(number)
    body = _theirs(name, number // 42)
    if body:
        world.in_the_way(name, body)


def usurp(world: World, number: int) -> None:
    """Somebody removes an object of the operator's and puts one of their own in its place."""
    owned = [
        name
        for name, stored in world.cluster.objects.items()
        if stored.body["metadata"].get("ownerReferences") and _theirs(name, 0)
    ]
    if owned:
        name = owned[number % len(owned)]
        world.cluster.delete("somebody", name)
        world.in_the_way(name, _theirs(name, number // 50))


# Not those whose controller writes their status, or makes them: byte for byte could not be asked.
_NEVER_THEIRS = frozenset(
    {"Deployment", "Ingress", "ExternalSecret", "SecretStore", "HorizontalPodAutoscaler", "Job"}
)


def _theirs(name: Name, number: int) -> dict[str, Any] | None:
    """Return an object of that name that is nobody's of ours."""
    if name[0] in _NEVER_THEIRS:
        return None
    labels = {"app": "theirs"}
    if number % 2:
        # As if it were the operator's: labels say nothing.
        labels |= {
            "app.kubernetes.io/managed-by": MANAGER,
            "app.kubernetes.io/instance": name[2].split("-")[0],
        }
    body: dict[str, Any] = {
        "apiVersion": "v1", "kind": name[0],
        "metadata": {"namespace": name[1], "name": name[2], "labels": labels},
    }  # fmt: skip
    if name[0] in {"ConfigMap", "Secret", "ServiceAccount"}:
        body["data"] = {"theirs": "1"}
    else:
        body["spec"] = {"theirs": True}
    return body


def remove_strangers(world: World, number: int) -> None:
    """What is in the way goes."""
    world.end_foreign()


def tamper(world: World, number: int, *, take: bool = True) -> None:
    """Somebody changes or removes a role of the operator's, or takes its name."""
    namespace, name = place_of(number)
    role_name = iam.role_of(namespace, name, SETTINGS, ("backend", "secrets")[number // 3 % 2])
    role = world.iam.roles.get(role_name)
    if role_name in world.foreign_roles:
        return
    if role is None or number // 6 % 7 == 6:
        if not take:
            return
        taken = Role(role_name, "/", {"theirs": True}, None, {"owner": "theirs"})
        world.iam.put("somebody", "delete_role", role_name, None)
        world.foreign_roles[role_name] = taken
        world.iam.put("stranger", "create_role", role_name, taken)
        return
    changed = (
        replace(role, boundary=None),
        replace(role, trust={"Statement": []}),
        replace(role, attached=("arn:aws:iam::aws:policy/AdministratorAccess",)),
        replace(role, policies={**role.policies, "more": {"Statement": []}}),
        replace(role, policies={}),
        None,
    )[number // 6 % 7]
    world.iam.put("somebody", "tamper", role_name, changed)


WEIGHTS: dict[str, tuple[int, Rule]] = {
    "follow": (300, follow),
    "follow_all": (60, follow_all),
    "work": (170, work),
    "background": (70, background),
    "calm": (12, calm),
    "peace": (3, peace),
    "external_secrets": (40, external_secrets),
    "begin_rollouts": (15, begin_rollouts),
    "roll_out": (40, roll_out),
    "roll_one_out": (20, roll_one_out),
    "run_jobs": (30, run_jobs),
    "balance": (20, balance),
    "collect": (15, collect),
    "change_mood": (12, change_mood),
    "rotate": (8, rotate),
    "set_spec": (22, set_spec),
    "delete": (5, delete),
    "replace_by_force": (3, replace_by_force),
    "api_trouble": (10, api_trouble),
    "iam_trouble": (12, iam_trouble),
    "crash": (4, crash),
    "take_over": (3, take_over),
    "upgrade": (10, upgrade),
    "haunt": (6, haunt),
    "trap": (30, trap),
    "ambush": (10, ambush),
    "clock": (30, clock),
    "jump": (3, jump),
    "lose_events": (8, lose_events),
    "repeat_events": (8, repeat_events),
    "drift": (20, drift),
    "stranger": (5, stranger),
    "usurp": (4, usurp),
    "remove_strangers": (3, remove_strangers),
    "tamper": (10, tamper),
}
RULES: dict[str, Rule] = {name: rule for name, (_, rule) in WEIGHTS.items()}
