"""The custom resource of CloudFormation: what it is asked, and how it is answered."""
