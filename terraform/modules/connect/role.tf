resource "aws_iam_role" "redeem" {
  name               = "${var.name}-${var.region}-redeem"
  description        = "The Lambda that redeems tokens"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

# Lambda does not say for whose function it assumes a role, so a condition on the account would let nobody in.
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "redeem" {
  name   = "redeem"
  role   = aws_iam_role.redeem.name
  policy = data.aws_iam_policy_document.redeem.json
}

data "aws_iam_policy_document" "redeem" {
  statement {
    sid       = "Redeem"
    actions   = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
    resources = [var.table.arn]
  }

  statement {
    sid       = "ReadPepper"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [var.pepper_secret_arn]
  }

  statement {
    sid       = "Decrypt"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["dynamodb.${var.region}.amazonaws.com", "secretsmanager.${var.region}.amazonaws.com"]
    }
  }

  statement {
    sid       = "WriteLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.redeem.arn}:*"]
  }
}
