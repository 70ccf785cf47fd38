"""Definitions are parsed as moto's grammar has them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from antlr4 import InputStream
from antlr4.atn.PredictionMode import PredictionMode
from antlr4.Token import Token
from moto.stepfunctions.parser.asl.antlr.runtime.ASLLexer import ASLLexer
from moto.stepfunctions.parser.asl.parse.asl_parser import ASLParserException
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

from embedded.stepfunctions import parsing
from statemachines import definitions

PASS = {"Type": "Pass", "Output": "{% $x %}", "End": True}
ODD = [
    '{"a": "$", "b": "$$.x", "c": "$.x[0]", "d": "$x", "e": "States.Format(\'{}\', 1)"}',
    '{"a": "{% 1", "b": "{%%}", "c": "%}", "d": "States.ALL", "e": "\\"\\\\", "f": "\\u0041"}',
    '{"a.$": "$.n", ".$": "a.$", "$.$": "$$.$"}',
    "[0, 1, -1, 10, 1.5, 1e3, -2.5E-7, true, false, null]",
    '\n\t{"StartAt" :\r\n "Ünïcode 🙂"}  ',
]


def tokens(lexer: ASLLexer) -> list[Any]:
    found: list[Any] = []
    while not found or found[-1][0] != Token.EOF:
        token = lexer.nextToken()
        place = (token.start, token.stop, token.line, token.column)
        found.append((token.type, token.text, *place))
    return found


def by_grammar(text: str) -> tuple[Any, list[str]]:
    """The tree and the mistakes, as moto has them."""
    return parsing._tree(ASLLexer(InputStream(text)), PredictionMode.LL)


@pytest.mark.parametrize(
    "text",
    [*map(definitions.text, definitions.names()), *ODD],
    ids=[*definitions.names(), *map(str, range(len(ODD)))],
)
def test_tokens_are_those_of_the_grammar(text: str) -> None:
    assert tokens(parsing._Lexer(InputStream(text))) == tokens(ASLLexer(InputStream(text)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"StartAt": "One"',
        '{"StartAt": "One", "States": {"One": {"Type": "Nothing"}}}',
        '{"StartAt": "One", "States": {"One": {"Type": "Pass", "End": maybe}}}',
        '{"StartAt": "One", "States": [1 2]}',
    ],
)
def test_mistake_is_reported_as_by_the_grammar(text: str) -> None:
    with pytest.raises(ASLParserException) as ours:
        parsing.parse(text)

    assert ours.value.errors == by_grammar(text)[1]


def test_program_is_the_grammars() -> None:
    text = json.dumps({"QueryLanguage": "JSONata", "StartAt": "One", "States": {"One": PASS}})

    program, tree = parsing.parse(text)[0], parsing.tree(text)

    grammars, mistakes = by_grammar(text)
    assert mistakes == []
    assert tree.toStringTree() == grammars.toStringTree()
    assert type(program) is type(Preprocessor().visit(grammars))
