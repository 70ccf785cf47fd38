// Fields for whatever the request's JSON Schema has, with what is wrong beside each.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import {
  type Fields,
  type Mistakes,
  type Schema,
  type Value,
  applying,
  inObject,
  label,
  resolved,
} from "./schema";

const FIRST = ["source", "account", "organizationalUnit", "tags"];
const LONG = 1000; // characters from which a text has several lines

export type Form = {
  root: Schema;
  /** Whether what is wrong with a place is worth saying: somebody was there. */
  isTouched: (place: string) => boolean;
  mistakes: Mistakes;
  onTouch: (place: string) => void;
};

type FieldProps<T> = {
  form: Form;
  schema: Schema;
  place: string;
  name: string;
  value: T;
  isRequired?: boolean;
  onChange: (value: Value) => void;
};

/** The whole request; `without` are keys that are not asked for. */
export function RequestFields(props: {
  form: Form;
  value: Fields;
  without: string[];
  onChange: (value: Fields) => void;
}) {
  const { form, value, onChange } = props;
  const keys = Object.keys(form.root.properties!).filter((key) => !props.without.includes(key));
  const conditions = applying(form.root, value).map((one) => one.then);
  const field = (key: string) => (
    <AnyField
      key={key}
      form={form}
      conditions={conditions}
      schema={form.root.properties![key]!}
      place={key}
      name={label(key)}
      value={value[key]}
      isRequired={form.root.required?.includes(key)}
      onChange={(one) => onChange({ ...value, [key]: one })}
    />
  );
  const more = keys.filter((key) => !FIRST.includes(key));
  return (
    <>
      {FIRST.filter((key) => keys.includes(key)).map(field)}
      <details open={more.some((key) => value[key] !== undefined)}>
        <summary>More: {more.map((key) => label(key).toLowerCase()).join(", ")}</summary>
        {more.map(field)}
      </details>
    </>
  );
}

/** One key; nothing where what is chosen elsewhere leaves it no meaning. */
function AnyField(props: FieldProps<Value> & { conditions: Schema[] }) {
  const { form, conditions, place } = props;
  const schema = resolved(props.schema, form.root);
  const own = conditions.map((one) => at(one, place));
  if (own.some((one) => one?.type === "null")) return null;
  const isRequired = props.isRequired;
  if (schema.type === "object" && schema.properties) {
    const isOptional = props.schema.anyOf?.some((one) => one.type === "null");
    if (isOptional && !props.value) {
      return (
        <p>
          <button type="button" onClick={() => props.onChange({})}>
            Add {props.name.toLowerCase()}
          </button>{" "}
          <Description {...props} />
        </p>
      );
    }
    const value = (props.value ?? {}) as Fields;
    const required = [schema, ...own].flatMap((one) => one?.required ?? []);
    return (
      <Group {...props} schema={schema}>
        {Object.entries(schema.properties).map(([key, inner]) => (
          <AnyField
            key={key}
            form={form}
            conditions={conditions}
            schema={inner}
            place={inObject(place, key)}
            name={label(key)}
            value={value[key]}
            isRequired={required.includes(key)}
            onChange={(one) => props.onChange({ ...value, [key]: one })}
          />
        ))}
        {isOptional && (
          <button type="button" class="quiet" onClick={() => props.onChange(undefined)}>
            Remove {props.name.toLowerCase()}
          </button>
        )}
      </Group>
    );
  }
  if (schema.type === "object") {
    return <Pairs {...props} schema={schema} value={(props.value ?? {}) as Fields} />;
  }
  if (schema.type === "array") {
    const value = (props.value ?? []) as Value[];
    return schema.items?.enum ? (
      <Choices {...props} schema={schema} value={value} />
    ) : (
      <Rows {...props} schema={schema} value={value} />
    );
  }
  return <Input {...props} schema={schema} isRequired={isRequired} />;
}

/** What a condition says of a place. */
function at(condition: Schema, place: string): Schema | undefined {
  let found: Schema | undefined = condition;
  for (const key of place.split(".")) found = found?.properties?.[key];
  return found;
}

function Group(props: FieldProps<Value> & { children: ComponentChildren }) {
  return (
    <fieldset>
      <legend>{props.name}</legend>
      <Description {...props} />
      <Wrong {...props} />
      {props.children}
    </fieldset>
  );
}

function Input(props: FieldProps<Value>) {
  const { form, schema, place, name, value, onChange } = props;
  const id = idOf(place);
  const wrong = wrongWith(form, place);
  const common = {
    id,
    name: place,
    required: props.isRequired,
    "aria-invalid": wrong.length > 0,
    "aria-describedby": `${id}-is ${id}-wrong`,
    onBlur: () => form.onTouch(place),
  };
  const text = value === undefined || value === null ? "" : String(value);
  const set = (event: { currentTarget: { value: string } }) => onChange(event.currentTarget.value);
  return (
    <div class="field">
      <label for={id}>
        {name}
        {props.isRequired && <span class="quiet"> (required)</span>}
      </label>
      {schema.enum ? (
        <select {...common} value={text || String(schema.default ?? "")} onChange={set}>
          {schema.default === undefined && <option value="">–</option>}
          {schema.enum.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      ) : schema.type === "integer" ? (
        <input
          {...common}
          type="number"
          min={schema.minimum}
          value={text}
          onInput={({ currentTarget: { value: given } }) =>
            onChange(given === "" ? undefined : Number(given))
          }
        />
      ) : schema.maxLength !== undefined && schema.maxLength > LONG && !schema.pattern ? (
        <textarea {...common} rows={6} value={text} onInput={set} />
      ) : (
        <input
          {...common}
          inputMode={schema.format === "email" ? "email" : "text"}
          placeholder={schema.default === undefined ? "" : String(schema.default ?? "")}
          value={text}
          spellcheck={false}
          autocomplete="off"
          onInput={set}
        />
      )}
      <Description {...props} />
      <Wrong {...props} />
    </div>
  );
}

/** Some of a few. */
function Choices(props: FieldProps<Value[]>) {
  const { form, schema, place, value, onChange } = props;
  const options = schema.items!.enum!;
  return (
    <Group {...props}>
      {options.map((one) => (
        <label key={one} class="choice">
          <input
            type="checkbox"
            checked={value.includes(one)}
            onChange={({ currentTarget: { checked } }) => {
              form.onTouch(place);
              onChange(options.filter((each) => (each === one ? checked : value.includes(each))));
            }}
          />
          {one}
        </label>
      ))}
    </Group>
  );
}

/** A list of texts, or of objects. */
function Rows(props: FieldProps<Value[]>) {
  const { form, schema, place, name, value, onChange } = props;
  const items = resolved(schema.items!, form.root);
  const single = name.replace(/ies$/, "y").replace(/([^s])s$/, "$1");
  return (
    <Group {...props}>
      {value.map((one, index) => (
        <div key={index} class="row">
          <AnyField
            form={form}
            conditions={[]}
            schema={items}
            place={`${place}[${index}]`}
            name={`${single} ${index + 1}`}
            value={one}
            onChange={(next) => onChange(value.map((each, at) => (at === index ? next : each)))}
          />
          <button
            type="button"
            class="quiet"
            aria-label={`Remove ${single.toLowerCase()} ${index + 1}`}
            onClick={() => onChange(value.filter((_, at) => at !== index))}
          >
            Remove
          </button>
        </div>
      ))}
      <button
        type="button"
        disabled={value.length >= (schema.maxItems ?? Infinity)}
        onClick={() => onChange([...value, items.type === "object" ? {} : ""])}
      >
        Add {single.toLowerCase()}
      </button>
    </Group>
  );
}

/** Texts by keys. The rows are kept apart from the object, in which no key can stand twice. */
function Pairs(props: FieldProps<Fields>) {
  const { form, place, name, onChange } = props;
  const [rows, setRows] = useState<[string, string][]>(() =>
    Object.entries(props.value).map(([key, one]) => [key, String(one)]),
  );
  const change = (next: [string, string][]) => {
    setRows(next);
    onChange(Object.fromEntries(next.filter(([key]) => key)));
  };
  const single = name.replace(/s$/, "");
  return (
    <Group {...props}>
      {rows.map((row, index) => {
        const inner = inObject(place, row[0]);
        const wrong = row[0] ? wrongWith(form, inner) : [];
        const id = idOf(`${place}-${index}`);
        return (
          <div key={index} class="row pair">
            {(["key", "value"] as const).map((part, column) => (
              <div class="field" key={part}>
                <label for={`${id}-${part}`}>
                  {single} {index + 1}: {part}
                </label>
                <input
                  id={`${id}-${part}`}
                  value={row[column]}
                  spellcheck={false}
                  autocomplete="off"
                  aria-invalid={wrong.length > 0}
                  aria-describedby={`${id}-wrong`}
                  onBlur={() => form.onTouch(inner)}
                  onInput={({ currentTarget: { value } }) =>
                    change(
                      rows.map((each, at) =>
                        at !== index ? each : column ? [each[0], value] : [value, each[1]],
                      ),
                    )
                  }
                />
              </div>
            ))}
            <button
              type="button"
              class="quiet"
              aria-label={`Remove ${single.toLowerCase()} ${index + 1}`}
              onClick={() => change(rows.filter((_, at) => at !== index))}
            >
              Remove
            </button>
            <Said id={`${id}-wrong`} texts={wrong} />
          </div>
        );
      })}
      <button type="button" onClick={() => change([...rows, ["", ""]])}>
        Add {single.toLowerCase()}
      </button>
    </Group>
  );
}

function Description({ schema, place }: { schema: Schema; place: string }) {
  return (
    <small id={`${idOf(place)}-is`} class="quiet">
      {schema.description}
    </small>
  );
}

function Wrong({ form, place }: { form: Form; place: string }) {
  return <Said id={`${idOf(place)}-wrong`} texts={wrongWith(form, place)} />;
}

function Said({ id, texts }: { id: string; texts: string[] }) {
  return (
    <div id={id} class="wrong" aria-live="polite">
      {texts.join("; ")}
    </div>
  );
}

function wrongWith(form: Form, place: string): string[] {
  return form.isTouched(place) ? (form.mistakes[place] ?? []) : [];
}

function idOf(place: string): string {
  return `f-${place.replace(/[^A-Za-z0-9]+/g, "-")}`;
}
