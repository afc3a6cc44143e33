# What the next step needs: the image's name to build, the settings for a server or a laptop.
output "image" {
  description = "Build this, then apply again with image set to it and a tag."
  value       = aws_ecr_repository.images.repository_url
}

output "bucket" {
  description = "Landing, streams, report, DuckDB's file, published tables and Athena's results."
  value       = aws_s3_bucket.files.id
}

output "service_account" {
  description = "The role that syncs; attach it to the machine that runs a server."
  value       = aws_iam_role.sync.arn
}

output "dotenv" {
  description = "The settings as lines of a .env, for everywhere else than the task."
  value       = join("\n", [for name, value in local.environment : "${name}=${value}"])
}
