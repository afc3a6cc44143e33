# Which tools this needs. It keeps to what Terraform and OpenTofu have in common.
terraform {
  required_version = ">= 1.7"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.80, < 7"
    }
  }
}

provider "aws" {
  region = var.region
  # Credentials of another account are refused before anything is made.
  allowed_account_ids = [var.project]

  default_tags {
    tags = {
      app = "strava-assets"
    }
  }
}
