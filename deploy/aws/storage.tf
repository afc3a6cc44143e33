# Where everything is kept: files, published tables, tokens, images. A change that would destroy one is refused.
resource "aws_s3_bucket" "files" {
  #checkov:skip=CKV_AWS_18: access logs of a bucket that two roles may open would say nothing, and would hold addresses
  #checkov:skip=CKV_AWS_144: one region is enough: the history can be fetched from Strava again
  #checkov:skip=CKV_AWS_145: Amazon's own keys encrypt it; a key of one's own costs more per month than everything else here
  #checkov:skip=CKV2_AWS_62: nothing waits for new objects
  bucket = local.bucket

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_public_access_block" "files" {
  bucket                  = aws_s3_bucket.files.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "files" {
  bucket = aws_s3_bucket.files.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "files" {
  bucket = aws_s3_bucket.files.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

# What is deleted by mistake, or replaced, can be had back for a week. No longer: what `strava-assets forget` removes is to
# be gone for good soon.
resource "aws_s3_bucket_versioning" "files" {
  bucket = aws_s3_bucket.files.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "files" {
  bucket = aws_s3_bucket.files.id

  rule {
    id     = "versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 7
    }

    expiration {
      expired_object_delete_marker = true
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  rule {
    id     = "athena"
    status = "Enabled"

    filter {
      prefix = "athena/"
    }

    expiration {
      days = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.files]
}

# Nobody sends or reads anything unencrypted, whatever else they may do.
resource "aws_s3_bucket_policy" "files" {
  bucket = aws_s3_bucket.files.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyEncryptedConnections"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  depends_on = [aws_s3_bucket_public_access_block.files]
}

# One secret with one document, not one secret each for client id, client secret and refresh token: Strava replaces the
# refresh token together with the access token and its expiry, and one version holds all of them or none. Its versions are
# the login's and the sync's to write; Terraform never sees a value, so none is in its state.
resource "aws_secretsmanager_secret" "tokens" {
  #checkov:skip=CKV_AWS_149: Amazon's own keys encrypt it; a key of one's own costs more per month than everything else here
  #checkov:skip=CKV2_AWS_57: Strava rotates the tokens with every refresh, and the sync stores them
  name        = var.secret
  description = "Strava's tokens, written by strava-assets."
  # The shortest time that Amazon allows where a deletion can be taken back; forget deletes without it.
  recovery_window_in_days = 7

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_ecr_repository" "images" {
  #checkov:skip=CKV_AWS_136: Amazon's own keys encrypt it; an image holds no secret
  name                 = "strava-assets"
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }
}

# Storage is billed: the last three images are enough to go back to.
resource "aws_ecr_lifecycle_policy" "images" {
  repository = aws_ecr_repository.images.name

  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "Keep the last three."
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 3 }
      action       = { type = "expire" }
    }]
  })
}
