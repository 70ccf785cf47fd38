output "account_id" {
  description = "The account's twelve digits."
  value       = aws_cloudformation_stack.account.outputs["AccountId"]
}

output "request_id" {
  description = "What `vend status` knows the request by."
  value       = aws_cloudformation_stack.account.outputs["RequestId"]
}

output "revision" {
  description = "How often the account was vended and changed."
  value       = aws_cloudformation_stack.account.outputs["Revision"]
}
