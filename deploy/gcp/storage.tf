# Where everything is kept: tables, landed answers and pages, tokens. A change that would destroy one is refused.
locals {
  apis = toset(concat(
    [
      "bigquery.googleapis.com",
      "iam.googleapis.com",
      "iamcredentials.googleapis.com",
      "secretmanager.googleapis.com",
      "storage.googleapis.com",
      "sts.googleapis.com",
      "artifactregistry.googleapis.com",
      "cloudbuild.googleapis.com",
    ],
    var.image == null ? [] : ["run.googleapis.com", "cloudscheduler.googleapis.com"],
    var.alert_email == null ? [] : ["monitoring.googleapis.com"],
    var.billing_account == null ? [] : ["billingbudgets.googleapis.com"],
  ))
}

resource "google_project_service" "api" {
  for_each = local.apis

  service = each.value
  # Others may use it too.
  disable_on_destroy = false
}

resource "google_bigquery_dataset" "strava" {
  #checkov:skip=CKV_GCP_81: Google's own keys encrypt it; a key of one's own costs more per month than everything else here
  dataset_id  = var.dataset
  location    = var.location
  description = "A Strava history and what is computed from it, written by strava_assets."
  # Two days instead of a week: what is forgotten is gone that much earlier, and every table can be rebuilt.
  max_time_travel_hours = 48

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.api]
}

resource "google_storage_bucket" "files" {
  #checkov:skip=CKV_GCP_62: access logs of a bucket that two accounts may open would say nothing, and would hold addresses
  name                        = coalesce(var.bucket, "${var.project}-strava-assets")
  location                    = upper(var.location)
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  # Landed answers and the rides' seconds are the only copy of what Strava sent: what is deleted by mistake, or replaced,
  # can be had back for a week.
  versioning {
    enabled = true
  }

  # The versions are enough; a second safety net would keep what was forgotten on purpose.
  soft_delete_policy {
    retention_duration_seconds = 0
  }

  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 7
    }
    action {
      type = "Delete"
    }
  }

  lifecycle_rule {
    condition {
      age            = 90
      matches_prefix = ["compute-logs/"]
    }
    action {
      type = "Delete"
    }
  }

  lifecycle_rule {
    condition {
      age = 7
    }
    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.api]
}

# One secret with one document, not one secret each for client id, client secret and refresh token: Strava replaces the
# refresh token together with the access token and its expiry, and one version holds all of them or none, so a crash
# never leaves halves of two logins. It also is one secret's cost and one place for the rights below. Its versions are
# the login's and the sync's to write; Terraform never sees a value, so none is in its state.
resource "google_secret_manager_secret" "tokens" {
  secret_id = var.secret

  replication {
    auto {}
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.api]
}

resource "google_artifact_registry_repository" "images" {
  #checkov:skip=CKV_GCP_84: Google's own keys encrypt it; an image holds no secret
  repository_id          = "strava-assets"
  location               = var.region
  format                 = "DOCKER"
  description            = "Images of strava_assets."
  cleanup_policy_dry_run = false

  # Storage is billed: the images of the last three releases are enough to go back to.
  cleanup_policies {
    id     = "keep-the-last"
    action = "KEEP"
    most_recent_versions {
      keep_count = 3
    }
  }

  cleanup_policies {
    id     = "delete-older"
    action = "DELETE"
    condition {
      older_than = "30d"
    }
  }

  depends_on = [google_project_service.api]
}
