# One container that runs `strava-assets sync` and ends, and the clock that starts it. Made once there is an image.
locals {
  # Of the environment this is everything: the rest has defaults, and the tokens are read from the vault.
  environment = {
    STRAVA_ASSETS_ENV             = "azure"
    STRAVA_ASSETS_AZURE_VAULT_URL = trimsuffix(azurerm_key_vault.tokens.vault_uri, "/")
    STRAVA_ASSETS_AZURE_SECRET    = var.secret
    STRAVA_ASSETS_LANDING_URL     = "abfs://${azurerm_storage_container.files.name}@${local.host}/landing"
    STRAVA_ASSETS_STREAMS_URL     = "abfs://${azurerm_storage_container.files.name}@${local.host}/streams"
    STRAVA_ASSETS_REPORT_URL      = "abfs://${azurerm_storage_container.files.name}@${local.host}/report"
    STRAVA_ASSETS_DUCKDB_URL      = "abfs://${azurerm_storage_container.files.name}@${local.host}/warehouse/warehouse.duckdb"
    STRAVA_ASSETS_PUBLISH         = "delta"
    STRAVA_ASSETS_EVENTS_URL      = "abfs://${azurerm_storage_container.files.name}@${local.host}/events"
    STRAVA_ASSETS_PUBLISH_URL     = "abfs://${azurerm_storage_container.published.name}@${local.host}"
    STRAVA_ASSETS_TIMEZONE        = var.timezone
  }
}

resource "azurerm_log_analytics_workspace" "sync" {
  count = var.image == null ? 0 : 1

  name                = "strava-assets"
  resource_group_name = azurerm_resource_group.strava.name
  location            = azurerm_resource_group.strava.location
  sku                 = "PerGB2018"
  # The log names activities, and what forget removes is to be gone soon; this is the shortest time there is.
  retention_in_days = 30
}

resource "azurerm_container_app_environment" "sync" {
  count = var.image == null ? 0 : 1

  name                       = "strava-assets"
  resource_group_name        = azurerm_resource_group.strava.name
  location                   = azurerm_resource_group.strava.location
  logs_destination           = "log-analytics"
  log_analytics_workspace_id = azurerm_log_analytics_workspace.sync[0].id
}

resource "azurerm_container_app_job" "sync" {
  count = var.image == null ? 0 : 1

  name                         = "strava-assets-sync"
  resource_group_name          = azurerm_resource_group.strava.name
  location                     = azurerm_resource_group.strava.location
  container_app_environment_id = azurerm_container_app_environment.sync[0].id
  # The first sync of a long history waits for Strava's limit now and then; still it ends before the next begins.
  replica_timeout_in_seconds = 14400
  # A sync retries what is worth retrying by itself; the next one begins where this one ended.
  replica_retry_limit = 0

  # One sync at a time: Strava counts calls per application, and a token is refreshed by one.
  schedule_trigger_config {
    cron_expression          = "0 */6 * * *"
    parallelism              = 1
    replica_completion_count = 1
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.sync.id]
  }

  registry {
    server   = azurerm_container_registry.images.login_server
    identity = azurerm_user_assigned_identity.sync.id
  }

  template {
    container {
      name   = "sync"
      image  = var.image
      args   = ["sync"]
      cpu    = 1
      memory = "2Gi"

      dynamic "env" {
        # Which of the job's identities Azure's clients use.
        for_each = merge(local.environment, { AZURE_CLIENT_ID = azurerm_user_assigned_identity.sync.client_id })
        content {
          name  = env.key
          value = env.value
        }
      }
    }
  }

  depends_on = [
    azurerm_role_assignment.sync_replaces_tokens,
    azurerm_role_assignment.sync_uses_files,
    azurerm_role_assignment.sync_publishes,
    azurerm_role_assignment.sync_pulls_image,
  ]
}
