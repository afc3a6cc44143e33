# What may be chosen. Only the project must be.
variable "project" {
  description = "Id of the Google Cloud project, with billing enabled."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project's id, not its name or number: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "Where the job runs and its image is kept."
  type        = string
  default     = "europe-west1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region such as europe-west1, not a zone and not a multi-region."
  }
}

variable "location" {
  description = "Where the data is kept, in BigQuery and in the bucket: EU, US or a region. It can't be changed later."
  type        = string
  default     = "EU"

  validation {
    condition     = can(regex("^(EU|US|[a-z]+-[a-z]+[0-9]+)$", var.location))
    error_message = "EU, US, or a region such as europe-west3."
  }
}

variable "dataset" {
  description = "Name of the BigQuery dataset."
  type        = string
  default     = "strava"

  validation {
    condition     = can(regex("^[A-Za-z0-9_]+$", var.dataset))
    error_message = "Letters, digits and underscores only."
  }
}

variable "secret" {
  description = "Name of the secret that holds the tokens."
  type        = string
  default     = "strava-assets"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,255}$", var.secret))
    error_message = "Letters, digits, underscores and hyphens only."
  }
}

variable "bucket" {
  description = "Name of the bucket, unique in the world; by default the project's id with -strava-assets."
  type        = string
  default     = null

  validation {
    condition     = var.bucket == null || can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "image" {
  description = "The container image to run every six hours; null for storage and identity alone."
  type        = string
  default     = null

  validation {
    condition     = var.image == null || can(regex("[:@]", var.image))
    error_message = "Name a tag or a digest, so that what runs is known."
  }
}

variable "alert_email" {
  description = "Who gets a mail when a sync fails, or none has succeeded for 13 hours; null for nobody."
  type        = string
  default     = null

  validation {
    condition     = var.alert_email == null || can(regex("^[^@ ]+@[^@ ]+$", var.alert_email))
    error_message = "A mail address."
  }
}

variable "billing_account" {
  description = "Id of the billing account, for a mail when half and all of the monthly budget is spent; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.billing_account == null || can(regex("^[0-9A-F]{6}(-[0-9A-F]{6}){2}$", var.billing_account))
    error_message = "In the form 012345-6789AB-CDEF01."
  }
}

variable "monthly_budget" {
  description = "What a month may cost, in whole units of the billing account's currency. It warns; it stops nothing."
  type        = number
  default     = 5

  validation {
    condition     = var.monthly_budget >= 1 && var.monthly_budget == floor(var.monthly_budget)
    error_message = "A whole number from 1 on."
  }
}

variable "readers" {
  description = "Who may read the tables, for example in Data Studio: user:NAME@example.com, group:NAME@example.com."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for reader in var.readers : can(regex("^(user|group|domain|serviceAccount):[^ *]+$", reader))])
    error_message = "Each in the form user:NAME@example.com or group:NAME@example.com; nobody's data is for allUsers."
  }
}

variable "timezone" {
  description = "The athlete's time zone: when the schedule ticks and which day is today."
  type        = string
  default     = "UTC"

  validation {
    condition     = can(regex("^[A-Za-z]+(/[A-Za-z0-9_+-]+)*$", var.timezone))
    error_message = "A name of the IANA database, such as Europe/Berlin."
  }
}

variable "kubernetes_service_account" {
  description = "NAMESPACE/NAME of a Kubernetes service account of this project's GKE that acts as ours; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.kubernetes_service_account == null || can(regex("^[a-z0-9-]+/[a-z0-9-]+$", var.kubernetes_service_account))
    error_message = "In the form namespace/name."
  }
}

variable "federation" {
  description = "An OpenID Connect issuer and the one subject of it that acts as our service account, for a server outside Google Cloud; null for none."
  type = object({
    issuer  = string
    subject = string
  })
  default = null

  validation {
    condition     = var.federation == null || can(regex("^https://", var.federation.issuer))
    error_message = "The issuer is an https:// address."
  }

  validation {
    condition     = var.federation == null || can(regex("^[^'\"\\\\*]+$", var.federation.subject))
    error_message = "The subject is one exact name, without quotes, backslashes or wildcards."
  }
}
