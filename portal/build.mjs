// Builds the page: `node portal/build.mjs DEFINITION OPENAPI FOLDER`, by the Makefile.
//
// FOLDER/made has what the sources import: the drawn state machine and the API's types; and which
// of npm's packages are in the page. FOLDER/site has what a browser gets. Names of files that change
// have a hash, so that they may be kept for ever.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { graphOf } from "./graph.mjs";
import { typesOf } from "./types.mjs";

const LARGEST = 150_000; // bytes of all that is loaded, compressed

const [definition, openapi, target] = process.argv.slice(2);
const folder = resolve(target);
const here = dirname(fileURLToPath(import.meta.url));
const made = join(folder, "made");
const site = join(folder, "site");
mkdirSync(made, { recursive: true });
rmSync(site, { recursive: true, force: true });
mkdirSync(join(site, "assets"), { recursive: true });

const read = (path) => JSON.parse(readFileSync(path, "utf8"));
writeFileSync(join(made, "graph.json"), JSON.stringify(graphOf(read(definition))));
writeFileSync(join(made, "api.d.ts"), typesOf(read(openapi)));

const { outputFiles, metafile } = await build({
  entryPoints: [join(here, "src", "main.tsx")],
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  format: "esm",
  target: "es2023",
  jsx: "automatic",
  jsxImportSource: "preact",
  alias: { built: made },
  loader: { ".css": "css" },
  outdir: site,
  legalComments: "none",
});

// By their keys in package-lock.json: the folders of the packages of which the page has files.
const packages = Object.keys(metafile.inputs)
  .map((path) => path.match(/^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/)?.[0])
  .filter(Boolean);
writeFileSync(join(made, "packages.json"), JSON.stringify([...new Set(packages)].sort()));

const files = [
  ...outputFiles,
  { path: "icon.svg", contents: readFileSync(join(here, "icon.svg")) },
];
let page = readFileSync(join(here, "index.html"), "utf8");
for (const { path, contents } of files) {
  const ending = path.slice(path.lastIndexOf("."));
  const hash = createHash("sha256").update(contents).digest("hex").slice(0, 12);
  const name = `assets/page-${hash}${ending}`;
  writeFileSync(join(site, name), contents);
  page = page.replace(`page${ending}`, name);
}
writeFileSync(join(site, "index.html"), page);

const size = [page, ...files.map((one) => one.contents)]
  .map((one) => gzipSync(one).length)
  .reduce((sum, one) => sum + one, 0);
console.log(`build/portal/site: ${(size / 1000).toFixed(1)} KB compressed`);
if (size > LARGEST) throw new Error(`the page has more than ${LARGEST / 1000} KB compressed`);
