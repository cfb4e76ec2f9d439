"""Bugs to seed: each is a text of the operator's source and what is put in its place.

Those of the review ("mutants that nothing catches") come first. `found_by` is what should notice;
the runner (mutation.py) tries it first and all of the fast suites after it.
"""

from __future__ import annotations

from dataclasses import dataclass

_ROLES = ("tests/operator/aws",)
_RECONCILE = ("tests/operator/reconcile", "-m", "not integration")
_KUBE = ("tests/operator/kube", "-m", "not integration")
_DESIRED = ("tests/operator/desired",)
_RENDERED = ("tests/operator/desired/test_invariants.py",)
_RUNTIME = ("tests/operator/runtime", "-m", "not integration")


@dataclass(frozen=True)
class Mutant:
    """One seeded bug."""

    name: str
    file: str
    old: str
    new: str
    found_by: tuple[str, ...] = ()


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "boundary is not repaired on adoption",
        "aws/roles.py",
        "if boundary != wanted.boundary_arn:",
        "if False and boundary != wanted.boundary_arn:",
        _ROLES,
    ),
    Mutant(
        "trust is not repaired on adoption",
        "aws/roles.py",
        'if _document(role["AssumeRolePolicyDocument"]) != wanted.trust:',
        "if False:",
        _ROLES,
    ),
    Mutant(
        "attached policies stay on a role",
        "aws/roles.py",
        'self._call("detach_role_policy", role, without="NoSuchEntity", PolicyArn=arn)',
        "pass",
        _ROLES,
    ),
    Mutant(
        "delete removes roles of others",
        "aws/roles.py",
        "        if found is None or not ours(found):\n            return\n",
        "        if found is None:\n            return\n",
        _ROLES,
    ),
    Mutant(
        "a role that was made anew is removed",
        "aws/roles.py",
        '        if again.get("RoleId") != found.get("RoleId"):\n',
        "        if False:\n",
        _ROLES,
    ),
    Mutant(
        "a role is adopted whatever its tags",
        "aws/roles.py",
        "if not _carries(role, wanted.owner_tags):",
        "if False:",
        _ROLES,
    ),
    Mutant(
        "IAM is written without asking the fence",
        "aws/roles.py",
        "        if writes:\n            self._fence()\n",
        "",
        _ROLES,
    ),
    Mutant(
        "Secrets are listed with their values",
        "kube/kinds.py",
        'SECRET = Kind("v1", "Secret", "secrets", metadata_only=True)',
        'SECRET = Kind("v1", "Secret", "secrets")',
        _RECONCILE,
    ),
    Mutant(
        "prune does not look at the owner",
        "reconcile/prune.py",
        "                if not look.owns(live):\n",
        "                if False:\n",
        _RECONCILE,
    ),
    Mutant(
        "delete has no uid as precondition",
        "kube/client.py",
        '{"preconditions": {"uid": uid}, "propagationPolicy": "Background"}',
        '{"propagationPolicy": "Background"}',
        _RECONCILE,
    ),
    Mutant(
        "Ready while the frontend is down",
        "reconcile/checks.py",
        '    for component in instance.components:\n        live = children.get(("Deployment"',
        '    for component in instance.components[:1]:\n        live = children.get(("Deployment"',
        _RECONCILE,
    ),
    Mutant(
        "never RetriesExhausted",
        "reconcile/reconciler.py",
        "if memory.failures >= _MAX_FAILURES and look.stalled is None:",
        "if False:",
        _RECONCILE,
    ),
    Mutant(
        "no resync",
        "reconcile/reconciler.py",
        "due = [self._resync(), *look.due]",
        "due = [1e9, *look.due]",
        _RECONCILE,
    ),
    Mutant(
        "frontend egress is open to all",
        "desired/networkpolicy.py",
        'found.append(_policy(instance, "frontend", [edge], [_dns(settings)]))',
        'found.append(_policy(instance, "frontend", [edge], [{}]))',
        _RENDERED,
    ),
    Mutant(
        "writable root file system",
        "desired/pods.py",
        '"readOnlyRootFilesystem": True,',
        '"readOnlyRootFilesystem": False,',
        _RENDERED,
    ),
    Mutant(
        "API tokens in pods",
        "desired/pods.py",
        '"automountServiceAccountToken": False,',
        '"automountServiceAccountToken": True,',
        _RENDERED,
    ),
    Mutant(
        "no redirect to HTTPS",
        "desired/ingress.py",
        '        f"{_ALB}/ssl-redirect": "443",\n',
        "",
        _RENDERED,
    ),
    Mutant(
        "the cluster is written without asking the fence",
        "kube/transport.py",
        '        if method != "GET":\n            self._fence()\n',
        "",
        _RECONCILE,
    ),
    Mutant(
        "an object that exists is adopted",
        "kube/client.py",
        'held = {"resourceVersion": NONE_YET}',
        "held: dict[str, str] = {}",
        _RECONCILE,
    ),
    Mutant(
        "memory by name: one made anew is taken for the one before",
        "reconcile/reconciler.py",
        "if memory is None or memory.uid != uid:",
        "if memory is None:",
        _RECONCILE,
    ),
    Mutant(
        "what an earlier instance left is judged as its own",
        "reconcile/look.py",
        "if item[0] != SECRET.kind and not self._look.owns(body):",
        "if False:",
        _RECONCILE,
    ),
    Mutant(
        "a status lands on a newer version",
        "reconcile/report.py",
        '            "metadata": {"resourceVersion": body["metadata"]["resourceVersion"]},\n',
        "",
        _RECONCILE,
    ),
    Mutant(
        "a new image does not wait for its migration",
        "reconcile/gates.py",
        "_BEFORE_PODS = (NETWORK, CLOUD, SECRETS, MIGRATIONS)",
        "_BEFORE_PODS = (NETWORK, CLOUD, SECRETS)",
        _RECONCILE,
    ),
    Mutant(
        "pods do not wait for their role",
        "reconcile/gates.py",
        "_BEFORE_PODS = (NETWORK, CLOUD, SECRETS, MIGRATIONS)",
        "_BEFORE_PODS = (NETWORK, SECRETS, MIGRATIONS)",
        _RECONCILE,
    ),
    Mutant(
        "pods do not wait for their secret",
        "reconcile/gates.py",
        "_BEFORE_PODS = (NETWORK, CLOUD, SECRETS, MIGRATIONS)",
        "_BEFORE_PODS = (NETWORK, CLOUD, MIGRATIONS)",
        _RECONCILE,
    ),
    Mutant(
        "a role is removed while old pods use it",
        "reconcile/converge.py",
        "        if not runs:\n            return tuple(former)\n",
        "",
        _RECONCILE,
    ),
    Mutant(
        "a failed migration is never stalled",
        "reconcile/converge.py",
        'if check.reason == "MigrationFailed":',
        "if False:",
        _RECONCILE,
    ),
    Mutant(
        "a failed migration is never tried again",
        "reconcile/migrations.py",
        "        if left > 0:\n",
        "        if True:\n",
        _RECONCILE,
    ),
    Mutant(
        "the status tells of the image that is wanted",
        "reconcile/status.py",
        "        if live and rolled_out(live):\n",
        "        if live:\n",
        _RECONCILE,
    ),
    Mutant(
        "the inventory lists what is wanted",
        "reconcile/status.py",
        "existing = [item for item in seen.order if item in seen.children]",
        "existing = list(seen.order)",
        _RECONCILE,
    ),
    Mutant(
        "two conditions of one type",
        "reconcile/conditions.py",
        "    return sorted(found.values(), ",
        "    return sorted([*found.values(), *held.values()], ",
        _RECONCILE,
    ),
    Mutant(
        "an instance is let go before its roles are gone",
        "reconcile/finalize.py",
        "            if waiting:\n                return Finalized(",
        "            if False:\n                return Finalized(",
        _RECONCILE,
    ),
    Mutant(
        "retained roles are removed",
        "reconcile/finalize.py",
        'retain = body.get("spec", {}).get("deletionPolicy", "Delete") == "Retain"',
        "retain = False",
        _RECONCILE,
    ),
    Mutant(
        "a host is given twice",
        "reconcile/hosts.py",
        "        return held == (key, uid)",
        "        return True",
        _RECONCILE,
    ),
    Mutant(
        "a secret in the way is taken over",
        "reconcile/applier.py",
        "            self._refuse_foreign_secret(manifest, look)\n",
        "            pass\n",
        _RECONCILE,
    ),
    Mutant(
        "drift is not repaired",
        "kube/comparison.py",
        "    found = differences(hashed, live)\n",
        "    found: tuple[str, ...] = ()\n",
        (),
    ),
    Mutant(
        "one more field in a NetworkPolicy is no drift",
        "kube/drift.py",
        '_EXACT_KINDS = frozenset({"NetworkPolicy", "SecurityGroupPolicy"})',
        '_EXACT_KINDS = frozenset({"SecurityGroupPolicy"})',
        _KUBE,
    ),
    Mutant(
        "rotated secrets do not roll the pods",
        "desired/workloads.py",
        'hashes = {name: facts.secret_hashes.get(name, "") for name in secret_names(instance)}',
        'hashes = {name: "" for name in secret_names(instance)}',
        _RECONCILE,
    ),
    Mutant(
        "any audience is trusted",
        "desired/iam.py",
        '"StringEquals": {f"{issuer}:sub": subject, f"{issuer}:aud": AUDIENCE}',
        '"StringEquals": {f"{issuer}:sub": subject}',
        _DESIRED,
    ),
    Mutant(
        "entries of other namespaces may be named",
        "api/tenancy.py",
        "        if not key.startswith(prefixes):\n",
        "        if False:\n",
        ("tests/operator", "-m", "not integration"),
    ),
    Mutant(
        "deletions of instances are lost over a relist",
        "kube/cache.py",
        "        for key in gone:\n            self.drop_instance(key)\n",
        "",
        _RECONCILE,
    ),
    Mutant(
        "an older event replaces what is known",
        "kube/cache.py",
        "    return same and version_of(body) <= held.version",
        "    return False",
        _KUBE,
    ),
    Mutant(
        "/readyz is always ok",
        "runtime/health.py",
        "        if self.ready:\n",
        "        if True:\n",
        _RUNTIME,
    ),
    Mutant(
        "the comparison with all instances never starts",
        "runtime/watching.py",
        "        self.relist.start()\n",
        "",
        _RUNTIME,
    ),
    Mutant(
        "the threads that talk to IAM never start",
        "runtime/operator.py",
        "        self.keeper.start()\n",
        "",
        _RUNTIME,
    ),
    Mutant(
        "a leader begins before it has caught up",
        "runtime/operator.py",
        "        while not await self._caught_up():\n",
        "        while False:\n",
        _RUNTIME,
    ),
    Mutant(
        "a leader does not list what is served",
        "runtime/watching.py",
        "            if watch.kind == INGRESS:\n",
        "            if False:\n",
        _RUNTIME,
    ),
    Mutant(
        "roles are made for an instance that is gone",
        "reconcile/finalize.py",
        'raise InstanceGone("the AppInstance was deleted before it was held by a finalizer")',
        "return body",
        _RECONCILE,
    ),
    Mutant(
        "nothing is made before it is held, but without a finalizer",
        "reconcile/converge.py",
        "        look.body = self.finalizer.hold(look.body)\n",
        "",
        _RECONCILE,
    ),
    Mutant(
        "a role that a spec of before asked for stays",
        "reconcile/converge.py",
        "        if look.memory.swept_for == look.instance.generation:\n",
        "        if True:\n",
        _RECONCILE,
    ),
    Mutant(
        "a role that somebody took is told to be in place",
        "reconcile/converge.py",
        "(state.ready or state.verified or known) and not amiss",
        "(state.ready or state.verified or known)",
        _RECONCILE,
    ),
    Mutant(
        "a closed gate does not hold the new pods back",
        "reconcile/converge.py",
        "        closed = gates.closed_gate(look)\n",
        "        closed = None\n",
        _RECONCILE,
    ),
    Mutant(
        "all instances roll at once",
        "reconcile/converge.py",
        "        if fleet and not self.rollouts.enter(key):\n",
        "        if False:\n",
        _RECONCILE,
    ),
    Mutant(
        "roles are looked at once and never again",
        "aws/keeper.py",
        "elif not one.seen or one.error or now >= one.believed_until:",
        "elif not one.seen or one.error:",
        _ROLES,
    ),
    Mutant(
        "the host that a status names does not count",
        "reconcile/hosts.py",
        "            if given_host(self._cache.instance(claim.key)) == host:\n",
        "            if False:\n",
        _RECONCILE,
    ),
    Mutant(
        "what changes during a look is not looked at again",
        "reconcile/queue.py",
        "            self._again.add(key)\n",
        "            pass\n",
        _RECONCILE,
    ),
    Mutant(
        "leftovers that pods use go at once",
        "reconcile/prune.py",
        "            if taken_over or kind.kind not in _USED_BY_PODS:\n",
        "            if True:\n",
        _RECONCILE,
    ),
    Mutant(
        "the roles of one that went by force stay",
        "reconcile/reconciler.py",
        "        wait = self._finalizer.collect(key, memory.uid)\n",
        "        wait = None\n",
        _RECONCILE,
    ),
    Mutant(
        "a finalizer that others set meanwhile is lost",
        "reconcile/finalize.py",
        '"resourceVersion": meta["resourceVersion"]}}',
        "}}",
        _RECONCILE,
    ),
)
