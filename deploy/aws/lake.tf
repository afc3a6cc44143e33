# The published tables: a Glue database whose tables only Lake Formation's grants open, and a workgroup that asks them.
# Whoever applies this must be an administrator of Lake Formation in the account.
resource "aws_glue_catalog_database" "marts" {
  name         = var.dataset
  description  = "Marts of a Strava history, published by strava_assets as Iceberg tables."
  location_uri = "s3://${aws_s3_bucket.files.id}/published"

  # Without a default of its own, Amazon gives new tables to every identity with permissions on Glue, whatever Lake
  # Formation says. The provider cannot write an empty default (hashicorp/terraform-provider-aws#27295).
  create_table_default_permission {
    permissions = ["ALL"]

    principal {
      data_lake_principal_identifier = aws_iam_role.sync.arn
    }
  }
}

# With this role Lake Formation reads the tables for whoever it has granted them to.
resource "aws_iam_role" "lake" {
  name        = "strava-assets-lake"
  description = "Lake Formation reads the published tables for those who were granted them."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lakeformation.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.project } }
    }]
  })
}

resource "aws_iam_role_policy" "lake" {
  name = "reads-published-tables"
  role = aws_iam_role.lake.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "s3:GetObject", Resource = "${local.published_arn}/*" },
      {
        Effect    = "Allow"
        Action    = "s3:ListBucket"
        Resource  = local.bucket_arn
        Condition = { StringLike = { "s3:prefix" = ["published/*"] } }
      },
    ]
  })
}

resource "aws_lakeformation_resource" "published" {
  arn      = local.published_arn
  role_arn = aws_iam_role.lake.arn

  depends_on = [aws_s3_bucket.files, aws_iam_role_policy.lake]
}

# Make tables that lie in the registered folder.
resource "aws_lakeformation_permissions" "sync_uses_location" {
  principal   = aws_iam_role.sync.arn
  permissions = ["DATA_LOCATION_ACCESS"]

  data_location {
    arn = aws_lakeformation_resource.published.arn
  }
}

# Make tables in the database.
resource "aws_lakeformation_permissions" "sync_makes_tables" {
  principal   = aws_iam_role.sync.arn
  permissions = ["CREATE_TABLE", "DESCRIBE"]

  database {
    name = aws_glue_catalog_database.marts.name
  }
}

# Write, replace, read back and drop every table of it. Nobody else may write.
resource "aws_lakeformation_permissions" "sync_writes_tables" {
  principal   = aws_iam_role.sync.arn
  permissions = ["ALTER", "DELETE", "DESCRIBE", "DROP", "INSERT", "SELECT"]

  table {
    database_name = aws_glue_catalog_database.marts.name
    wildcard      = true
  }
}

# See that the database is there.
resource "aws_lakeformation_permissions" "readers_see_database" {
  for_each = toset(var.readers)

  principal   = each.value
  permissions = ["DESCRIBE"]

  database {
    name = aws_glue_catalog_database.marts.name
  }
}

# Read the marts: only marts are published, never the athlete's rows with places.
resource "aws_lakeformation_permissions" "readers_read_tables" {
  for_each = toset(var.readers)

  principal   = each.value
  permissions = ["DESCRIBE", "SELECT"]

  table {
    database_name = aws_glue_catalog_database.marts.name
    wildcard      = true
  }
}

resource "aws_athena_workgroup" "marts" {
  name        = "strava-assets"
  description = "Asks the published tables; one query reads at most 1 GiB."

  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true
    bytes_scanned_cutoff_per_query     = 1073741824

    result_configuration {
      output_location = "s3://${aws_s3_bucket.files.id}/athena/"

      encryption_configuration {
        encryption_option = "SSE_S3"
      }
    }
  }
}
