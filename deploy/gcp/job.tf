# One container that runs `strava-assets sync` and ends, and the clock that starts it. Made once there is an image.
locals {
  # Of the environment this is everything: the rest has defaults, and the tokens are read from the secret.
  environment = {
    STRAVA_ASSETS_ENV               = "gcp"
    STRAVA_ASSETS_GCP_PROJECT       = var.project
    STRAVA_ASSETS_GCP_SECRET        = google_secret_manager_secret.tokens.secret_id
    STRAVA_ASSETS_BIGQUERY_DATASET  = google_bigquery_dataset.strava.dataset_id
    STRAVA_ASSETS_BIGQUERY_LOCATION = var.location
    STRAVA_ASSETS_LANDING_URL       = "gs://${google_storage_bucket.files.name}/landing"
    STRAVA_ASSETS_STREAMS_URL       = "gs://${google_storage_bucket.files.name}/streams"
    STRAVA_ASSETS_EVENTS_URL        = "gs://${google_storage_bucket.files.name}/events"
    STRAVA_ASSETS_PUBLISH_URL       = "gs://${google_storage_bucket.files.name}/published"
    STRAVA_ASSETS_REPORT_URL        = "gs://${google_storage_bucket.files.name}/report"
    STRAVA_ASSETS_REPORT_LINK       = "https://storage.cloud.google.com/${google_storage_bucket.files.name}/report/index.html"
    STRAVA_ASSETS_ATHLETE_FILE      = "/bucket/athlete.toml"
    STRAVA_ASSETS_TIMEZONE          = var.timezone
  }
}

resource "google_cloud_run_v2_job" "sync" {
  count = var.image == null ? 0 : 1

  name     = "strava-assets-sync"
  location = var.region
  # It holds nothing; what it writes is kept elsewhere.
  deletion_protection = false

  template {
    # One sync at a time: Strava counts calls per application, and a token is refreshed by one.
    task_count  = 1
    parallelism = 1

    template {
      service_account       = google_service_account.sync.email
      execution_environment = "EXECUTION_ENVIRONMENT_GEN2"
      # A sync retries what is worth retrying by itself; the next one begins where this one ended.
      max_retries = 0
      # The first sync of a long history waits for Strava's limit now and then; still it ends before the next begins.
      timeout = "14400s"

      containers {
        image = var.image
        args  = ["sync"]

        resources {
          limits = {
            cpu    = "1"
            memory = "1Gi"
          }
        }

        dynamic "env" {
          for_each = local.environment
          content {
            name  = env.key
            value = env.value
          }
        }

        volume_mounts {
          name       = "bucket"
          mount_path = "/bucket"
        }
      }

      # For the athlete's own figures (FTP, weight), a file that a person uploads; there need not be one.
      volumes {
        name = "bucket"
        gcs {
          bucket    = google_storage_bucket.files.name
          read_only = true
        }
      }
    }
  }

  depends_on = [
    google_project_iam_member.starts_jobs,
    google_bigquery_dataset_iam_member.writes_tables,
    google_secret_manager_secret_iam_member.reads_tokens,
    google_secret_manager_secret_iam_member.replaces_tokens,
    google_storage_bucket_iam_member.uses_objects,
    google_storage_bucket_iam_member.sees_bucket,
  ]
}

# The clock has an account of its own, so that whoever can move the clock gets at no data.
resource "google_service_account" "clock" {
  count = var.image == null ? 0 : 1

  account_id   = "strava-assets-clock"
  display_name = "strava_assets: starts the sync"
}

# Start this one job.
resource "google_cloud_run_v2_job_iam_member" "starts_sync" {
  count = var.image == null ? 0 : 1

  name     = google_cloud_run_v2_job.sync[0].name
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.clock[0].member
}

resource "google_cloud_scheduler_job" "every_six_hours" {
  count = var.image == null ? 0 : 1

  name        = "strava-assets-sync"
  region      = var.region
  description = "Starts a sync; the same times as the schedule of the Dagster UI."
  schedule    = "0 */6 * * *"
  time_zone   = var.timezone

  # A start that fails is tried again within the hour, long before the next one.
  retry_config {
    retry_count          = 3
    min_backoff_duration = "60s"
  }

  http_target {
    http_method = "POST"
    uri         = "https://run.googleapis.com/v2/${google_cloud_run_v2_job.sync[0].id}:run"

    oauth_token {
      service_account_email = google_service_account.clock[0].email
    }
  }

  depends_on = [google_cloud_run_v2_job_iam_member.starts_sync]
}
