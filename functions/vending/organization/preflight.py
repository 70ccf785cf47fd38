"""What AWS would refuse of a request, looked up before anything is done that cannot be undone.

An account cannot be unmade, and an invitation lets a stranger's account in. So whatever can be
known beforehand is: AcceptRequest asks here before there is an account, and `vend plan` asks the
same. Nothing is changed on AWS. The calls are at most one DescribeOrganization; the pages of
ListPolicies for each type that is asked for, and for the other types only where a policy is to be
made; DescribePolicy for each policy that exists and whose content is given; the pages of
ListPoliciesForTarget for each type, of an account that is a member already; the pages of
ListAWSServiceAccessForOrganization where a service could be refused; and a look at each
organizational unit that the path is known to lead through. Only a path that is not known is
searched for, and what another request has seen a moment ago is not looked at again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING

from vending.errors.catalogue import explain
from vending.errors.exceptions import OperationRefused
from vending.frozen import frozen
from vending.ledger.rows import CREATION_BEGUN, INVITATION_BEGUN
from vending.organization import ou_search, policies
from vending.organization.invitations import role_not_allowed
from vending.organization.policy_names import SOON_MADE, PolicyNames
from vending.request import trusted_services, validators
from vending.request.account_request import AccountRequest, invalid
from vending.request.fields import RootFeature
from vending.request.policy import Policy

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

    from vending.ledger.item_types import Row
    from vending.ledger.organization_cache import OrganizationCache
    from vending.ledger.ou_path_cache import OuPathCache


@frozen
class Allowed:
    """What the stack's settings let its roles use; None where nobody knows."""

    service_principals: Collection[str] | None = None
    forced_service_principals: Collection[str] = ()
    policy_types: Collection[str] | None = None
    invited_account_role_names: Collection[str] | None = None


@frozen
class Surroundings:
    """What a request is held against: the organization, and what the stack allows.

    `seen` and `units` are what was seen of the organization.
    """

    organizations: OrganizationsClient
    seen: OrganizationCache
    units: OuPathCache
    allowed: Allowed


@frozen
class Requirements:
    """What is asked of an organization, by a request or by an organization's document.

    `account_id` is of an account that is a member already, and may have policies.
    `updated_policies` are the names of those whose content is replaced where it is another one.
    `all_features` says that they are enabled first, `invited_account_role_name` by which role an
    invitation is accepted.
    """

    account_id: str | None = None
    policies: Sequence[Policy] = ()
    updated_policies: Collection[str] = ()
    policy_types: Sequence[str] = ()
    service_access: Sequence[str] = ()
    forced_service_access: Collection[str] = ()
    root_access: Sequence[RootFeature] = ()
    contacts: Sequence[str] = ()
    organizational_units: Sequence[str] = ()
    invited_account_role_name: str | None = None
    all_features: bool = False


@frozen
class Problem:
    """What would be refused: where it was asked for, how, and which values of which keys."""

    where: str
    error: OperationRefused
    refused: Mapping[str, Collection[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        """As a line of a request's problems."""
        between = "\n" if "\n" in self.error.message else " "
        return f"{self.where}: {self.error.message}{between}{self.error.remedy}"


@frozen
class Findings:
    """What was found out: what would be refused, and the paths that lead to no unit yet."""

    problems: Sequence[Problem] = ()
    missing_units: Sequence[str] = ()


def ensure_possible(
    request: AccountRequest,
    row: Row | None,
    surroundings: Surroundings,
    *,
    account_id: str | None = None,
) -> Findings:
    """RequestInvalid with every problem at once, unless it is too late.

    Once AWS was asked for an account, or for an invitation, or an account that exists was looked
    at, the request has to be gone on with. Nothing is looked for and found then. `row` is None
    before a change of a vended account, `account_id`, is claimed.
    """
    if row is not None and _is_begun(row):
        return Findings()
    found = examine(requirements_of(request, account_id), surroundings)
    if found.problems:
        raise invalid([str(problem) for problem in found.problems])
    return found


def requirements_of(request: AccountRequest, account_id: str | None = None) -> Requirements:
    """What a request asks for, beside its account; `account_id` is that of one that was vended."""
    path = request.organizational_unit
    role_name = request.normalised()["account"].get("roleName")
    return Requirements(
        account_id=request.account.account_id if request.source == "existing" else account_id,
        policies=request.policies,
        policy_types=list(dict.fromkeys(policy.type for policy in request.policies)),
        service_access=request.service_access,
        root_access=request.root_access,
        contacts=list(request.contacts.given()),
        organizational_units=[] if path is None else [path],
        invited_account_role_name=role_name if request.source == "invited" else None,
    )


def examine(requirements: Requirements, surroundings: Surroundings) -> Findings:
    """Everything that would be refused, as far as AWS's reads show."""
    enabled = _Enabled(surroundings)
    units = _of_units(requirements, surroundings)
    return Findings(
        problems=[
            *_of_role(requirements, surroundings.allowed),
            *_without_all_features(requirements, enabled),
            *_of_policy_types(requirements, surroundings.allowed, enabled),
            *_of_policies(requirements, surroundings),
            *_of_attachments(requirements, surroundings),
            *_of_services(requirements, surroundings.allowed, enabled),
            *_of_contacts(requirements, enabled),
            *units.problems,
        ],
        missing_units=units.missing_units,
    )


def _is_begun(row: Row) -> bool:
    return any(name in row for name in (*CREATION_BEGUN, *INVITATION_BEGUN))


class _Enabled:
    """What is on in the organization, each asked for once and only when it is needed."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._organizations = surroundings.organizations
        self._seen = surroundings.seen

    @cached_property
    def all_features(self) -> bool:
        """Whether the organization has more than consolidated billing."""
        return self._seen.has_all_features() or self._described()

    def _described(self) -> bool:
        answer = self._organizations.describe_organization()
        has_all = answer["Organization"].get("FeatureSet") == "ALL"
        if has_all:
            self._seen.put_all_features()
        return has_all

    def trusts(self, service: str) -> bool:
        """Whether a service has trusted access; with consolidated billing, none has."""
        return service in self._seen_services or service in self._services

    @cached_property
    def _seen_services(self) -> set[str]:
        return self._seen.services()

    @cached_property
    def _services(self) -> set[str]:
        if not self.all_features:
            return set()
        found = trusted_services.enabled(self._organizations)
        self._seen.put_services(found)
        return found


def _of_role(requirements: Requirements, allowed: Allowed) -> Iterator[Problem]:
    name, listed = requirements.invited_account_role_name, allowed.invited_account_role_names
    if name is not None and listed is not None and name not in listed:
        yield Problem(where="account.roleName", error=role_not_allowed(name))


def _without_all_features(requirements: Requirements, enabled: _Enabled) -> Iterator[Problem]:
    needing: dict[str, list[str]] = {
        "policies": [policy.name for policy in requirements.policies],
        "policyTypes": list(requirements.policy_types),
        "serviceAccess": list(requirements.service_access),
        "rootAccess": list(requirements.root_access),
        "contacts": list(requirements.contacts),
    }
    refused = {key: values for key, values in needing.items() if values}
    if not refused or requirements.all_features or enabled.all_features:
        return
    code, reason = "ConstraintViolationException", "ORGANIZATION_NOT_IN_ALL_FEATURES_MODE"
    words = explain(code, reason)
    where = [key for key in refused if key != "policyTypes" or "policies" not in refused]
    yield Problem(
        where=", ".join(where),
        error=OperationRefused(words.what, code=code, reason=reason, remedy=words.remedy),
        refused=refused,
    )


def _of_policy_types(
    requirements: Requirements, allowed: Allowed, enabled: _Enabled
) -> Iterator[Problem]:
    types = allowed.policy_types
    for policy_type in requirements.policy_types:
        if types is not None and policy_type not in types:
            yield _of_type(requirements, policy_type, policies.type_not_allowed(policy_type))
        service = trusted_services.OF_POLICY_TYPES.get(policy_type)
        if service is None or service in requirements.service_access:
            continue
        if not enabled.trusts(service):
            error = trusted_services.needed_by_type(service, policy_type)
            yield _of_type(requirements, policy_type, error)


def _of_type(requirements: Requirements, policy_type: str, error: OperationRefused) -> Problem:
    names = [policy.name for policy in requirements.policies if policy.type == policy_type]
    return Problem(
        where="policies" if names else "policyTypes",
        error=error,
        refused={"policyTypes": [policy_type], "policies": names},
    )


def _of_policies(requirements: Requirements, surroundings: Surroundings) -> Iterator[Problem]:
    names = PolicyNames(surroundings.organizations, surroundings.seen)
    for index, policy in enumerate(requirements.policies):
        error = _refusal(policy, requirements, names, surroundings)
        if error is not None:
            refused = {"policies": [policy.name]}
            yield Problem(where=f"policies[{index}]", error=error, refused=refused)


def _refusal(
    policy: Policy, requirements: Requirements, names: PolicyNames, surroundings: Surroundings
) -> OperationRefused | None:
    content = _compared_content(policy, requirements, surroundings.allowed)
    if surroundings.seen.has_policy(policy.type, policy.name, content):
        return None
    may_be_made = policy.content is not None
    if may_be_made and names.lacks(policy.type, policy.name, within=SOON_MADE):
        taken = names.other_type_of(policy)
        return None if taken is None else policies.name_taken(policy, taken)
    policy_id = names.of(policy.type).get(policy.name)
    if policy_id is None:
        return policies.missing(policy)
    if content is not None:
        present = policies.content_of(surroundings.organizations, policy_id)
        if (refused := policies.differs(policy, present)) is not None:
            return refused
    surroundings.seen.put_policy(policy.type, policy.name, content)
    return None


def _compared_content(policy: Policy, requirements: Requirements, allowed: Allowed) -> str | None:
    """What a policy that exists must have as its content; None where any will do."""
    types = allowed.policy_types
    if (
        policy.existing == "keep"
        or policy.name in requirements.updated_policies
        or (types is not None and policy.type not in types)  # which may not be read, and is refused
    ):
        return None
    return policy.content


def _of_attachments(requirements: Requirements, surroundings: Surroundings) -> Iterator[Problem]:
    """More policies than an account takes with those that it has.

    AWS counts what is attached to the account itself, and not what it inherits. What an account
    that is new to the organization takes is checked with the request's form.
    """
    if requirements.account_id is None:
        return
    types = surroundings.allowed.policy_types
    for kind in {policy.type: None for policy in requirements.policies}:
        if types is not None and kind not in types:  # which may not be read, and is refused
            continue
        there = policies.attached_to(surroundings.organizations, requirements.account_id, kind)
        wanted = [policy.name for policy in requirements.policies if policy.type == kind]
        more = [name for name in wanted if name not in there]
        # Where the type is off, AWS attaches its own when it is switched on.
        present = max(len(there), 1 if kind in validators.ATTACHED_BY_AWS else 0)
        most = validators.policies_per_target(kind)
        if present + len(more) > most:
            error = policies.too_many(kind, present=present, more=len(more), most=most)
            yield Problem(where="policies", error=error, refused={"policies": more})


def _of_services(
    requirements: Requirements, allowed: Allowed, enabled: _Enabled
) -> Iterator[Problem]:
    listed = allowed.service_principals
    forced = {*requirements.forced_service_access, *allowed.forced_service_principals}
    denied = [
        one for one in requirements.service_access if listed is not None and one not in listed
    ]
    others = [one for one in requirements.service_access if one not in denied]
    own_way = trusted_services.unforced(others, forced=forced)
    if not denied and not own_way:
        return
    denied = [one for one in denied if not enabled.trusts(one)]
    own_way = [one for one in own_way if not enabled.trusts(one.principal)]
    if denied:
        error = trusted_services.not_allowed(denied)
        yield Problem(where="serviceAccess", error=error, refused={"serviceAccess": denied})
    if own_way:
        yield Problem(
            where="serviceAccess",
            error=trusted_services.enables_itself(own_way),
            refused={"serviceAccess": [one.principal for one in own_way]},
        )


def _of_contacts(requirements: Requirements, enabled: _Enabled) -> Iterator[Problem]:
    service = trusted_services.OF_CONTACTS
    if (
        not requirements.contacts
        or service in requirements.service_access
        or enabled.trusts(service)
    ):
        return
    yield Problem(
        where="contacts",
        error=trusted_services.needed_by_contacts(),
        refused={"contacts": requirements.contacts},
    )


def _of_units(requirements: Requirements, surroundings: Surroundings) -> Findings:
    problems, missing = list[Problem](), list[str]()
    for path in requirements.organizational_units:
        try:
            if not ou_search.look_up(path, surroundings.organizations, surroundings.units):
                missing.append(path)
        except OperationRefused as error:
            refused = {"organizationalUnits": [path]}
            problems.append(Problem(where="organizationalUnit", error=error, refused=refused))
    return Findings(problems=problems, missing_units=missing)
