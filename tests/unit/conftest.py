"""What all unit tests share: botocore's models, read once a process."""

from embedded import service_models

service_models.share()
