# Who may do what: one identity that syncs, with the least roles that work. It has no password and no key: the job is
# given the identity, servers and clusters elsewhere borrow it with a token of their own issuer.
data "azurerm_client_config" "me" {}

resource "azurerm_user_assigned_identity" "sync" {
  name                = "strava-assets"
  resource_group_name = azurerm_resource_group.strava.name
  location            = azurerm_resource_group.strava.location
}

resource "azurerm_role_definition" "tokens" {
  # Names of roles are unique in a tenant, which may have several subscriptions with a history each.
  name        = "strava-assets tokens ${local.bucket}"
  description = "Reads and replaces the tokens of strava-assets."
  scope       = azurerm_resource_group.strava.id

  permissions {
    data_actions = local.permissions.data_actions
  }
}

# Read and replace the tokens. The vault holds nothing else.
resource "azurerm_role_assignment" "sync_replaces_tokens" {
  scope              = azurerm_key_vault.tokens.id
  role_definition_id = azurerm_role_definition.tokens.role_definition_resource_id
  principal_id       = azurerm_user_assigned_identity.sync.principal_id
  principal_type     = "ServicePrincipal"
}

# Write, list, read and delete files: landed batches and streams, their compaction, the page, DuckDB's file. It can't
# change the container or who may open it.
resource "azurerm_role_assignment" "sync_uses_files" {
  scope                = "${azurerm_storage_account.files.id}/blobServices/default/containers/${azurerm_storage_container.files.name}"
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = azurerm_user_assigned_identity.sync.principal_id
  principal_type       = "ServicePrincipal"
}

# Write, replace and drop published tables. Nobody else but whoever applied this may write there.
resource "azurerm_role_assignment" "sync_publishes" {
  scope                = "${azurerm_storage_account.files.id}/blobServices/default/containers/${azurerm_storage_container.published.name}"
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = azurerm_user_assigned_identity.sync.principal_id
  principal_type       = "ServicePrincipal"
}

# Pull the image.
resource "azurerm_role_assignment" "sync_pulls_image" {
  scope                = azurerm_container_registry.images.id
  role_definition_name = "AcrPull"
  principal_id         = azurerm_user_assigned_identity.sync.principal_id
  principal_type       = "ServicePrincipal"
}

# Whoever applies this logs in to Strava from their own machine, and may forget: an owner of the subscription has no
# access to data by that alone.
resource "azurerm_role_assignment" "owner_keeps_tokens" {
  scope                = azurerm_key_vault.tokens.id
  role_definition_name = "Key Vault Secrets Officer"
  principal_id         = data.azurerm_client_config.me.object_id
}

# Whoever applies this syncs, imports and forgets from their own machine, too.
resource "azurerm_role_assignment" "owner_uses_files" {
  scope                = azurerm_storage_account.files.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = data.azurerm_client_config.me.object_id
}

# Read the marts: only marts are published, never the athlete's rows with places.
resource "azurerm_role_assignment" "readers_read_tables" {
  for_each = toset(var.readers)

  scope                = "${azurerm_storage_account.files.id}/blobServices/default/containers/${azurerm_storage_container.published.name}"
  role_definition_name = "Storage Blob Data Reader"
  principal_id         = each.value
}

# A server elsewhere shows a token of its own issuer: one exact subject, nobody else.
resource "azurerm_federated_identity_credential" "elsewhere" {
  count = var.federation == null ? 0 : 1

  name                = "elsewhere"
  resource_group_name = azurerm_resource_group.strava.name
  parent_id           = azurerm_user_assigned_identity.sync.id
  audience            = ["api://AzureADTokenExchange"]
  issuer              = var.federation.issuer
  subject             = var.federation.subject
}
