# Who hears of it when a sync fails, when none has succeeded for 13 hours, and when money is spent. Made where there is an
# address. The job has no daemon that could send alerts of its own.
locals {
  watched = var.alert_email != null && var.image != null
  executions = join(" AND ", [
    "resource.type = \"cloud_run_job\"",
    "resource.labels.job_name = \"strava-assets-sync\"",
    "metric.type = \"run.googleapis.com/job/completed_execution_count\"",
  ])
}

resource "google_monitoring_notification_channel" "owner" {
  count = var.alert_email == null ? 0 : 1

  display_name = "strava_assets: owner"
  type         = "email"
  labels = {
    email_address = var.alert_email
  }

  depends_on = [google_project_service.api]
}

resource "google_monitoring_alert_policy" "sync_failed" {
  count = local.watched ? 1 : 0

  display_name          = "strava_assets: a sync failed"
  combiner              = "OR"
  notification_channels = [google_monitoring_notification_channel.owner[0].id]

  conditions {
    display_name = "An execution of the job failed"

    condition_threshold {
      filter          = "${local.executions} AND metric.labels.result = \"failed\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_DELTA"
      }
    }
  }

  documentation {
    subject   = "strava_assets: a sync failed"
    content   = "What happened and what to do is at the end of the execution's log: Cloud Run, Jobs, strava-assets-sync. Nothing is lost; the next sync continues where this one ended."
    mime_type = "text/markdown"
  }

  alert_strategy {
    # Two syncs later at the latest: if it still fails, it says so again.
    auto_close = "43200s"
  }
}

# Also catches a stopped clock. It counts from the first sync that succeeded.
resource "google_monitoring_alert_policy" "sync_missing" {
  count = local.watched ? 1 : 0

  display_name          = "strava_assets: no sync for 13 hours"
  combiner              = "OR"
  notification_channels = [google_monitoring_notification_channel.owner[0].id]

  conditions {
    display_name = "No execution of the job succeeded for 13 hours"

    condition_absent {
      filter   = "${local.executions} AND metric.labels.result = \"succeeded\""
      duration = "46800s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    subject   = "strava_assets: no sync for 13 hours"
    content   = "Two syncs in a row did not succeed, or were not started: Cloud Scheduler, strava-assets-sync. The tables are as of the last sync."
    mime_type = "text/markdown"
  }
}

# A budget belongs to the billing account, which may pay for other projects too: this one counts ours alone.
resource "google_billing_budget" "month" {
  count = var.billing_account != null && var.alert_email != null ? 1 : 0

  billing_account = var.billing_account
  display_name    = "strava_assets: a month"

  budget_filter {
    projects = ["projects/${var.project}"]
  }

  amount {
    specified_amount {
      units = tostring(var.monthly_budget)
    }
  }

  threshold_rules {
    threshold_percent = 0.5
  }

  threshold_rules {
    threshold_percent = 1.0
  }

  all_updates_rule {
    monitoring_notification_channels = [google_monitoring_notification_channel.owner[0].id]
    disable_default_iam_recipients   = true
  }
}
