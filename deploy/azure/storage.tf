# Where everything is kept: files, published tables, tokens, images. A change that would destroy one is refused.
locals {
  bucket = coalesce(var.bucket, "strava${substr(replace(var.project, "-", ""), 20, 12)}")
  host   = "${azurerm_storage_account.files.name}.dfs.core.windows.net"
}

resource "azurerm_resource_group" "strava" {
  name     = "strava-assets"
  location = var.region

  tags = {
    app = "strava-assets"
  }
}

resource "azurerm_storage_account" "files" {
  #checkov:skip=CKV_AZURE_59: Container Apps without a network of one's own come from Azure's addresses; every request needs an identity
  #checkov:skip=CKV_AZURE_35: as above
  #checkov:skip=CKV_AZURE_33: there are no queues
  #checkov:skip=CKV_AZURE_206: one region is enough: the history can be fetched from Strava again
  #checkov:skip=CKV2_AZURE_1: Microsoft's own keys encrypt it; a key of one's own costs more per month than everything else here
  #checkov:skip=CKV2_AZURE_33: a private endpoint costs more per month than everything else here
  #checkov:skip=CKV2_AZURE_38: what is deleted stays for a week and no longer, because forget must end
  #checkov:skip=CKV2_AZURE_21: a log of reads would hold addresses, and say nothing of two identities
  name                            = local.bucket
  resource_group_name             = azurerm_resource_group.strava.name
  location                        = azurerm_resource_group.strava.location
  account_kind                    = "StorageV2"
  account_tier                    = "Standard"
  account_replication_type        = "LRS"
  is_hns_enabled                  = true
  min_tls_version                 = "TLS1_2"
  https_traffic_only_enabled      = true
  shared_access_key_enabled       = false
  default_to_oauth_authentication = true
  allow_nested_items_to_be_public = false
  local_user_enabled              = false

  # What is deleted by mistake can be had back for a week. No longer: what `strava-assets forget` removes is to be gone
  # for good soon.
  blob_properties {
    delete_retention_policy {
      days = 7
    }

    container_delete_retention_policy {
      days = 7
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

# Landing, streams, report and DuckDB's file.
resource "azurerm_storage_container" "files" {
  #checkov:skip=CKV2_AZURE_21: as the account
  name                  = "strava"
  storage_account_id    = azurerm_storage_account.files.id
  container_access_type = "private"

  lifecycle {
    prevent_destroy = true
  }
}

# Published tables, in a container of their own, so that their readers see nothing else.
resource "azurerm_storage_container" "published" {
  #checkov:skip=CKV2_AZURE_21: as the account
  name                  = var.dataset
  storage_account_id    = azurerm_storage_account.files.id
  container_access_type = "private"
}

# One secret with one document, not one secret each for client id, client secret and refresh token: Strava replaces the
# refresh token together with the access token and its expiry, and one version holds all of them or none. The login makes
# the secret; Terraform never sees a value, so none is in its state.
resource "azurerm_key_vault" "tokens" {
  #checkov:skip=CKV_AZURE_42: a vault under protection could not be purged, and forget must end
  #checkov:skip=CKV_AZURE_110: as above
  #checkov:skip=CKV_AZURE_189: Container Apps without a network of one's own come from Azure's addresses; every request needs an identity
  #checkov:skip=CKV_AZURE_109: as above
  #checkov:skip=CKV2_AZURE_32: a private endpoint costs more per month than everything else here
  name                       = local.bucket
  resource_group_name        = azurerm_resource_group.strava.name
  location                   = azurerm_resource_group.strava.location
  tenant_id                  = data.azurerm_client_config.me.tenant_id
  sku_name                   = "standard"
  rbac_authorization_enabled = true
  purge_protection_enabled   = false
  # The shortest time that Azure allows.
  soft_delete_retention_days = 7

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_container_registry" "images" {
  #checkov:skip=CKV_AZURE_163: scanning is a service of its own (Defender), at a price per image
  #checkov:skip=CKV_AZURE_164: only the premium registry can demand signed images
  #checkov:skip=CKV_AZURE_165: only the premium registry can be in several regions
  #checkov:skip=CKV_AZURE_166: only the premium registry can hold back images that were not scanned
  #checkov:skip=CKV_AZURE_167: only the premium registry can remove what has no tag
  #checkov:skip=CKV_AZURE_233: only the premium registry can be in several zones
  #checkov:skip=CKV_AZURE_237: only the premium registry has an endpoint of its own for data
  #checkov:skip=CKV_AZURE_139: Container Apps without a network of one's own come from Azure's addresses; an image holds no secret
  name                   = local.bucket
  resource_group_name    = azurerm_resource_group.strava.name
  location               = azurerm_resource_group.strava.location
  sku                    = "Basic"
  admin_enabled          = false
  anonymous_pull_enabled = false
}
