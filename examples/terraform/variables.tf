variable "service_token" {
  description = "The output CustomAccountServiceToken of the stack AccountVending."
  type        = string
}

variable "name" {
  description = "The account's name, at most 50 characters."
  type        = string
}

variable "email" {
  description = "The root user's address, which no other AWS account may have."
  type        = string
}

variable "organizational_unit" {
  description = "The path of its unit, made where it is missing."
  type        = string
  default     = "/Workloads/Sandbox"
}

variable "cost_center" {
  description = "The value of the tag cost-center."
  type        = string
}

variable "owner" {
  description = "The value of the tag owner."
  type        = string
}
