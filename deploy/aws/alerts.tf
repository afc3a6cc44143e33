# Who hears of it when a sync fails, and when none has succeeded for 13 hours (two ticks of the clock and an hour), which
# also says that the clock, the image or the account's money has gone. Made where there is an address.
locals {
  watched = var.alert_email != null && var.image != null
}

resource "aws_sns_topic" "alerts" {
  #checkov:skip=CKV_AWS_26: a message names a task and its exit status; events cannot be sent to a topic under Amazon's own key
  count = var.alert_email == null ? 0 : 1

  name = "strava-assets"
}

resource "aws_sns_topic_subscription" "alerts" {
  count = var.alert_email == null ? 0 : 1

  topic_arn = aws_sns_topic.alerts[0].arn
  protocol  = "email"
  endpoint  = var.alert_email
}

# Only the two services below may publish, and only for this account.
resource "aws_sns_topic_policy" "alerts" {
  count = var.alert_email == null ? 0 : 1

  arn = aws_sns_topic.alerts[0].arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sns:Publish"
      Principal = { Service = ["events.amazonaws.com", "cloudwatch.amazonaws.com"] }
      Resource  = aws_sns_topic.alerts[0].arn
      Condition = { StringEquals = { "aws:SourceAccount" = var.project } }
    }]
  })
}

# A task that ends with another status than 0, or never got as far as its container.
resource "aws_cloudwatch_event_rule" "failed" {
  count = local.watched ? 1 : 0

  name        = "strava-assets-failed"
  description = "A sync failed."

  event_pattern = jsonencode({
    source      = ["aws.ecs"]
    detail-type = ["ECS Task State Change"]
    detail = {
      clusterArn = [aws_ecs_cluster.sync[0].arn]
      lastStatus = ["STOPPED"]
      "$or" = [
        { containers = { exitCode = [{ anything-but = 0 }] } },
        { stopCode = ["TaskFailedToStart"] },
      ]
    }
  })
}

resource "aws_cloudwatch_event_target" "failed" {
  count = local.watched ? 1 : 0

  rule = aws_cloudwatch_event_rule.failed[0].name
  arn  = aws_sns_topic.alerts[0].arn

  input_transformer {
    input_paths = {
      reason = "$.detail.stoppedReason"
      task   = "$.detail.taskArn"
    }
    input_template = "\"A sync of strava-assets failed: <reason>. Its log is in CloudWatch, group /strava-assets/sync; task <task>. What was there before is as it was.\""
  }
}

# The last line of a sync says that it succeeded; each such line counts one.
resource "aws_cloudwatch_log_metric_filter" "succeeded" {
  count = local.watched ? 1 : 0

  name           = "strava-assets-succeeded"
  log_group_name = aws_cloudwatch_log_group.sync[0].name
  pattern        = "\"sync succeeded:\""

  metric_transformation {
    name      = "SyncsSucceeded"
    namespace = "strava-assets"
    value     = "1"
  }
}

# Thirteen hours without such a line; hours without any data count as hours without success.
resource "aws_cloudwatch_metric_alarm" "none_succeeded" {
  count = local.watched ? 1 : 0

  alarm_name          = "strava-assets-none-succeeded"
  alarm_description   = "No sync of strava-assets has succeeded for 13 hours."
  namespace           = "strava-assets"
  metric_name         = aws_cloudwatch_log_metric_filter.succeeded[0].metric_transformation[0].name
  statistic           = "Sum"
  period              = 3600
  evaluation_periods  = 13
  datapoints_to_alarm = 13
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alerts[0].arn]
  ok_actions          = [aws_sns_topic.alerts[0].arn]
}
