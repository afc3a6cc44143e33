# Which permissions the sync has, and on what: nothing on the whole account but the image's registry login. The names of
# resources follow from the variables alone, so that a test can read these without Amazon's provider. `strava-assets
# doctor` tries each of them and names the missing one.
locals {
  bucket        = coalesce(var.bucket, "strava-assets-${var.project}")
  bucket_arn    = "arn:aws:s3:::${local.bucket}"
  published_arn = "${local.bucket_arn}/published"
  glue_arn      = "arn:aws:glue:${var.region}:${var.project}"

  permissions = {
    Version = "2012-10-17"
    Statement = [
      {
        # Read the token document before every refresh; store the new one when Strava replaces it, and take the label off
        # the version before it. A secret's ARN ends with six characters that Amazon chooses anew for each that is made.
        Sid    = "Tokens"
        Effect = "Allow"
        Action = [
          "secretsmanager:GetSecretValue",
          "secretsmanager:PutSecretValue",
          "secretsmanager:UpdateSecretVersionStage",
        ]
        Resource = "arn:aws:secretsmanager:${var.region}:${var.project}:secret:${var.secret}-??????"
      },
      {
        # List the bucket, and see that it is in the region that the settings name.
        Sid      = "Bucket"
        Effect   = "Allow"
        Action   = ["s3:ListBucket", "s3:GetBucketLocation"]
        Resource = local.bucket_arn
      },
      {
        # Write, read and delete objects: landed batches and streams, their compaction, the page, DuckDB's file, published
        # tables. It can't change the bucket, who may open it, or versions that were replaced.
        Sid    = "Objects"
        Effect = "Allow"
        Action = [
          "s3:PutObject",
          "s3:GetObject",
          "s3:DeleteObject",
          "s3:AbortMultipartUpload",
        ]
        Resource = "${local.bucket_arn}/*"
      },
      {
        # Make, replace and drop the published tables in this one database. Lake Formation's grants in lake.tf allow the
        # same; both are asked.
        Sid    = "Catalog"
        Effect = "Allow"
        Action = [
          "glue:GetDatabase",
          "glue:GetTables",
          "glue:GetTable",
          "glue:CreateTable",
          "glue:UpdateTable",
          "glue:DeleteTable",
        ]
        Resource = [
          "${local.glue_arn}:catalog",
          "${local.glue_arn}:database/${var.dataset}",
          "${local.glue_arn}:table/${var.dataset}/*",
        ]
      },
    ]
  }
}
