# Written from what the controller does for Ingresses of class alb with target type ip, one load balancer each, a
# certificate named by ARN, WAF on and Shield off. Narrower than upstream's policy: no classic WAF, Shield, Cognito, ACM or
# server certificates; no network load balancers; every change only to what carries this cluster's tag. Security groups are
# Terraform's alone: each Ingress of the operator names its load balancer's group (edge.securityGroupIds), and then the
# controller makes none and opens none.

locals {
  elb = "arn:${var.partition}:elasticloadbalancing:${var.region}:${var.account_id}"

  # Of load balancers of the internet and, where they are offered, of the private networks.
  edge_groups = compact([var.edge_security_group_id, var.internal_edge_security_group_id])

  # The controller writes this tag on all that it makes.
  cluster_tag = "elbv2.k8s.aws/cluster"

  made_for_this_cluster = { StringEquals = { "aws:RequestTag/${local.cluster_tag}" = var.cluster_name } }
  of_this_cluster       = { StringEquals = { "aws:ResourceTag/${local.cluster_tag}" = var.cluster_name } }

  # Other tags of its things may change, this one never: with it, it could take over or give away.
  tags_but_the_clusters = merge(local.of_this_cluster, { Null = { "aws:RequestTag/${local.cluster_tag}" = "true" } })

  load_balancer_controller_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # EC2 and ELB know no ARNs for describing; the region is what can be narrowed.
        Sid    = "Look"
        Effect = "Allow"
        Action = [
          "ec2:DescribeAvailabilityZones",
          "ec2:DescribeInstances",
          "ec2:DescribeInternetGateways",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeRouteTables",
          "ec2:DescribeSecurityGroups",
          "ec2:DescribeSubnets",
          "ec2:DescribeTags",
          "ec2:DescribeVpcs",
          "ec2:GetSecurityGroupsForVpc",
          "elasticloadbalancing:DescribeCapacityReservation",
          "elasticloadbalancing:DescribeListenerAttributes",
          "elasticloadbalancing:DescribeListenerCertificates",
          "elasticloadbalancing:DescribeListeners",
          "elasticloadbalancing:DescribeLoadBalancerAttributes",
          "elasticloadbalancing:DescribeLoadBalancers",
          "elasticloadbalancing:DescribeRules",
          "elasticloadbalancing:DescribeSSLPolicies",
          "elasticloadbalancing:DescribeTags",
          "elasticloadbalancing:DescribeTargetGroupAttributes",
          "elasticloadbalancing:DescribeTargetGroups",
          "elasticloadbalancing:DescribeTargetHealth",
        ]
        Resource  = ["*"]
        Condition = { StringEquals = { "aws:RequestedRegion" = var.region } }
      },
      {
        Sid       = "FirstLoadBalancerOfTheAccount"
        Effect    = "Allow"
        Action    = ["iam:CreateServiceLinkedRole"]
        Resource  = ["${local.iam}:role/aws-service-role/elasticloadbalancing.amazonaws.com/*"]
        Condition = { StringEquals = { "iam:AWSServiceName" = "elasticloadbalancing.amazonaws.com" } }
      },
      {
        # Pods admit the edges' groups alone; one without would be of no use, or a way around it. Any value: there is one.
        # All values: no other beside these, or an Ingress could lend a load balancer the database's way in, the backend's group.
        Sid      = "CreateLoadBalancersBehindTheEdge"
        Effect   = "Allow"
        Action   = ["elasticloadbalancing:CreateLoadBalancer"]
        Resource = ["${local.elb}:loadbalancer/app/*/*"]
        Condition = merge(local.made_for_this_cluster, {
          "ForAnyValue:StringEquals"  = { "elasticloadbalancing:SecurityGroup" = local.edge_groups }
          "ForAllValues:StringEquals" = { "elasticloadbalancing:SecurityGroup" = local.edge_groups }
        })
      },
      {
        Sid       = "CreateTargetGroups"
        Effect    = "Allow"
        Action    = ["elasticloadbalancing:CreateTargetGroup"]
        Resource  = ["${local.elb}:targetgroup/*/*"]
        Condition = local.made_for_this_cluster
      },
      {
        # Judged on what they are made in: the load balancer, the listener.
        Sid       = "CreateListenersAndRules"
        Effect    = "Allow"
        Action    = ["elasticloadbalancing:CreateListener", "elasticloadbalancing:CreateRule"]
        Resource  = ["${local.elb}:loadbalancer/app/*/*", "${local.elb}:listener/app/*/*/*"]
        Condition = local.of_this_cluster
      },
      {
        Sid    = "TagOnCreation"
        Effect = "Allow"
        Action = ["elasticloadbalancing:AddTags"]
        Resource = [
          "${local.elb}:loadbalancer/app/*/*",
          "${local.elb}:targetgroup/*/*",
          "${local.elb}:listener/app/*/*/*",
          "${local.elb}:listener-rule/app/*/*/*/*",
        ]
        Condition = {
          StringEquals = {
            "aws:RequestTag/${local.cluster_tag}" = var.cluster_name
            "elasticloadbalancing:CreateAction" = [
              "CreateListener", "CreateLoadBalancer", "CreateRule", "CreateTargetGroup",
            ]
          }
        }
      },
      {
        Sid    = "TagItsOwn"
        Effect = "Allow"
        Action = ["elasticloadbalancing:AddTags"]
        Resource = [
          "${local.elb}:loadbalancer/app/*/*",
          "${local.elb}:targetgroup/*/*",
          "${local.elb}:listener/app/*/*/*",
          "${local.elb}:listener-rule/app/*/*/*/*",
        ]
        Condition = local.tags_but_the_clusters
      },
      {
        Sid    = "UntagItsOwn"
        Effect = "Allow"
        Action = ["elasticloadbalancing:RemoveTags"]
        Resource = [
          "${local.elb}:loadbalancer/app/*/*",
          "${local.elb}:targetgroup/*/*",
          "${local.elb}:listener/app/*/*/*",
          "${local.elb}:listener-rule/app/*/*/*/*",
        ]
        Condition = merge(local.of_this_cluster, {
          "ForAllValues:StringNotEquals" = { "aws:TagKeys" = [local.cluster_tag] }
        })
      },
      {
        Sid    = "ChangeItsOwn"
        Effect = "Allow"
        Action = [
          "elasticloadbalancing:AddListenerCertificates",
          "elasticloadbalancing:DeleteListener",
          "elasticloadbalancing:DeleteLoadBalancer",
          "elasticloadbalancing:DeleteRule",
          "elasticloadbalancing:DeleteTargetGroup",
          "elasticloadbalancing:DeregisterTargets",
          "elasticloadbalancing:ModifyListener",
          "elasticloadbalancing:ModifyListenerAttributes",
          "elasticloadbalancing:ModifyLoadBalancerAttributes",
          "elasticloadbalancing:ModifyRule",
          "elasticloadbalancing:ModifyTargetGroup",
          "elasticloadbalancing:ModifyTargetGroupAttributes",
          "elasticloadbalancing:RegisterTargets",
          "elasticloadbalancing:RemoveListenerCertificates",
          "elasticloadbalancing:SetIpAddressType",
          "elasticloadbalancing:SetRulePriorities",
          "elasticloadbalancing:SetSubnets",
        ]
        Resource = [
          "${local.elb}:loadbalancer/app/*/*",
          "${local.elb}:targetgroup/*/*",
          "${local.elb}:listener/app/*/*/*",
          "${local.elb}:listener-rule/app/*/*/*/*",
        ]
        Condition = local.of_this_cluster
      },
      {
        Sid      = "KeepTheEdgesGroup"
        Effect   = "Allow"
        Action   = ["elasticloadbalancing:SetSecurityGroups"]
        Resource = ["${local.elb}:loadbalancer/app/*/*"]
        Condition = {
          StringEquals                = local.of_this_cluster.StringEquals
          "ForAnyValue:StringEquals"  = { "elasticloadbalancing:SecurityGroup" = local.edge_groups }
          "ForAllValues:StringEquals" = { "elasticloadbalancing:SecurityGroup" = local.edge_groups }
        }
      },
      {
        # WAF asks for it when a web ACL is put onto a load balancer. AWS's table (Actions defined by Elastic Load Balancing
        # V2) has neither a resource nor a condition key for it: bound to either, it is never allowed, and no ACL attaches.
        Sid      = "AskedForByWaf"
        Effect   = "Allow"
        Action   = ["elasticloadbalancing:SetWebAcl"]
        Resource = ["*"]
      },
      {
        # WAF knows no tags of load balancers, so it is the ACL that is bound. None may be taken off: the controller does that
        # only for an Ingress that names "none" (pkg/deploy/wafv2/web_acl_association_synthesizer.go of v2.14), and the
        # operator's always name one. With its load balancer the association goes by itself.
        Sid    = "WebAclOnLoadBalancers"
        Effect = "Allow"
        Action = ["wafv2:AssociateWebACL", "wafv2:GetWebACL", "wafv2:GetWebACLForResource"]
        Resource = [
          coalesce(var.web_acl_arn, "arn:${var.partition}:wafv2:${var.region}:${var.account_id}:regional/webacl/*"),
          "${local.elb}:loadbalancer/app/*/*",
        ]
      },
    ]
  })
}
