# One container that runs `strava-assets sync` and ends, and the clock that starts it. Made once there is an image.
locals {
  # Of the environment this is everything: the rest has defaults, and the tokens are read from the secret.
  environment = {
    STRAVA_ASSETS_ENV             = "aws"
    STRAVA_ASSETS_AWS_REGION      = var.region
    STRAVA_ASSETS_AWS_SECRET      = aws_secretsmanager_secret.tokens.name
    STRAVA_ASSETS_LANDING_URL     = "s3://${aws_s3_bucket.files.id}/landing"
    STRAVA_ASSETS_STREAMS_URL     = "s3://${aws_s3_bucket.files.id}/streams"
    STRAVA_ASSETS_REPORT_URL      = "s3://${aws_s3_bucket.files.id}/report"
    STRAVA_ASSETS_DUCKDB_URL      = "s3://${aws_s3_bucket.files.id}/warehouse/warehouse.duckdb"
    STRAVA_ASSETS_PUBLISH         = "iceberg"
    STRAVA_ASSETS_EVENTS_URL      = "s3://${aws_s3_bucket.files.id}/events"
    STRAVA_ASSETS_PUBLISH_URL     = "s3://${aws_s3_bucket.files.id}/published"
    STRAVA_ASSETS_PUBLISH_CATALOG = aws_glue_catalog_database.marts.name
    STRAVA_ASSETS_TIMEZONE        = var.timezone
    AWS_REGION                    = var.region
  }
}

# A network of its own, whose one subnet leads out and lets nothing in. A gateway that translates addresses would hide the
# task's own address, and costs more per month than everything else here.
resource "aws_vpc" "sync" {
  #checkov:skip=CKV2_AWS_11: flow logs of a task that nothing can reach would only list Strava's and Amazon's addresses
  count = var.image == null ? 0 : 1

  cidr_block           = "10.77.0.0/24"
  enable_dns_hostnames = true
}

# The network's default group, which everything would join that names no other, lets nothing through.
resource "aws_default_security_group" "closed" {
  count = var.image == null ? 0 : 1

  vpc_id = aws_vpc.sync[0].id
}

resource "aws_subnet" "sync" {
  count = var.image == null ? 0 : 1

  vpc_id                  = aws_vpc.sync[0].id
  cidr_block              = "10.77.0.0/26"
  map_public_ip_on_launch = false
}

resource "aws_internet_gateway" "sync" {
  count = var.image == null ? 0 : 1

  vpc_id = aws_vpc.sync[0].id
}

resource "aws_route_table" "sync" {
  count = var.image == null ? 0 : 1

  vpc_id = aws_vpc.sync[0].id
}

resource "aws_route" "out" {
  count = var.image == null ? 0 : 1

  route_table_id         = aws_route_table.sync[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.sync[0].id
}

resource "aws_route_table_association" "sync" {
  count = var.image == null ? 0 : 1

  subnet_id      = aws_subnet.sync[0].id
  route_table_id = aws_route_table.sync[0].id
}

# Files go to the bucket inside Amazon's network, which costs nothing.
resource "aws_vpc_endpoint" "files" {
  count = var.image == null ? 0 : 1

  vpc_id          = aws_vpc.sync[0].id
  service_name    = "com.amazonaws.${var.region}.s3"
  route_table_ids = [aws_route_table.sync[0].id]
}

# Out by HTTPS alone: to Strava and to Amazon. Nothing comes in.
resource "aws_security_group" "sync" {
  #checkov:skip=CKV2_AWS_5: the schedule attaches it to the task
  count = var.image == null ? 0 : 1

  name        = "strava-assets"
  description = "The sync: HTTPS out, nothing in."
  vpc_id      = aws_vpc.sync[0].id
}

resource "aws_vpc_security_group_egress_rule" "https" {
  count = var.image == null ? 0 : 1

  security_group_id = aws_security_group.sync[0].id
  description       = "Strava and Amazon."
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_ecs_cluster" "sync" {
  #checkov:skip=CKV_AWS_65: Container Insights costs more than the task; its log and its exit status are kept below
  count = var.image == null ? 0 : 1

  name = "strava-assets"
}

resource "aws_cloudwatch_log_group" "sync" {
  #checkov:skip=CKV_AWS_158: Amazon's own keys encrypt it; secrets never reach a log
  #checkov:skip=CKV_AWS_338: the log names activities, and what forget removes is to be gone soon
  count = var.image == null ? 0 : 1

  name              = "/strava-assets/sync"
  retention_in_days = 30
}

# Amazon's agent pulls the image and writes the log as this role, which the sync itself never is.
resource "aws_iam_role" "agent" {
  count = var.image == null ? 0 : 1

  name        = "strava-assets-agent"
  description = "Pulls the image and writes the log."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.project } }
    }]
  })
}

resource "aws_iam_role_policy" "agent" {
  count = var.image == null ? 0 : 1

  name = "agent"
  role = aws_iam_role.agent[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      # The login to the registry belongs to the account, so this can be granted nowhere narrower.
      { Effect = "Allow", Action = "ecr:GetAuthorizationToken", Resource = "*" },
      {
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = aws_ecr_repository.images.arn
      },
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.sync[0].arn}:*"
      },
    ]
  })
}

resource "aws_ecs_task_definition" "sync" {
  #checkov:skip=CKV_AWS_336: DuckDB spills to the task's own disk, which is gone with it
  #checkov:skip=CKV_AWS_97: there is no volume of EFS
  count = var.image == null ? 0 : 1

  family                   = "strava-assets-sync"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 1024
  memory                   = 2048
  task_role_arn            = aws_iam_role.sync.arn
  execution_role_arn       = aws_iam_role.agent[0].arn

  container_definitions = jsonencode([{
    name        = "sync"
    image       = var.image
    command     = ["sync"]
    essential   = true
    environment = [for name, value in local.environment : { name = name, value = value }]
    # What a sync has begun it finishes, or leaves whole, within this time after the signal to stop.
    stopTimeout = 120
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.sync[0].name
        awslogs-region        = var.region
        awslogs-stream-prefix = "sync"
      }
    }
  }])
}

# The clock has a role of its own, so that whoever can move the clock gets at no data.
resource "aws_iam_role" "clock" {
  count = var.image == null ? 0 : 1

  name        = "strava-assets-clock"
  description = "Starts the sync."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.project } }
    }]
  })
}

# Start this one task in this one cluster, and hand it its two roles.
resource "aws_iam_role_policy" "clock" {
  count = var.image == null ? 0 : 1

  name = "starts-sync"
  role = aws_iam_role.clock[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Action    = "ecs:RunTask"
        Resource  = "${aws_ecs_task_definition.sync[0].arn_without_revision}:*"
        Condition = { ArnEquals = { "ecs:cluster" = aws_ecs_cluster.sync[0].arn } }
      },
      {
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = [aws_iam_role.sync.arn, aws_iam_role.agent[0].arn]
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
    ]
  })
}

resource "aws_scheduler_schedule" "every_six_hours" {
  #checkov:skip=CKV_AWS_297: the schedule holds no secret
  count = var.image == null ? 0 : 1

  name                         = "strava-assets-sync"
  description                  = "Starts a sync; the same times as the schedule of the Dagster UI."
  schedule_expression          = "cron(0 */6 * * ? *)"
  schedule_expression_timezone = var.timezone

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_ecs_cluster.sync[0].arn
    role_arn = aws_iam_role.clock[0].arn

    ecs_parameters {
      task_definition_arn = aws_ecs_task_definition.sync[0].arn
      launch_type         = "FARGATE"
      # One sync at a time: Strava counts calls per application, and a token is refreshed by one.
      task_count = 1

      network_configuration {
        subnets          = [aws_subnet.sync[0].id]
        security_groups  = [aws_security_group.sync[0].id]
        assign_public_ip = true
      }
    }

    # A start that fails is tried again within the hour, long before the next one.
    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 3
    }
  }
}
