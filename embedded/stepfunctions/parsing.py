"""Definitions into what moto interprets, in half of the time that its grammar takes for it.

ANTLR's lexer goes through a definition character by character. A definition is JSON, whose tokens
one expression finds; only what kind of text a string is, is left to the grammar, once a string.
"Two-stage parsing" is ANTLR's own advice: the faster prediction first, and the full one for what
that takes for a mistake.

Upstream: moto/stepfunctions/parser/asl/parse/asl_parser.py.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from antlr4 import CommonTokenStream, InputStream
from antlr4.atn.PredictionMode import PredictionMode
from antlr4.Token import CommonToken, Token
from moto.stepfunctions.parser.asl.antlr.runtime.ASLLexer import ASLLexer
from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser
from moto.stepfunctions.parser.asl.parse.asl_parser import ASLParserException, SyntaxErrorListener
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

from embedded.stepfunctions import kept

_TOKEN = re.compile(
    r"""(?P<blank>[ \t\n\r]+)
    | (?P<string>"(?:[^"\\\x00-\x1f]|\\.)*")
    | (?P<other>[\[\]{},:]|true|false|null|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)""",
    re.VERBOSE,
)
_KINDS = {name.strip("'"): kind for kind, name in enumerate(ASLLexer.literalNames)}
_SPECIAL = ('"$', '"States.', '"{%')
_PATH_KEY = '.$"'
"""How strings begin, and keys of paths end, whose kind the grammar distinguishes."""


class _UnknownToken(Exception):
    """What is no JSON is left to the grammar, whose words for it are Step Functions'."""


class _Lexer(ASLLexer):
    """moto's, with the tokens found at once."""

    def __init__(self, definition: InputStream) -> None:
        super().__init__(definition)
        self._found = list(self._tokens(definition))
        self._next = 0

    def nextToken(self) -> Any:  # noqa: N802 - ANTLR's name
        """The next one; at the end, always the end."""
        token = self._found[min(self._next, len(self._found) - 1)]
        self._next += 1
        return token

    def _tokens(self, definition: InputStream) -> Iterator[CommonToken]:
        text, source = definition.strdata, (self, definition)
        at, line, begun = 0, 1, 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise _UnknownToken
            if match.lastgroup == "blank":
                line += match[0].count("\n")
                begun = at + match[0].rfind("\n") + 1 if "\n" in match[0] else begun
            else:
                made = CommonToken(source, _kind(match[0]), start=at, stop=match.end() - 1)
                made.line, made.column = line, at - begun
                yield made
            at = match.end()
        end = CommonToken(source, Token.EOF, start=len(text), stop=len(text) - 1)
        end.line, end.column = line, at - begun
        yield end


def _kind(text: str) -> int:
    known = _KINDS.get(text)
    if known is not None:
        return known
    if text[0] == '"' and not text.startswith(_SPECIAL) and not text.endswith(_PATH_KEY):
        return int(ASLLexer.STRING)
    if text.startswith('"{%') and text.endswith('%}"'):
        return int(ASLLexer.STRINGJSONATA)
    return _kind_by_grammar(text)


@lru_cache(maxsize=4096)
def _kind_by_grammar(text: str) -> int:
    token = ASLLexer(InputStream(text)).nextToken()
    if token.stop != len(text) - 1:
        raise _UnknownToken
    return int(token.type)


def parse(definition: str) -> tuple[Any, None]:
    """The program; in place of moto's tree nothing, since its static analysers are not used here.

    Raises:
        ASLParserException: the grammar does not have it; the message says where.
    """
    return kept.found(program, definition), None


def program(definition: str) -> Any:
    """What moto interprets, parsed anew. As `parse`."""
    return Preprocessor().visit(tree(definition))


def tree(definition: str) -> Any:
    """The definition by the rules of moto's grammar. As `parse`."""
    found, mistakes = None, ["not parsed yet"]
    with contextlib.suppress(_UnknownToken):
        found, mistakes = _tree(_Lexer(InputStream(definition)), PredictionMode.SLL)
    if mistakes:
        found, mistakes = _tree(ASLLexer(InputStream(definition)), PredictionMode.LL)
    if mistakes:
        raise ASLParserException(errors=mistakes)
    return found


def _tree(lexer: ASLLexer, prediction: Any) -> tuple[Any, list[str]]:
    syntax = SyntaxErrorListener()
    parser = ASLParser(CommonTokenStream(lexer))
    parser.removeErrorListeners()
    parser.addErrorListener(syntax)
    parser._interp.predictionMode = prediction
    return parser.state_machine(), syntax.errors
