"""Build the platform's images and push them to ECR: `make push TO=<prefix>`.

A tag is the commit that the image is built from. Repositories take each tag once
(terraform/modules/registry), so what is there already is neither built nor pushed again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from appinstance_local import commits
from appinstance_local.errors import LocalError
from appinstance_local.paths import REPO
from appinstance_local.progress import say, step
from appinstance_local.shell import run

from .app_images import IMAGES

_PREFIX = re.compile(
    r"^(?P<host>[0-9]{12}\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com)/(?P<name>[a-z0-9][a-z0-9._/-]*)$"
)
_ABSENT = "ImageNotFoundException"
# What the platform's nodes are by default (node_groups); a laptop may be another.
_PLATFORM = "linux/amd64"


@dataclass(frozen=True)
class Target:
    """Where images go: a registry's host, its region, and what its repositories begin with."""

    host: str
    region: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Target:
        """Return the target that a prefix names; raises LocalError for what is none of ECR's."""
        match = _PREFIX.match(text)
        if match is None:
            raise LocalError(
                f"{text!r} is no prefix of repositories in ECR; take it from "
                "`terraform -chdir=terraform/platform output -raw image_prefix`"
            )
        return cls(match["host"], match["region"], match["name"])

    def digest(self, image: str, tag: str) -> str | None:
        """Return the digest of an image that is there, None where it is not."""
        try:
            return run(
                ["aws", "ecr", "describe-images", "--region", self.region,
                 "--repository-name", f"{self.name}/{image}", "--image-ids", f"imageTag={tag}",
                 "--query", "imageDetails[0].imageDigest", "--output", "text"]
            ).strip()  # fmt: skip
        except LocalError as error:
            if _ABSENT in str(error):
                return None
            raise

    def sign_in(self) -> None:
        """Sign docker in; the password goes from one program's output into the other's input."""
        password = run(["aws", "ecr", "get-login-password", "--region", self.region])
        words = ["docker", "login", "--username", "AWS", "--password-stdin", self.host]
        run(words, stdin=password)


def commit() -> str:
    """Return the commit that images are named after; raises LocalError where files differ."""
    return commits.head(REPO)[:12]


def push(prefix: str, *, dry_run: bool) -> dict[str, str]:
    """Build and push what is not there; return each image's address with its digest.

    With `dry_run` nothing is called but git: what would be built and pushed is said.
    """
    target, tag = Target.parse(prefix), commit()
    commands = {image: _commands(target, image, tag) for image in IMAGES}
    if dry_run:
        say(f"sign in to {target.host}, with `aws ecr get-login-password` in {target.region}")
        for words in (words for both in commands.values() for words in both):
            say(" ".join(words))
        return {}
    absent = [image for image in IMAGES if target.digest(image, tag) is None]
    if absent:
        target.sign_in()
    for image in absent:
        for words in commands[image]:
            with step(f"{words[1]} {target.name}/{image}:{tag}"):
                run(words, cwd=REPO)
    return {
        image: f"{target.host}/{target.name}/{image}@{_pushed(target, image, tag)}"
        for image in IMAGES
    }


def _commands(target: Target, image: str, tag: str) -> tuple[list[str], list[str]]:
    """Return how an image is built and how it is pushed."""
    address = f"{target.host}/{target.name}/{image}:{tag}"
    build = ["docker", "build", "--platform", _PLATFORM, "--target", image, "--tag", address, "."]
    return build, ["docker", "push", address]


def _pushed(target: Target, image: str, tag: str) -> str:
    digest = target.digest(image, tag)
    if digest is None:
        raise LocalError(f"{image}:{tag} was pushed and is not there; look at `docker push`")
    return digest


def command(prefix: str, *, dry_run: bool) -> None:
    """Push, and say what Terraform and AppInstances are to name."""
    pushed = push(prefix, dry_run=dry_run)
    for image, address in pushed.items():
        say(f"{image}: {address}")
    if pushed:
        repository, _, digest = pushed["operator"].partition("@")
        say(f'operator = {{ image_repository = "{repository}", image_digest = "{digest}" }}')
