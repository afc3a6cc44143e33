# Who may look at the tables, for example in Data Studio. A report can be shared more narrowly, with its owner's rights.

# Read the tables, all of them: activities with their places too.
resource "google_bigquery_dataset_iam_member" "reads_tables" {
  for_each = toset(var.readers)

  dataset_id = google_bigquery_dataset.strava.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = each.value
}

# Start the queries that a chart is made of, billed to this project; it can be granted nowhere narrower.
resource "google_project_iam_member" "reader_starts_queries" {
  for_each = toset(var.readers)

  project = var.project
  role    = "roles/bigquery.jobUser"
  member  = each.value
}
