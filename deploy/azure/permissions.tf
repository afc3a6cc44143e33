# Which permissions the sync has on secrets. `strava-assets doctor` tries each of them and names the missing one. The
# built-in role that may write secrets may also delete and purge them, so the sync gets a role of its own.
locals {
  secrets = "Microsoft.KeyVault/vaults/secrets"

  permissions = {
    # Read the token document before every refresh, store the new one when Strava replaces it, and disable the version
    # before it.
    data_actions = [
      "${local.secrets}/getSecret/action",
      "${local.secrets}/setSecret/action",
      "${local.secrets}/update/action",
    ]
  }
}
