# Who may do what: one account that syncs, with the least rights that work. No key is made for it: Cloud Run attaches the
# account, GKE and servers elsewhere borrow it by workload identity.
resource "google_service_account" "sync" {
  account_id   = "strava-assets"
  display_name = "strava_assets: fetches, loads and computes"

  depends_on = [google_project_service.api]
}

# Start query and load jobs. Jobs belong to the project, so this can be granted nowhere narrower; it reads no table.
resource "google_project_iam_member" "starts_jobs" {
  project = var.project
  role    = "roles/bigquery.jobUser"
  member  = google_service_account.sync.member
}

# Make tables and views, read and write them, in this dataset alone.
resource "google_bigquery_dataset_iam_member" "writes_tables" {
  dataset_id = google_bigquery_dataset.strava.dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.sync.member
}

# Read the token document, before every refresh.
resource "google_secret_manager_secret_iam_member" "reads_tokens" {
  secret_id = google_secret_manager_secret.tokens.id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.sync.member
}

# Add a version when Strava replaces the tokens, disable the version before it and destroy the one before that: a version
# costs money until it is destroyed, and tokens change with every sync. secretVersionAdder could only add; this role can
# add too, so it stands in its place. It neither reads a value nor touches the secret itself.
resource "google_secret_manager_secret_iam_member" "replaces_tokens" {
  secret_id = google_secret_manager_secret.tokens.id
  role      = "roles/secretmanager.secretVersionManager"
  member    = google_service_account.sync.member
}

# Write, list, read and delete objects: landed batches and streams, their compaction, the page, compute logs. It can't
# change the bucket or who may open it.
resource "google_storage_bucket_iam_member" "uses_objects" {
  bucket = google_storage_bucket.files.name
  role   = "roles/storage.objectUser"
  member = google_service_account.sync.member
}

# Look at the bucket itself (storage.buckets.get), which Dagster's compute logs do on start and objectUser does not allow.
# Listing, the one other right of this role, is among those above.
resource "google_storage_bucket_iam_member" "sees_bucket" {
  bucket = google_storage_bucket.files.name
  role   = "roles/storage.legacyBucketReader"
  member = google_service_account.sync.member
}

# Pull the image, on the machine of a server; Cloud Run pulls it by an account of its own.
resource "google_artifact_registry_repository_iam_member" "pulls_image" {
  repository = google_artifact_registry_repository.images.name
  location   = var.region
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.sync.member
}

# Builds have an account of their own: without one Cloud Build takes the default account of Compute Engine, which a new
# project may lack, or which may do nearly everything.
resource "google_service_account" "build" {
  account_id   = "strava-assets-build"
  display_name = "strava_assets: builds the image"

  depends_on = [google_project_service.api]
}

# Read the source, write the log, push the image.
resource "google_project_iam_member" "builds" {
  #checkov:skip=CKV_GCP_49: the role that Google documents for a build's account; on the bucket of sources, which gcloud makes, nothing narrower can be granted beforehand
  project = var.project
  role    = "roles/cloudbuild.builds.builder"
  member  = google_service_account.build.member
}

# A pod of this project's GKE acts as the account.
resource "google_service_account_iam_member" "kubernetes" {
  count = var.kubernetes_service_account == null ? 0 : 1

  service_account_id = google_service_account.sync.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.project}.svc.id.goog[${var.kubernetes_service_account}]"
}

# A server elsewhere shows a token of its own issuer.
resource "google_iam_workload_identity_pool" "elsewhere" {
  count = var.federation == null ? 0 : 1

  workload_identity_pool_id = "strava-assets"
  display_name              = "strava_assets elsewhere"

  depends_on = [google_project_service.api]
}

resource "google_iam_workload_identity_pool_provider" "elsewhere" {
  count = var.federation == null ? 0 : 1

  workload_identity_pool_id          = google_iam_workload_identity_pool.elsewhere[0].workload_identity_pool_id
  workload_identity_pool_provider_id = "oidc"
  attribute_mapping                  = { "google.subject" = "assertion.sub" }
  attribute_condition                = "assertion.sub == '${var.federation.subject}'"

  oidc {
    issuer_uri = var.federation.issuer
  }
}

# Whoever shows that token acts as the account: one exact subject, nobody else.
resource "google_service_account_iam_member" "elsewhere" {
  count = var.federation == null ? 0 : 1

  service_account_id = google_service_account.sync.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principal://iam.googleapis.com/${google_iam_workload_identity_pool.elsewhere[0].name}/subject/${var.federation.subject}"
}
