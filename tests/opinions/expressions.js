// Evaluates with the reference JSONata: standard input holds a JSON list of {expression, variables,
// millis}, standard output a list of {value}, {undefined: true} or {error}.
"use strict";
const crypto = require("crypto");
const { createRequire } = require("module");
const jsonata = createRequire(process.cwd() + "/")("jsonata");

// What Step Functions adds to JSONata or does otherwise, as far as one answer is right. $random and
// $uuid are given by the recorder as what they gave.
function added(millis) {
  return {
    parse: JSON.parse,
    hash: (text, algorithm) =>
      crypto.createHash(algorithm.replace("-", "").toLowerCase()).update(text).digest("hex"),
    millis: () => millis,
    now: () => new Date(millis).toISOString(),
    eval: undefined,
  };
}

async function evaluated({ expression, variables, millis }) {
  try {
    const value = await jsonata(expression).evaluate(undefined, { ...added(millis), ...variables });
    return value === undefined ? { undefined: true } : { value };
  } catch (error) {
    return { error: String(error.code || error.message) };
  }
}

(async () => {
  const recorded = JSON.parse(require("fs").readFileSync(0, "utf8"));
  const results = [];
  for (const one of recorded) results.push(await evaluated(one));
  process.stdout.write(JSON.stringify(results));
})();
