# Who hears of it when a sync fails, and when none has succeeded for 13 hours (two ticks of the clock and an hour), which
# also says that the clock, the image or the subscription's money has gone. Made where there is an address.
locals {
  watched = var.alert_email != null && var.image != null
}

resource "azurerm_monitor_action_group" "alerts" {
  count = var.alert_email == null ? 0 : 1

  name                = "strava-assets"
  resource_group_name = azurerm_resource_group.strava.name
  short_name          = "strava"

  email_receiver {
    name          = "athlete"
    email_address = var.alert_email
  }
}

# A container that ends with another status than 0, or never started.
resource "azurerm_monitor_scheduled_query_rules_alert_v2" "failed" {
  count = local.watched ? 1 : 0

  name                 = "strava-assets-failed"
  resource_group_name  = azurerm_resource_group.strava.name
  location             = azurerm_resource_group.strava.location
  description          = "A sync of strava-assets failed. What was there before is as it was."
  scopes               = [azurerm_log_analytics_workspace.sync[0].id]
  severity             = 2
  evaluation_frequency = "PT15M"
  window_duration      = "PT30M"
  # The log's tables are made with the first line.
  skip_query_validation = true

  criteria {
    query                   = <<-KQL
      ContainerAppSystemLogs_CL
      | where (Log_s has "exit code" and not(Log_s has "exit code '0'"))
          or Reason_s in ("BackoffLimitExceeded", "DeadlineExceeded", "ImagePullFailure", "ImagePullUnauthorized")
    KQL
    time_aggregation_method = "Count"
    operator                = "GreaterThan"
    threshold               = 0
  }

  action {
    action_groups = [azurerm_monitor_action_group.alerts[0].id]
  }
}

# The last line of a sync says that it succeeded. Azure's windows have no 13 hours, so the query chooses among a day's lines;
# no line at all is a count of 0.
resource "azurerm_monitor_scheduled_query_rules_alert_v2" "none_succeeded" {
  count = local.watched ? 1 : 0

  name                      = "strava-assets-none-succeeded"
  resource_group_name       = azurerm_resource_group.strava.name
  location                  = azurerm_resource_group.strava.location
  description               = "No sync of strava-assets has succeeded for 13 hours."
  scopes                    = [azurerm_log_analytics_workspace.sync[0].id]
  severity                  = 2
  evaluation_frequency      = "PT1H"
  window_duration           = "PT1H"
  query_time_range_override = "P1D"
  auto_mitigation_enabled   = true
  skip_query_validation     = true

  criteria {
    query                   = <<-KQL
      ContainerAppConsoleLogs_CL
      | where TimeGenerated > ago(13h) and Log_s has "sync succeeded:"
      | summarize Succeeded = count()
    KQL
    metric_measure_column   = "Succeeded"
    time_aggregation_method = "Total"
    operator                = "LessThan"
    threshold               = 1
  }

  action {
    action_groups = [azurerm_monitor_action_group.alerts[0].id]
  }
}
