"""What the entrances share that start executions themselves: the API and CloudFormation's."""
