# Which tools this needs. It keeps to what Terraform and OpenTofu have in common.
terraform {
  required_version = ">= 1.7"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.50, < 8"
    }
  }
}

provider "google" {
  project = var.project
  region  = var.region

  default_labels = {
    app = "strava-assets"
  }
}
