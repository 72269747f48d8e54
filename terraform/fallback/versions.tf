terraform {
  required_version = ">= 1.7"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

# CloudFront belongs to no region. Its metrics are in us-east-1 (CloudFront: monitoring).
provider "aws" {
  region = "us-east-1"

  default_tags {
    tags = { application = "tandem" }
  }
}
