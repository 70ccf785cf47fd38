// What of JSON Schema the request's schema uses, and the mistakes that can be named without asking
// the API. Everything else the API says of a plan, in its own words.
export type Schema = {
  type?: string;
  $ref?: string;
  $defs?: Record<string, Schema>;
  anyOf?: Schema[];
  allOf?: Condition[];
  enum?: string[];
  const?: string;
  default?: unknown;
  description?: string;
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  minimum?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | false;
};

export type Condition = { if: Schema; then: Schema };
export type Value =
  undefined | null | string | number | boolean | Value[] | { [key: string]: Value };
export type Fields = { [key: string]: Value };

/** By place, as the API names it: `account.email`, `serviceAccess[0]`, `tags['cost center']`. */
export type Mistakes = Record<string, string[]>;

/** The schema without references, and without the null that stands for what is left out. */
export function resolved(schema: Schema, root: Schema): Schema {
  if (schema.$ref) {
    const { $ref, ...own } = schema;
    return { ...resolved(root.$defs![$ref.split("/").pop()!]!, root), ...own };
  }
  const choice = schema.anyOf?.find((one) => one.type !== "null");
  if (!choice) return schema;
  const { anyOf: _, ...own } = schema;
  return { ...resolved(choice, root), ...own };
}

/** What the conditions of the schema that hold say beside it. */
export function applying(root: Schema, value: Fields): Condition[] {
  return (root.allOf ?? []).filter(({ if: condition }) =>
    Object.entries(condition.properties ?? {}).every(([name, wanted]) => {
      const given = value[name] ?? root.properties![name]!.default;
      return wanted.const === given;
    }),
  );
}

export function inObject(place: string, key: string): string {
  return place === "tags" ? `tags['${key}']` : place ? `${place}.${key}` : key;
}

/** Without what is empty: a field that nobody filled in is left out. */
export function pruned(value: Value): Value {
  if (Array.isArray(value)) return value.map(pruned).filter((one) => one !== undefined);
  if (value && typeof value === "object") {
    const kept = Object.entries(value).flatMap(([key, one]) => {
      const inner = pruned(one);
      return inner === undefined ? [] : [[key, inner] as const];
    });
    return kept.length ? Object.fromEntries(kept) : undefined;
  }
  return value === "" || value === null ? undefined : value;
}

/** The mistakes that the schema alone shows in a request. */
export function mistakesIn(root: Schema, value: Fields): Mistakes {
  const found: Mistakes = {};
  look(root, value, "", "");
  for (const { if: condition, then } of applying(root, value)) {
    const source = condition.properties?.source?.const;
    look(then, value, "", ` for source '${source}'`);
  }
  return found;

  function look(given: Schema, one: Value, place: string, suffix: string): void {
    const schema = resolved(given, root);
    if (one === undefined || one === null) return;
    if (typeof one === "string") {
      for (const text of textMistakes(schema, one)) note(place, text);
    } else if (Array.isArray(one)) {
      one.forEach((each, index) => look(schema.items ?? {}, each, `${place}[${index}]`, suffix));
    } else if (typeof one === "object") {
      for (const name of schema.required ?? []) {
        if (one[name] === undefined) note(inObject(place, name), `is required${suffix}`);
      }
      for (const [name, inner] of Object.entries(schema.properties ?? {})) {
        if (inner.type !== "null") look(inner, one[name], inObject(place, name), suffix);
        else if (one[name] !== undefined) {
          note(inObject(place, name), `has no meaning${suffix}; leave it out`);
        }
      }
      if (schema.additionalProperties) {
        for (const [name, each] of Object.entries(one)) {
          look(schema.additionalProperties, each, inObject(place, name), suffix);
        }
      }
    }
  }

  function note(place: string, text: string): void {
    (found[place] ??= []).push(text);
  }
}

function* textMistakes(schema: Schema, text: string): Generator<string> {
  const { length } = [...text];
  if (schema.maxLength !== undefined && length > schema.maxLength) {
    yield `must have at most ${schema.maxLength} characters, this one has ${length}`;
  }
  if (schema.enum && !schema.enum.includes(text)) yield `must be one of ${schema.enum.join(", ")}`;
}

/** The API's list of mistakes by their places; under "" what is about no field. */
export function placed(problems: string[]): Mistakes {
  const found: Mistakes = {};
  for (const problem of problems) {
    const [, place = "", text = problem] =
      /^([A-Za-z]+(?:\.[A-Za-z]+|\[\d+\]|\['.*?'\])*): (.*)$/s.exec(problem) ?? [];
    (found[place] ??= []).push(text);
  }
  return found;
}

/** What people call a key: `organizationalUnit` is "Organizational unit". */
export function label(key: string): string {
  const words = key.replace(/([A-Z])/g, (one) => ` ${one.toLowerCase()}`);
  return (words[0]!.toUpperCase() + words.slice(1)).replace(/\b(iam|id)\b/gi, (one) =>
    one.toUpperCase(),
  );
}
