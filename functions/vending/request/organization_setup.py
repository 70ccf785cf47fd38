"""What an organization is to be like before accounts are vended in it: a document and its model."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import Field, ValidationError

from vending.errors.exceptions import RequestInvalid
from vending.model import Model
from vending.request import bounds, policy_lists, validators
from vending.request.account_request import AccountRequest, invalid
from vending.request.fields import OrganizationalUnitPath, PolicyType, RootFeature, ServicePrincipal
from vending.request.policy import Policy
from vending.request.validation_messages import problems_in, repeated

DOCUMENT = "an organization's document"
_LISTS_OF_TEXTS = (
    "policyTypes",
    "serviceAccess",
    "forcedServiceAccess",
    "rootAccess",
    "organizationalUnits",
)


class AttachedPolicy(Policy):
    """A policy of the organization, where it is attached, and whether its content is enforced."""

    targets: list[OrganizationalUnitPath] = Field(
        [],
        max_length=validators.TARGETS_MAX,
        description="Paths of organizational units to attach it to; / is the root.",
    )
    update: bool = Field(
        False,
        description="Whether the content given here replaces another one that the policy has. "
        "Without it, a policy that exists with other content is refused, unless existing is keep.",
    )


class OrganizationSetup(Model):
    """What to bring an organization to; nothing that is not named is touched."""

    all_features: bool = Field(
        False,
        description="Bring the organization from consolidated billing to all features, which every "
        "invited account must agree to within 90 days.",
    )
    policy_types: list[PolicyType] = Field(
        [],
        max_length=len(get_args(PolicyType)),
        description="Types of policies to switch on; those of policies with targets are anyway.",
    )
    service_access: list[ServicePrincipal] = Field(
        [],
        max_length=validators.SERVICES_MAX,
        description="AWS services to enable for the organization.",
    )
    forced_service_access: list[ServicePrincipal] = Field(
        [],
        max_length=validators.SERVICES_MAX,
        description="Those of serviceAccess to enable even though AWS wants the service itself to.",
    )
    root_access: list[RootFeature] = Field(
        [],
        max_length=validators.ROOT_FEATURES_MAX,
        description="Central root access features to enable.",
    )
    organizational_units: list[OrganizationalUnitPath] = Field(
        [],
        max_length=validators.UNITS_MAX,
        description="Paths of organizational units that are to exist.",
    )
    policies: list[AttachedPolicy] = Field(
        [],
        max_length=validators.POLICIES_MAX,
        description="Policies that are to exist, and what they are attached to.",
    )

    def normalised(self) -> dict[str, Any]:
        """The document as the workflow takes it.

        Types of policies that are attached are among `policyTypes`, and paths that policies are
        attached to among `organizationalUnits`; `policies` are {policy, update, targets}.
        """
        attached = [policy for policy in self.policies if policy.targets]
        targets = [path for policy in attached for path in policy.targets]
        return {
            **self.model_dump(by_alias=True, exclude={"policies"}),
            "policyTypes": _unique([*self.policy_types, *(policy.type for policy in attached)]),
            "organizationalUnits": _unique([*self.organizational_units, *targets]),
            "policies": [
                {
                    "policy": policy.model_dump(
                        by_alias=True, exclude_none=True, exclude={"targets", "update"}
                    ),
                    "update": policy.update,
                    "targets": policy.targets,
                }
                for policy in self.policies
            ],
        }


def parse(raw: object) -> OrganizationSetup:
    """The setup that `raw` (decoded JSON) describes; RequestInvalid with every problem at once."""
    if not isinstance(raw, dict):
        raise RequestInvalid([f"{DOCUMENT} must be a JSON object"])
    if beyond := bounds.problems(raw):
        raise RequestInvalid(beyond)
    problems = [
        *validators.size(raw),
        *_repetitions(raw),
        *policy_lists.problems(raw.get("policies")),
        *_idle_forces(raw),
    ]
    try:
        setup = OrganizationSetup.model_validate(raw)
    except ValidationError as error:
        found = problems_in(error, OrganizationSetup)
        raise invalid([*found, *problems]) from None
    problems.extend(
        f"policies[{index}].update: has no meaning without content"
        for index, policy in enumerate(setup.policies)
        if policy.update and policy.content is None
    )
    problems.extend(
        f"policies[{index}].update: replaces the content that existing keeps; give one of the two"
        for index, policy in enumerate(setup.policies)
        if policy.update and policy.existing == "keep"
    )
    if problems:
        raise invalid(problems)
    return setup


def is_organization(raw: object) -> bool:
    """Whether `raw` looks like an organization's document rather than an account request."""
    if not isinstance(raw, dict):
        return False
    own, a_requests = (_keys(model) for model in (OrganizationSetup, AccountRequest))
    return bool(own & raw.keys()) and not (a_requests - own) & raw.keys()


def schema() -> dict[str, Any]:
    """The JSON Schema of an organization's document."""
    generated = OrganizationSetup.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **generated,
        "title": "Organization",
    }


def _repetitions(raw: dict[str, Any]) -> list[str]:
    problems = [
        f"{key}: {validators.shown(value)} is listed more than once"
        for key in _LISTS_OF_TEXTS
        for value in repeated(raw, key)
    ]
    policies = raw.get("policies")
    for index, policy in enumerate(policies if isinstance(policies, list) else []):
        if isinstance(policy, dict):
            problems.extend(
                f"policies[{index}].targets: {validators.shown(value)} is listed more than once"
                for value in repeated(policy, "targets")
            )
    return problems


def _idle_forces(raw: dict[str, Any]) -> list[str]:
    forced, wanted = raw.get("forcedServiceAccess"), raw.get("serviceAccess", [])
    if not isinstance(forced, list) or not isinstance(wanted, list):
        return []
    listed = {principal for principal in wanted if isinstance(principal, str)}
    return [
        f"forcedServiceAccess: {validators.shown(principal)} must be listed in serviceAccess too"
        for principal in forced
        if isinstance(principal, str) and principal not in listed
    ]


def _keys(model: type[Model]) -> set[str]:
    return {str(field.alias) for field in model.model_fields.values()}


def _unique(values: list[Any]) -> list[Any]:
    return list(dict.fromkeys(values))
