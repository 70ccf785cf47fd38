"""What events of AWS services start, by rules on a bus, and what CloudFormation invokes."""
