"""From the raw AppInstance to frozen dataclasses with defaults. Nothing else reads the dict.

The CRD has checked the form; `parse` still refuses what it can't use, for `appinstance render` and
for an API server with an older CRD. What one object can show by itself is judged in form.py, what
only the platform's settings can show in tenancy.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .access import Access, parsed_access
from .background import Job, Process, Worker, parsed_jobs, parsed_workers
from .errors import InvalidSpec
from .exposure import Exposure, parsed_exposure
from .files import File, parsed_files
from .form import form_violations
from .probes import BACKEND_PORT, FRONTEND_PORT, Metrics, Probes, parsed_metrics, parsed_probes
from .routes import Route, parsed_routes
from .scaling import Autoscaling, parsed_autoscaling
from .scheduling import Scheduling, Strategy, parsed_scheduling, parsed_strategy
from .variables import Answered, Plain, parsed_variables

GROUP = "platform.appinstance.io"
VERSION = "v1alpha1"
KIND = "AppInstance"
PLURAL = "appinstances"
DATABASE_KEYS = ("host", "port", "username", "password", "dbname")


@dataclass(frozen=True)
class Component:
    """Backend or frontend. `resources` is as in a container, None for the defaults."""

    name: str
    image: str
    replicas: int
    port: int
    autoscaling: Autoscaling | None = None
    resources: Mapping[str, Any] | None = None
    env: Plain = ()
    pod_env: Answered = ()
    """Variables that the kubelet answers, such as the pod's name: as `valueFrom` in a container."""
    args: tuple[str, ...] | None = None
    """Arguments of the container; None: those of the platform's own images."""
    probes: Probes = field(default_factory=Probes)
    metrics: Metrics = field(default_factory=Metrics)
    strategy: Strategy = field(default_factory=Strategy)
    files: tuple[File, ...] = ()
    """Of the backend: what of Secrets Manager lies in its pods as files."""

    @property
    def least_replicas(self) -> int:
        """Return how many pods there are at the least."""
        return self.autoscaling.min_replicas if self.autoscaling else self.replicas

    @property
    def field(self) -> str:
        """Return where it stands in the spec."""
        return self.name

    @property
    def most_replicas(self) -> int:
        """Return how many pods there are at the most."""
        return self.autoscaling.max_replicas if self.autoscaling else self.replicas


@dataclass(frozen=True)
class ExtraSecret:
    """One environment variable from Secrets Manager; without `property` the whole value."""

    name: str
    key: str
    property: str | None = None


@dataclass(frozen=True)
class CloudFront:
    """Delivery by signed URLs: the distribution's domain, the id of its public key, and the entry
    of Secrets Manager that is the private key (PEM)."""

    domain: str
    key_pair_id: str
    key: str


@dataclass(frozen=True)
class Network:
    """Openings beyond the defaults, as NetworkPolicy rules' own parts."""

    egress: tuple[Mapping[str, Any], ...] = ()
    ingress: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class AppInstance:
    """One instance as the operator sees it."""

    namespace: str
    name: str
    uid: str | None
    generation: int
    host: str
    suspend: bool
    retain: bool
    backend: Component
    frontend: Component | None
    database: bool
    """Whether it has one at all: an image that needs none leaves it out."""
    database_key: str | None
    provision: bool
    rotation: str
    """A word; another one than before asks for a new password of a provisioned database."""
    migrate: bool
    media_bucket: str | None
    media_prefix: str
    legacy_key: str | None
    cloud_front: CloudFront | None
    secrets: tuple[ExtraSecret, ...]
    backend_role_arn: str | None
    secrets_role_arn: str | None
    network: Network = field(default_factory=Network)
    pull_secrets: tuple[str, ...] = ()
    """Names of Secrets of the namespace with which images are pulled, beside the platform's."""
    access: Access = field(default_factory=Access)
    """Which AppInstances may call this one, and which it calls."""
    hosts: tuple[str, ...] = ()
    """Further hosts that it answers on, beside `host`."""
    exposure: Exposure = field(default_factory=Exposure)
    media: bool = True
    """Whether it has a place in a bucket."""
    routes: tuple[Route, ...] = ()
    """What of the host goes to which component, the longest path first."""
    scheduling: Scheduling = field(default_factory=Scheduling)
    workers: tuple[Worker, ...] = ()
    jobs: tuple[Job, ...] = ()

    @property
    def components(self) -> tuple[Component, ...]:
        """Return the components that serve."""
        return (self.backend, self.frontend) if self.frontend else (self.backend,)

    @property
    def served_hosts(self) -> tuple[str, ...]:
        """Return every host that it answers on, the one that people use first."""
        return (self.host, *self.hosts)

    @property
    def goes_to_aws(self) -> bool:
        """Return whether the backend goes to AWS at all: to its media, or as a role brought."""
        return self.media or self.backend_role_arn is not None

    @property
    def running(self) -> tuple[Component | Worker, ...]:
        """Return all that has pods all the time."""
        return (*self.components, *self.workers)

    @property
    def background(self) -> tuple[Process, ...]:
        """Return what runs without traffic, all the time or now and then."""
        return (*self.workers, *self.jobs)

    @property
    def with_own_role(self) -> tuple[Process, ...]:
        """Return the workers and jobs that ask for an IAM role of their own."""
        return tuple(process for process in self.background if process.role)

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Return every Secrets Manager entry that the spec names, each once, sorted."""
        keys = {extra.key for extra in self.secrets} | {file.key for file in self.backend.files}
        signing = self.cloud_front.key if self.cloud_front else None
        keys |= {key for key in (self.database_key, self.legacy_key, signing) if key}
        return tuple(sorted(keys))


def _component(name: str, raw: Mapping[str, Any], default_port: int) -> Component:
    env, pod_env = parsed_variables(raw.get("env", ()))
    return Component(
        name=name,
        image=raw["image"],
        replicas=raw.get("replicas", 2),
        port=raw.get("port", default_port),
        autoscaling=parsed_autoscaling(raw.get("autoscaling")),
        resources=raw.get("resources"),
        env=env,
        pod_env=pod_env,
        args=tuple(raw["args"]) if "args" in raw else None,
        probes=parsed_probes(name, raw.get("probes")),
        metrics=parsed_metrics(name, raw.get("metrics")),
        strategy=parsed_strategy(raw.get("strategy")),
        files=parsed_files(raw.get("files", ())),
    )


def _key(raw: Mapping[str, Any] | None) -> str | None:
    return raw["remoteRef"]["key"] if raw else None


def _cloud_front(raw: Mapping[str, Any] | None) -> CloudFront | None:
    if not raw:
        return None
    return CloudFront(raw["domain"], raw["keyPairId"], raw["privateKey"]["remoteRef"]["key"])


def parse(body: Mapping[str, Any]) -> AppInstance:
    """Return the instance that a resource describes.

    Raises InvalidSpec with a sentence that names the field when something needed is not there.
    """
    metadata, spec = body.get("metadata", {}), body.get("spec", {})
    try:
        namespace, name = metadata.get("namespace", "default"), metadata["name"]
        media, identity = spec.get("media", {}), spec.get("identity", {})
        database = spec.get("database", {})
        network = spec.get("network", {})
        instance = AppInstance(
            namespace=namespace,
            name=name,
            uid=metadata.get("uid"),
            generation=metadata.get("generation", 1),
            host=spec["host"],
            suspend=spec.get("suspend", False),
            retain=spec.get("deletionPolicy", "Delete") == "Retain",
            backend=_component("backend", spec["backend"], BACKEND_PORT),
            frontend=_component("frontend", spec["frontend"], FRONTEND_PORT)
            if spec.get("frontend")
            else None,
            database="database" in spec,
            database_key=_key(database.get("credentials")),
            provision=database.get("provision", False),
            rotation=database.get("rotate", ""),
            migrate="database" in spec and database.get("migrate", True),
            media_bucket=media.get("bucket"),
            media_prefix=media.get("prefix", f"{namespace}/{name}/"),
            legacy_key=_key(media.get("legacyCredentials")),
            cloud_front=_cloud_front(media.get("cloudFront")),
            secrets=tuple(
                ExtraSecret(
                    item["name"], item["remoteRef"]["key"], item["remoteRef"].get("property")
                )
                for item in spec.get("secrets", ())
            ),
            backend_role_arn=identity.get("backendRoleArn"),
            secrets_role_arn=identity.get("secretsRoleArn"),
            network=Network(
                egress=tuple(network.get("egress", ())), ingress=tuple(network.get("ingress", ()))
            ),
            pull_secrets=tuple(item["name"] for item in spec.get("imagePullSecrets", ())),
            access=parsed_access(spec.get("access"), namespace),
            hosts=tuple(spec.get("hosts", ())),
            exposure=parsed_exposure(spec),
            media=media.get("enabled", True),
            scheduling=parsed_scheduling(spec.get("scheduling")),
            routes=parsed_routes(spec.get("paths"), frontend=bool(spec.get("frontend"))),
            workers=parsed_workers(spec),
            jobs=parsed_jobs(spec),
        )
        problems = form_violations(instance)
    except KeyError as error:
        raise InvalidSpec(
            f"the spec has no {error.args[0]!r} where one is needed; add it"
        ) from None
    except (TypeError, AttributeError, ValueError):
        raise InvalidSpec(
            "the spec does not have the form of an AppInstance; see the CRD"
        ) from None
    if problems:
        raise InvalidSpec("; ".join(problems))
    return instance
