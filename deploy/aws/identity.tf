# Who may do what: one role that syncs, with the permissions of permissions.tf. No access key is made for it: Fargate
# attaches the role, servers and clusters elsewhere borrow it with a token of their own issuer.
locals {
  issuer = var.federation == null ? "" : trimprefix(var.federation.issuer, "https://")
  trusted = concat(
    [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.project } }
    }],
    # One exact subject, nobody else.
    [for provider in aws_iam_openid_connect_provider.elsewhere : {
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = provider.arn }
      Condition = { StringEquals = {
        "${local.issuer}:sub" = var.federation.subject
        "${local.issuer}:aud" = "sts.amazonaws.com"
      } }
    }],
  )
}

resource "aws_iam_role" "sync" {
  name               = "strava-assets"
  description        = "Fetches, loads, computes and publishes."
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = local.trusted })
}

resource "aws_iam_role_policy" "sync" {
  name   = "sync"
  role   = aws_iam_role.sync.id
  policy = jsonencode(local.permissions)
}

resource "aws_iam_openid_connect_provider" "elsewhere" {
  count = var.federation == null ? 0 : 1

  url            = var.federation.issuer
  client_id_list = ["sts.amazonaws.com"]
}
