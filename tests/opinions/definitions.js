// Asks both validators of definitions: standard input holds a JSON list of definitions, standard
// output a list of {aslValidator, languageService}, each a list of what is wrong.
"use strict";
const { createRequire } = require("module");
const requireInstalled = createRequire(process.cwd() + "/");
const aslValidator = requireInstalled("asl-validator");
const languageService = requireInstalled("amazon-states-language-service");

async function opinions(definition) {
  const text = JSON.stringify(definition, null, 2);
  const service = languageService.getLanguageService({});
  const document = languageService.TextDocument.create("file:///d.asl.json", "asl", 1, text);
  const found = await service.doValidation(document, service.parseJSONDocument(document));
  return {
    aslValidator: aslValidator(definition).errors.map((error) => error.Message),
    languageService: found.map((problem) => problem.message),
  };
}

(async () => {
  const definitions = JSON.parse(require("fs").readFileSync(0, "utf8"));
  process.stdout.write(JSON.stringify(await Promise.all(definitions.map(opinions))));
})();
