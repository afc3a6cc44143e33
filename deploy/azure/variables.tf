# What may be chosen. Only the project must be. deploy/gcp and deploy/aws use the same names.
variable "project" {
  description = "Id of the Azure subscription."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.project))
    error_message = "A subscription's id, not its name: 32 hexadecimal digits in five groups, in lower case."
  }
}

variable "region" {
  description = "Where the data is kept and the job runs. It can't be changed later."
  type        = string
  default     = "westeurope"

  validation {
    condition     = can(regex("^[a-z]+[0-9]?$", var.region))
    error_message = "A region's short name, such as westeurope."
  }
}

variable "dataset" {
  description = "Name of the container of the published tables."
  type        = string
  default     = "marts"

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{1,61}[a-z0-9])$", var.dataset)) && var.dataset != "strava"
    error_message = "3 to 63 lower-case letters, digits and hyphens, and not strava, where the files are."
  }
}

variable "secret" {
  description = "Name of the secret that holds the tokens."
  type        = string
  default     = "strava-assets"

  validation {
    condition     = can(regex("^[A-Za-z0-9-]{1,127}$", var.secret))
    error_message = "Letters, digits and hyphens only."
  }
}

variable "bucket" {
  description = "Name of the storage account, unique in the world; by default strava with twelve digits of the subscription's id."
  type        = string
  default     = null

  validation {
    condition     = var.bucket == null || can(regex("^[a-z][a-z0-9]{4,23}$", var.bucket))
    error_message = "5 to 24 lower-case letters and digits, a letter first; the vault and the registry get the same name."
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
  description = "The athlete's time zone: which day is today. The job's clock ticks in UTC."
  type        = string
  default     = "UTC"

  validation {
    condition     = can(regex("^[A-Za-z]+(/[A-Za-z0-9_+-]+)*$", var.timezone))
    error_message = "A name of the IANA database, such as Europe/Berlin."
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

variable "readers" {
  description = "Object ids of Entra groups that may read the published tables and nothing else, such as Power BI's authors."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for reader in var.readers : can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", reader))])
    error_message = "Each a group's object id: 32 hexadecimal digits in five groups, in lower case."
  }
}

variable "federation" {
  description = "An OpenID Connect issuer and the one subject of it that acts as our identity, for a server or a cluster's service account; null for none."
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
