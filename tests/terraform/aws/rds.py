"""RDS as far as moto lacks it: copied backups, option groups of MySQL 8.4, and today's CA.

Stands in for the bookkeeping of a replication. It cannot show that a backup is ever copied.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from moto.rds.models import RDSBackend

from . import refusals

Answer = tuple[int, dict[str, str], bytes]
_NAMESPACE = "http://rds.amazonaws.com/doc/2014-10-31/"
_START = "StartDBInstanceAutomatedBackupsReplication"
_STOP = "StopDBInstanceAutomatedBackupsReplication"
_DESCRIBE = "DescribeDBInstanceAutomatedBackups"
_ACCOUNT = "123456789012"
_create_option_group = RDSBackend.create_option_group
_create_db_instance = RDSBackend.create_db_instance
_DEFAULT_CA = "rds-ca-rsa2048-g1"


def create_option_group(self: RDSBackend, option_group_kwargs: dict[str, Any]) -> Any:
    """Make an option group of MySQL 8.4, a version that moto's list of 2022 lacks."""
    wanted = option_group_kwargs["major_engine_version"]
    known = "8.0" if wanted == "8.4" else wanted
    made = _create_option_group(self, {**option_group_kwargs, "major_engine_version": known})
    made.major_engine_version = wanted
    return made


def create_db_instance(self: RDSBackend, db_kwargs: dict[str, Any]) -> Any:
    """Make an instance under AWS's default CA; moto names one that there is not.

    The provider would change it at once, which is a modification more than AWS would see.
    """
    refusals.monitored(self, db_kwargs.get("monitoring_role_arn"))
    return _create_db_instance(self, {"ca_certificate_identifier": _DEFAULT_CA, **db_kwargs})


def _xml(action: str, body: str) -> Answer:
    text = (
        f'<{action}Response xmlns="{_NAMESPACE}"><{action}Result>{body}</{action}Result>'
        f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata>"
        f"</{action}Response>"
    )
    return 200, {"Content-Type": "text/xml"}, text.encode()


def _backup(fields: dict[str, str]) -> str:
    inner = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in fields.items())
    return f"<DBInstanceAutomatedBackup>{inner}</DBInstanceAutomatedBackup>"


@dataclass
class Extension:
    """Replications by the ARN of their copy."""

    backups: dict[str, dict[str, str]] = field(default_factory=dict)

    def handle(self, method: str, host: str, path: str, body: bytes) -> Answer | None:
        """Answer a call that is ours, None for one that moto answers."""
        if "://rds." not in host or method != "POST":
            return None
        sent = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        action = sent.get("Action")
        if action == _START:
            return self._start(host.split("://rds.", 1)[1].split(".", 1)[0], sent)
        if action == _STOP:
            return self._stop(sent)
        if action == _DESCRIBE and sent.get("DBInstanceAutomatedBackupsArn"):
            found = self.backups.get(sent["DBInstanceAutomatedBackupsArn"])
            listed = _backup(found) if found else ""
            return _xml(
                _DESCRIBE, f"<DBInstanceAutomatedBackups>{listed}</DBInstanceAutomatedBackups>"
            )
        return None

    def _start(self, region: str, sent: dict[str, str]) -> Answer:
        source = sent["SourceDBInstanceArn"]
        arn = f"arn:aws:rds:{region}:{_ACCOUNT}:auto-backup:ab-{uuid.uuid4().hex[:26]}"
        self.backups[arn] = {
            "DBInstanceAutomatedBackupsArn": arn,
            "DBInstanceArn": source,
            "DBInstanceIdentifier": source.rsplit(":", 1)[-1],
            "Status": "Replicating",
            "KmsKeyId": sent.get("KmsKeyId", ""),
            "BackupRetentionPeriod": sent["BackupRetentionPeriod"],
        }
        return _xml(_START, _backup(self.backups[arn]))

    def _stop(self, sent: dict[str, str]) -> Answer:
        for arn, backup in list(self.backups.items()):
            if backup["DBInstanceArn"] == sent["SourceDBInstanceArn"]:
                return _xml(_STOP, _backup(self.backups.pop(arn)))
        return _xml(_STOP, "")
