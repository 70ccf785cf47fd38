"""AWS's facts are there for all that is called, and say what AWS's pages say."""

from __future__ import annotations

import botocore.session
import pytest

from permissions import reference
from permissions.declared_calls import all_calls
from permissions.generate import services

CALLS = sorted(frozenset().union(*all_calls().values()))


@pytest.mark.parametrize("call", CALLS)
def test_every_call_is_an_action_of_aws_and_of_a_service_of_the_sdk(call: str) -> None:
    service = reference.sdk_service(call.partition(":")[0])

    assert reference.get(call).name == call
    assert service in botocore.session.get_session().get_available_services()


@pytest.mark.parametrize("prefix", sorted({call.partition(":")[0] for call in CALLS}))
def test_service_signs_with_the_prefix_of_its_actions(prefix: str) -> None:
    service = reference.sdk_service(prefix)

    model = botocore.session.get_session().get_service_model(service)

    assert model.signing_name == prefix  # by which errors of calls name the refused action


def test_facts_are_of_the_services_that_are_called_or_checked_and_no_others() -> None:
    assert sorted(reference._services()) == services()


def test_action_has_its_resource_types_keys_and_dependent_actions() -> None:
    attach = reference.get("organizations:AttachPolicy")
    accept = reference.get("organizations:AcceptHandshake")

    assert attach.resource_types == (
        "organizations:account",
        "organizations:organizationalunit",
        "organizations:policy",
        "organizations:root",
    )
    assert attach.condition_keys == ("organizations:PolicyType",)
    assert accept.dependent_actions == ("iam:CreateServiceLinkedRole",)
    assert reference.get("organizations:ListRoots").resource_types == ()


def test_every_resource_type_of_an_action_has_an_arn() -> None:
    for prefix, facts in reference._services().items():
        for name in facts["actions"]:
            for resource_type in reference.get(f"{prefix}:{name}").resource_types:
                assert reference.arn_template(resource_type).startswith("arn:${Partition}:")


def test_template_is_filled_by_the_names_of_its_parts() -> None:
    template = reference.arn_template("organizations:account")

    arn = reference.fill(
        template,
        {"Partition": "aws", "Account": "1", "OrganizationId": "a", "AccountId": "2"}.__getitem__,
    )

    assert arn == "arn:aws:organizations::1:account/o-a/2"


@pytest.mark.parametrize(
    "name", ["organizations:MoveAcount", "nosuchservice:PutContactInformation"]
)
def test_unknown_action_is_an_error_that_says_what_to_do(name: str) -> None:
    assert reference.find(name) is None
    with pytest.raises(reference.UnknownAction, match=f"{name}: .*make permissions"):
        reference.get(name)


def test_unknown_resource_type_is_an_error() -> None:
    with pytest.raises(reference.UnknownAction, match="organizations:acount"):
        reference.arn_template("organizations:acount")


def test_prefix_and_name_of_a_service_lead_to_each_other() -> None:
    assert reference.sdk_service("states") == "stepfunctions"
    assert reference.prefix_of("stepfunctions") == "states"
    assert reference.sdk_service("iam") == reference.prefix_of("iam") == "iam"
