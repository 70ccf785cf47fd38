"""The names of the state machines, which their makers and the grants share."""

from infra.settings import Settings


def vending(settings: Settings) -> str:
    """The one that vends."""
    return f"{settings.name_prefix}account-vending"


def retirement(settings: Settings) -> str:
    """The one that retires and restores."""
    return f"{settings.name_prefix}account-retirement"


def custom_resource(settings: Settings) -> str:
    """The one that answers CloudFormation."""
    return f"{settings.name_prefix}account-custom-resource"
