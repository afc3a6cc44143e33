# What the next step needs: the image's name to build, the settings for a server or a laptop.
output "image" {
  description = "Build this, then apply again with image set to it and a tag."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}/sync"
}

output "bucket" {
  description = "Landing, streams, report, compute logs and athlete.toml."
  value       = google_storage_bucket.files.name
}

output "service_account" {
  description = "Attach it to the machine that runs the server."
  value       = google_service_account.sync.email
}

output "dotenv" {
  description = "The settings as lines of a .env, for everywhere else than the job."
  value = join("\n", [
    for name, value in local.environment : "${name}=${value}" if name != "STRAVA_ASSETS_ATHLETE_FILE"
  ])
}

output "build_account" {
  description = "Cloud Build builds the image as this account."
  value       = google_service_account.build.id
}
