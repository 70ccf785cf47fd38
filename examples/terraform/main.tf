# An AWS account as a resource of Terraform: a CloudFormation stack with the custom resource
# (docs/cloudformation.md), as Terraform has no resource for a function that answers for an hour.
#
#   module "sandbox" {
#     source        = "./terraform"
#     service_token = "arn:aws:lambda:us-east-1:111122223333:function:AccountVending-…"
#     name          = "Sandbox"
#     email         = "aws+sandbox@example.com"
#     cost_center   = "1234"
#     owner         = "team@example.com"
#   }

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

# Its provider is of us-east-1 in the account that vends, with the permission to make this stack and
# to invoke the service token's function.
resource "aws_cloudformation_stack" "account" {
  name          = "account-${replace(lower(var.name), "/[^a-z0-9]+/", "-")}"
  template_body = file("${path.module}/../cloudformation/account.yaml")

  parameters = {
    ServiceToken       = var.service_token
    AccountName        = var.name
    AccountEmail       = var.email
    OrganizationalUnit = var.organizational_unit
    CostCenter         = var.cost_center
    Owner              = var.owner
  }

  # CloudFormation gives the account an hour, Terraform a stack half of one unless it is told.
  timeouts {
    create = "70m"
    update = "70m"
    delete = "70m"
  }
}
