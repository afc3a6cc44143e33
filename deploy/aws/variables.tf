# What may be chosen. Only the project must be. deploy/gcp and deploy/azure use the same names.
variable "project" {
  description = "Number of the AWS account."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.project))
    error_message = "An account's number: 12 digits, without hyphens."
  }
}

variable "region" {
  description = "Where the data is kept and the task runs. It can't be changed later."
  type        = string
  default     = "eu-central-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region such as eu-central-1, not an availability zone."
  }
}

variable "dataset" {
  description = "Name of the Glue database of the published tables."
  type        = string
  default     = "strava"

  validation {
    condition     = can(regex("^[a-z0-9_]+$", var.dataset))
    error_message = "Lower-case letters, digits and underscores only, because Athena takes no others."
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
  description = "Name of the bucket, unique in the world; by default strava-assets- with the account's number."
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

variable "timezone" {
  description = "The athlete's time zone: when the schedule ticks and which day is today."
  type        = string
  default     = "UTC"

  validation {
    condition     = can(regex("^[A-Za-z]+(/[A-Za-z0-9_+-]+)*$", var.timezone))
    error_message = "A name of the IANA database, such as Europe/Berlin."
  }
}

variable "alert_email" {
  description = "Who gets a mail when a sync fails, or none has succeeded for 13 hours; null for nobody. Amazon first asks that address for its consent."
  type        = string
  default     = null

  validation {
    condition     = var.alert_email == null || can(regex("^[^@ ]+@[^@ ]+$", var.alert_email))
    error_message = "A mail address."
  }
}

variable "readers" {
  description = "ARNs of who may read the published tables and nothing else, such as a QuickSight group."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for reader in var.readers : can(regex("^arn:aws[a-z-]*:(quicksight:[a-z0-9-]+:[0-9]{12}:(group|user)|iam::[0-9]{12}:(role|user))/\\S+$", reader))])
    error_message = "Each the ARN of a QuickSight group or user, or of an IAM role or user."
  }
}

variable "federation" {
  description = "An OpenID Connect issuer and the one subject of it that acts as our role, for a server or a cluster's service account; null for none."
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
    condition     = var.federation == null || can(regex("^[^'\"\\\\*?]+$", var.federation.subject))
    error_message = "The subject is one exact name, without quotes, backslashes or wildcards."
  }
}
