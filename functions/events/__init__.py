"""What events of AWS services start: one module an entrance, each the target of rules on a bus."""
