# Which tools this needs. It keeps to what Terraform and OpenTofu have in common.
terraform {
  required_version = ">= 1.7"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.42, < 5"
    }
  }
}

provider "azurerm" {
  subscription_id = var.project
  # No account key is used, not even by Terraform.
  storage_use_azuread = true

  features {}
}
