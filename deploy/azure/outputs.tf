# What the next step needs: the image's name to build, the settings for a server or a laptop.
output "image" {
  description = "Build this, then apply again with image set to it and a tag."
  value       = "${azurerm_container_registry.images.login_server}/strava-assets"
}

output "bucket" {
  description = "The storage account of landing, streams, report, DuckDB's file and published tables."
  value       = azurerm_storage_account.files.name
}

output "service_account" {
  description = "Client id of the identity that syncs; attach it to the machine that runs a server."
  value       = azurerm_user_assigned_identity.sync.client_id
}

output "dotenv" {
  description = "The settings as lines of a .env, for everywhere else than the job."
  value       = join("\n", [for name, value in local.environment : "${name}=${value}"])
}
