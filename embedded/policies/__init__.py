"""Evaluation of IAM's policy documents: of identities, resources and roles' trust."""
