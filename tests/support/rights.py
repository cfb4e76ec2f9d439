"""Whether what runs has its rights at every moment of a stage's life."""

from __future__ import annotations

from collections.abc import Iterator

from support.stage import NAME, Stage


class Rights:
    """Looks at every moment whether all that runs has a role to take that opens something."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.missing: list[str] = []
        stage.iam.on_write = lambda _write: self.look()
        stage.cluster.on_write = lambda _write: self.look()

    def look(self) -> None:
        """Note whose role is not there."""
        for arn in self._taken():
            role = self.stage.iam.roles.get(arn.rpartition("/")[2])
            if role is None or not role.policies:
                self.missing.append(arn)

    def _taken(self) -> Iterator[str]:
        for templates in self.stage.controllers.deployments.running.values():
            for template in templates:
                for item in template["spec"]["containers"][0].get("env", ()):
                    if item["name"] == "AWS_ROLE_ARN":
                        yield item["value"]
        account = self.stage.get("ServiceAccount", f"{NAME}-secrets")
        if account:
            yield account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"]
