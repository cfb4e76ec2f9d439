locals {
  parameters = {
    log_output      = "FILE"
    slow_query_log  = "1"
    long_query_time = "1"
    # Off for good: see exported_logs.
    general_log = "0"

    # No client may be made to send its files.
    local_infile = "0"

    character_set_server = "utf8mb4"
    collation_server     = "utf8mb4_unicode_ci"
  }

  # Who came and who changed tables or rights; not the data, which is people's.
  audit_settings = {
    SERVER_AUDIT            = "FORCE_PLUS_PERMANENT"
    SERVER_AUDIT_EVENTS     = "CONNECT,QUERY_DDL,QUERY_DCL"
    SERVER_AUDIT_EXCL_USERS = "rdsadmin"
  }
}

resource "aws_db_parameter_group" "this" {
  name        = "${local.identifier}-84"
  family      = "mysql8.4"
  description = "TLS alone, logs without personal data"
  tags        = var.tags

  # A client without TLS is turned away by the server itself, whatever the client was told.
  parameter {
    name  = "require_secure_transport"
    value = "1"
  }

  # What MySQL 8.4 has on RDS (docs.aws.amazon.com/AmazonRDS/latest/UserGuide/MySQL.Concepts.SSLSupport.html), named, so that no
  # default decides. The server reads it at its start alone.
  parameter {
    name         = "tls_version"
    value        = "TLSv1.2,TLSv1.3"
    apply_method = "pending-reboot"
  }

  dynamic "parameter" {
    for_each = local.parameters

    content {
      name  = parameter.key
      value = parameter.value
    }
  }
}

resource "aws_db_option_group" "this" {
  # Its backups and snapshots hold it beyond the database ("an option group can be associated with a DB instance, a manual DB
  # snapshot, or an automated DB snapshot", docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithOptionGroups.html):
  # a destroy leaves it there, where deleting it would be refused, and the next apply makes another beside it.
  name_prefix              = "${local.identifier}-84-"
  skip_destroy             = true
  engine_name              = "mysql"
  major_engine_version     = "8.4"
  option_group_description = "Audit log of connections and of changes of tables and rights"
  tags                     = var.tags

  option {
    option_name = "MARIADB_AUDIT_PLUGIN"

    dynamic "option_settings" {
      for_each = local.audit_settings

      content {
        name  = option_settings.key
        value = option_settings.value
      }
    }
  }
}
