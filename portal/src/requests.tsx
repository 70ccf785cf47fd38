// The requests, by state, with live states.
import type { RequestPage, RequestRecord } from "built/api";
import { useState } from "preact/hooks";
import { Heading, Refusals, State, Time } from "./parts";
import { type Column, type Source, Table, useList } from "./table";

const PAUSE = 5_000;
const STATES = [
  "REQUESTED",
  "AWAITING_APPROVAL",
  "QUEUED",
  "CREATING",
  "INVITED",
  "BASELINING",
  "AWAITING_CODE",
  "VENDED",
  "FAILED",
  "REJECTED",
  "SUPERSEDED",
] satisfies RequestRecord["state"][];

export function Requests() {
  const [state, setState] = useState("");
  const [unit, setUnit] = useState("");
  const [typed, setTyped] = useState("");
  const { rows, refusal, more } = useList(
    requestsOf({ state, organizationalUnit: unit }),
    () => PAUSE,
  );
  return (
    <>
      <Heading>Requests</Heading>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label>
          State{" "}
          <select value={state} onChange={({ currentTarget: { value } }) => setState(value)}>
            <option value="">all</option>
            {STATES.map((one) => (
              <option key={one} value={one}>
                {one.toLowerCase().replace(/_/g, " ")}
              </option>
            ))}
          </select>
        </label>
        <label>
          Organizational unit{" "}
          <input
            placeholder="/Workloads"
            value={typed}
            onInput={({ currentTarget: { value } }) => setTyped(value)}
            onChange={({ currentTarget: { value } }) => setUnit(value)}
          />
        </label>
      </form>
      <Refusals refusal={refusal} />
      {rows &&
        (rows.length ? (
          <RequestTable requests={rows} />
        ) : (
          <p>{state || unit ? "No request matches." : "No requests yet."}</p>
        ))}
      {more}
    </>
  );
}

const COLUMNS: Column<RequestRecord>[] = [
  {
    title: "Account",
    of: (one) => <a href={`#/requests/${encodeURIComponent(one.requestId)}`}>{titleOf(one)}</a>,
  },
  { title: "State", of: (one) => <State state={one.state} /> },
  { title: "Organizational unit", of: (one) => String(one.request?.organizationalUnit ?? "–") },
  { title: "Requested by", of: (one) => personOf(one.requestedBy) },
  { title: "Changed", of: (one) => <Time at={one.updatedAt} /> },
];

const keyOf = (one: RequestRecord) => one.requestId;

/** The requests that fit the query. */
export function requestsOf(query: Record<string, string>): Source<RequestPage, RequestRecord> {
  return { path: "/requests", query, rowsOf: (page) => page.requests, keyOf };
}

export function RequestTable({ requests }: { requests: RequestRecord[] }) {
  return <Table columns={COLUMNS} rows={requests} keyOf={keyOf} />;
}

export function titleOf(one: RequestRecord): string {
  const asked = one.request?.account as { email?: string; accountId?: string } | undefined;
  return one.accountName ?? one.accountId ?? asked?.email ?? asked?.accountId ?? one.requestId;
}

/** Without the issuer, which is the same for all. */
export function personOf(name: string | null): string {
  return name?.split("#").pop()?.split("/").pop() ?? "–";
}
