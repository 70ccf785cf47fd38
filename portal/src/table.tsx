// Rows in columns, and lists of the API, which come page by page.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Api, Refusal } from "./api";
import { useApi } from "./calls";
import { useLive } from "./live";

/** What a column is called, and what it has of a row; the first one says what the row is about. */
export type Column<T> = {
  title: string;
  of: (row: T) => ComponentChildren;
  isNumber?: boolean;
};

/**
 * A table, whose cells carry their column's name where a phone shows them one below another. There
 * the roles say what it is: to some browsers a table is none once it is laid out otherwise.
 */
export function Table<T>(props: {
  columns: Column<T>[];
  rows: T[];
  keyOf: (row: T) => string;
  class?: string;
}) {
  const { columns, rows, keyOf } = props;
  return (
    <table role="table" class={props.class}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ title, isNumber }) => (
            <th
              key={title}
              scope="col"
              role="columnheader"
              class={isNumber ? "number" : undefined}
            >
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr key={keyOf(row)} role="row">
            {columns.map(({ title, of, isNumber }, index) =>
              index === 0 ? (
                <th key={title} scope="row" role="rowheader">
                  {of(row)}
                </th>
              ) : (
                <td
                  key={title}
                  role="cell"
                  data-label={title}
                  class={isNumber ? "number" : undefined}
                >
                  {of(row)}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const FEW = 20;
const MANY = 100; // the API's largest page

type Page = { nextCursor: string | null };
type Query = Record<string, string>;

/** Where a list comes from: the path, what its pages are asked for, and what they have. */
export type Source<P extends Page, T> = {
  path: string;
  query?: Query;
  rowsOf: (page: P) => T[];
  keyOf: (row: T) => string;
};

export type List<P, T> = {
  head: P | undefined; // the first page
  rows: T[] | undefined;
  refusal: Refusal | undefined;
  reload: () => void;
  more: ComponentChildren; // a button, where there is more
};

/**
 * A list's rows, anew after each pause of `pause(head)` milliseconds, and later the more pages
 * there are; null ends it. It has `first` rows at most, until somebody wants to see more.
 */
export function useList<P extends Page, T>(
  source: Source<P, T>,
  pause: (head: P | undefined) => number | null,
  first = FEW,
): List<P, T> {
  const api = useApi();
  const [wanted, setWanted] = useState(first);
  const { data, refusal, reload } = useLive(
    JSON.stringify([source.path, source.query]),
    () => loaded(api, source, wanted),
    (found) => {
      const wait = pause(found?.head);
      return wait && wait * Math.ceil(wanted / MANY);
    },
  );
  const next = useRef<{ list: Element | null; at: number } | undefined>(undefined);
  const longer = (button: HTMLButtonElement) => {
    next.current = { list: button.previousElementSibling, at: data?.rows.length ?? 0 };
    setWanted(wanted < MANY ? MANY : wanted + MANY);
    reload();
  };
  // The button may be gone: whoever pressed it by a keyboard goes on at what it has brought.
  useEffect(() => {
    const { list, at } = next.current ?? { list: null, at: 0 };
    const brought = list?.querySelectorAll<HTMLElement>("tbody > tr, li[value]")[at];
    if (!brought) return;
    next.current = undefined;
    brought.tabIndex = -1;
    (brought.querySelector("a") ?? brought).focus();
  }, [data]);
  return {
    head: data?.head,
    rows: data?.rows,
    refusal,
    reload,
    more: data?.isMore && (
      <button onClick={({ currentTarget }) => longer(currentTarget)}>Show more</button>
    ),
  };
}

/** As many rows as are wanted, and whether there are more. What moves meanwhile is there once. */
async function loaded<P extends Page, T>(api: Api, source: Source<P, T>, wanted: number) {
  const { path, query, rowsOf, keyOf } = source;
  const page = (limit: number, cursor?: string) =>
    api.get<P>(path, { ...query, limit: String(Math.min(limit, MANY)), cursor });
  const rows = new Map<string, T>();
  const keep = (found: T[]) => {
    for (const row of found) rows.set(keyOf(row), row);
    return found.length;
  };
  const head = await page(wanted);
  let last = head;
  let missing = wanted - keep(rowsOf(head));
  while (last.nextCursor && missing > 0) {
    last = await page(missing, last.nextCursor);
    missing -= keep(rowsOf(last));
  }
  return { head, rows: [...rows.values()], isMore: last.nextCursor !== null };
}
