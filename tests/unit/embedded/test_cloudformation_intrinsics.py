from __future__ import annotations

from typing import Any

import pytest
from moto.cloudformation.exceptions import ValidationError

from embedded.cloudformation.intrinsics import Resolver, Uses
from embedded.cloudformation.resource import Place, Properties, Resource


class Bucket(Resource):
    """A resource that is nothing but a name and an attribute."""

    type = "AWS::S3::Bucket"

    def create(self) -> None:
        self.physical_resource_id = "a-bucket"
        self.attributes = {"Arn": "arn:aws:s3:::a-bucket"}

    def update(self, before: Properties) -> None: ...

    def delete(self) -> None: ...


def a_resolver(**conditions: Any) -> Resolver:
    place = Place(
        account_id="111111111111",
        region="us-east-1",
        partition="aws",
        stack_name="AccountVending",
        stack_id="arn:aws:cloudformation:us-east-1:111111111111:stack/AccountVending/1",
    )
    properties: Properties = {}
    bucket = Bucket(logical_id="Bucket", properties=properties, place=place)
    bucket.create()
    return Resolver(
        values={
            "AWS::AccountId": "111111111111",
            "AWS::NoValue": None,
            "Stage": "prod",
            "Zones": ["a", "b"],
        },
        mappings={"Sizes": {"prod": {"Memory": 512}}},
        conditions={"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}} | conditions,
        resources={"Bucket": bucket},
    )


@pytest.mark.parametrize(
    ("node", "value"),
    [
        pytest.param({"Ref": "Stage"}, "prod", id="ref of a parameter"),
        pytest.param({"Ref": "Bucket"}, "a-bucket", id="ref of a resource"),
        pytest.param({"Fn::GetAtt": ["Bucket", "Arn"]}, "arn:aws:s3:::a-bucket", id="get-att"),
        pytest.param({"Fn::GetAtt": "Bucket.Arn"}, "arn:aws:s3:::a-bucket", id="get-att, dotted"),
        pytest.param({"Fn::Join": ["-", ["a", {"Ref": "Stage"}, 1, True]]}, "a-prod-1-true"),
        pytest.param({"Fn::Join": [",", {"Ref": "Zones"}]}, "a,b", id="join of a list parameter"),
        pytest.param({"Fn::Select": [1, {"Ref": "Zones"}]}, "b", id="select"),
        pytest.param({"Fn::Split": ["|", "a|b"]}, ["a", "b"], id="split"),
        pytest.param({"Fn::Base64": "text"}, "dGV4dA==", id="base64"),
        pytest.param({"Fn::ToJsonString": {"a": {"Ref": "Stage"}}}, '{"a": "prod"}', id="to json"),
        pytest.param({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "Memory"]}, 512, id="map"),
        pytest.param({"Fn::If": ["IsProd", "yes", "no"]}, "yes", id="if"),
        pytest.param({"Fn::Sub": "x-${AWS::AccountId}"}, "x-111111111111", id="sub of a pseudo"),
        pytest.param({"Fn::Sub": "${Bucket.Arn}/*"}, "arn:aws:s3:::a-bucket/*", id="sub of an att"),
        pytest.param({"Fn::Sub": "{% $x ~> ${!kept} %}"}, "{% $x ~> ${kept} %}", id="sub, literal"),
        pytest.param({"Fn::Sub": ["${a}${Stage}", {"a": 1}]}, "1prod", id="sub with variables"),
        pytest.param({"Fn::Sub": ["$$ $a ${a}", {"a": 1}]}, "$$ $a 1", id="sub leaves dollars"),
        pytest.param({"a": {"Ref": "AWS::NoValue"}, "b": 1}, {"b": 1}, id="no value in a map"),
        pytest.param([{"Ref": "AWS::NoValue"}, 1], [1], id="no value in a list"),
        pytest.param(
            {"Fn::If": ["IsProd", {"Ref": "AWS::NoValue"}, 1], "b": 1},
            {"Fn::If": ["IsProd", 1], "b": 1},
            id="a function beside other keys is data",
        ),
        pytest.param({"Condition": {"Bool": {"a": "b"}}}, {"Condition": {"Bool": {"a": "b"}}}),
    ],
)
def test_resolver_evaluates(node: Any, value: Any) -> None:
    assert a_resolver().resolve(node) == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        pytest.param({"Condition": "IsProd"}, True, id="by name"),
        pytest.param({"Fn::Not": [{"Condition": "IsProd"}]}, False, id="not"),
        pytest.param({"Fn::And": [{"Condition": "IsProd"}, {"Fn::Equals": [1, "1"]}]}, True),
        pytest.param({"Fn::And": [{"Condition": "IsProd"}, {"Fn::Equals": [1, 2]}]}, False),
        pytest.param({"Fn::Or": [{"Fn::Equals": [1, 2]}, {"Condition": "IsProd"}]}, True),
        pytest.param({"Fn::Contains": [["test", "prod"], {"Ref": "Stage"}]}, True),
        pytest.param({"Fn::Equals": [True, "true"]}, True, id="truth is text"),
    ],
)
def test_condition_evaluates(expression: Any, value: bool) -> None:
    assert a_resolver(Asked=expression).condition("Asked") is value


@pytest.mark.parametrize(
    ("node", "message"),
    [
        pytest.param({"Ref": "Nothing"}, r"Unresolved resource dependencies \[Nothing\]"),
        pytest.param({"Fn::GetAtt": ["Bucket", "Size"]}, "does not support attribute type Size"),
        pytest.param({"Fn::Sub": "${Nothing.Arn}"}, r"\[Nothing\]"),
        pytest.param({"Fn::If": ["Nowhere", 1, 2]}, "condition dependency Nowhere"),
        pytest.param({"Fn::Select": [2, {"Ref": "Zones"}]}, "no value at index 2"),
        pytest.param({"Fn::FindInMap": ["Sizes", "test", "Memory"]}, "Sizes::test::Memory"),
    ],
)
def test_resolver_refuses(node: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        a_resolver().resolve(node)


def test_references_are_found_in_every_form() -> None:
    node = {
        "a": [{"Ref": "R"}, {"Fn::GetAtt": ["G", "Arn"]}, {"Fn::GetAtt": "D.Arn"}],
        "b": {"Fn::Join": ["", [{"Fn::Sub": "${S}${T.Arn}${!Literal}"}]]},
        "c": {"Fn::Sub": ["${V}${W}", {"V": {"Ref": "X"}}]},
    }

    assert Uses(node).references == {"R", "G", "D", "S", "T", "W", "X"}
