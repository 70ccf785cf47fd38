"""Who is behind an access key."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto.core.base_backend import BackendDict
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from embedded import ACCOUNT_ID, REGION
from embedded.core.credentials import Credentials
from embedded.core.principal import Principal


@pytest.fixture(autouse=True)
def fresh_backends() -> Iterator[None]:
    BackendDict.reset()
    yield
    BackendDict.reset()


def assume(role_arn: str, session: str) -> str:
    """The access key that moto's AssumeRole hands out in the management account."""
    role = sts_backends[ACCOUNT_ID]["aws"].assume_role(
        region_name=REGION,
        role_session_name=session,
        role_arn=role_arn,
        policy=None,
        duration=900,
        external_id=None,
    )
    return str(role.access_key_id)


def test_issued_session_is_its_role_in_the_roles_account() -> None:
    credentials = Credentials()

    session = credentials.issue("arn:aws:iam::222222222222:role/path/Worker", "one")

    assert session.access_key_id.startswith("ASIA")
    assert credentials.principal(session.access_key_id) == Principal(
        account_id="222222222222",
        arn="arn:aws:sts::222222222222:assumed-role/Worker/one",
        role_name="Worker",
        session_name="one",
    )


def test_issued_session_is_of_its_roles_partition() -> None:
    credentials = Credentials()

    key = credentials.issue("arn:aws-us-gov:iam::222222222222:role/Worker", "one").access_key_id

    principal = credentials.principal(key, "aws")
    assert principal is not None
    assert principal.partition == "aws-us-gov"
    assert principal.arn == "arn:aws-us-gov:sts::222222222222:assumed-role/Worker/one"
    assert principal.expires_at is None


def test_every_session_has_its_own_key() -> None:
    credentials = Credentials()
    arn = f"arn:aws:iam::{ACCOUNT_ID}:role/Worker"

    keys = {credentials.issue(arn, "same").access_key_id for _ in range(20)}

    assert len(keys) == 20


def test_assumed_role_is_known_and_acts_in_the_roles_account() -> None:
    key = assume("arn:aws:iam::333333333333:role/OrganizationAccountAccessRole", "visit")

    principal = Credentials().principal(key)

    assert principal is not None
    assert principal.account_id == "333333333333"
    assert principal.role_name == "OrganizationAccountAccessRole"
    assert principal.session_name == "visit"
    assert not principal.is_administrator


@pytest.mark.parametrize("key", ["test", "AKIAEXAMPLE", ""])
def test_any_other_key_is_the_administrator(key: str) -> None:
    principal = Credentials().principal(key)

    assert principal is not None
    assert principal.is_administrator
    assert principal.account_id == ACCOUNT_ID


def test_session_that_nobody_handed_out_is_nobody() -> None:
    assert Credentials().principal("ASIAUNKNOWN000000000") is None


def test_session_of_an_earlier_run_is_nobody() -> None:
    arn = f"arn:aws:iam::{ACCOUNT_ID}:role/Worker"
    issued, assumed = Credentials().issue(arn, "one").access_key_id, assume(arn, "two")

    BackendDict.reset()

    assert [Credentials().principal(key) for key in (issued, assumed)] == [None, None]


def test_session_stays_a_role_when_moto_is_reset() -> None:
    credentials = Credentials()
    issued = credentials.issue(f"arn:aws:iam::{ACCOUNT_ID}:role/Worker", "one").access_key_id
    assumed = assume(f"arn:aws:iam::{ACCOUNT_ID}:role/Worker", "two")
    credentials.principal(assumed)
    keys = (issued, assumed)

    BackendDict.reset()

    names = [principal and principal.role_name for principal in map(credentials.principal, keys)]
    assert names == ["Worker", "Worker"]


@pytest.mark.parametrize(
    "arn",
    [
        "Worker",
        "arn:aws:iam::222222222222:user/Worker",
        "arn:aws:sts::2:assumed-role/a/b",
        "arn:nowhere:iam::222222222222:role/Worker",
    ],
)
def test_session_of_something_that_is_no_role_is_refused(arn: str) -> None:
    with pytest.raises(ValueError, match="not the ARN of a role"):
        Credentials().issue(arn, "one")


def test_secrets_do_not_show_in_a_log() -> None:
    session = Credentials().issue(f"arn:aws:iam::{ACCOUNT_ID}:role/Worker", "one")

    assert session.secret_access_key not in repr(session)
    assert session.session_token not in repr(session)


def test_forgotten_session_is_nobody() -> None:
    credentials = Credentials()
    role = "arn:aws:iam::222222222222:role/Worker"
    key, other = (credentials.issue(role, name).access_key_id for name in ("one", "other"))

    credentials.forget(key)

    assert credentials.principal(key) is None
    assert credentials.principal(other) is not None
    assert list(iam_backends["222222222222"]["aws"].access_keys) == [other]
