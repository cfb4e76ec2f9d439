locals {
  # external-dns makes these calls and no other (kubernetes-sigs/external-dns at v0.22.0, provider/aws/aws.go, interface Route53API;
  # tags are looked at only with a filter on zones' tags). AWS's keys narrow a change to names, types and kinds: hosts below the
  # domains, where a load balancer answers and whose the record is. So neither the proof that ACM looks for (CNAME) nor the
  # zone's own name, delegations or mail can be changed by it.
  external_dns_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          # Has no resource in AWS's table.
          Sid      = "FindZones"
          Effect   = "Allow"
          Action   = ["route53:ListHostedZones"]
          Resource = ["*"]
        },
        {
          Sid      = "LookAtRecords"
          Effect   = "Allow"
          Action   = ["route53:ListResourceRecordSets"]
          Resource = [for zone in distinct(values(var.dns_zones)) : "arn:${var.partition}:route53:::hostedzone/${zone}"]
        },
      ],
      [
        for number, zone in sort(distinct(values(var.dns_zones))) : {
          Sid      = "WriteRecordsOfHosts${number + 1}"
          Effect   = "Allow"
          Action   = ["route53:ChangeResourceRecordSets"]
          Resource = ["arn:${var.partition}:route53:::hostedzone/${zone}"]
          Condition = {
            "ForAllValues:StringLike" = {
              "route53:ChangeResourceRecordSetsNormalizedRecordNames" = [for domain, id in var.dns_zones : "*.${domain}" if id == zone]
            }
            "ForAllValues:StringEquals" = {
              "route53:ChangeResourceRecordSetsActions"     = ["CREATE", "DELETE", "UPSERT"]
              "route53:ChangeResourceRecordSetsRecordTypes" = ["A", "AAAA", "TXT"]
            }
            # ForAllValues holds for a request without values as well.
            Null = {
              "route53:ChangeResourceRecordSetsNormalizedRecordNames" = "false"
              "route53:ChangeResourceRecordSetsRecordTypes"           = "false"
            }
          }
        }
      ],
    )
  })
}
