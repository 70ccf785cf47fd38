// The requests, by state, with live states.
import type { RequestPage, RequestRecord } from "built/api";
import { useState } from "preact/hooks";
import { useApi } from "./calls";
import { useLive } from "./live";
import { Heading, Refusals, State, Time, useLength } from "./parts";

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
  const api = useApi();
  const [state, setState] = useState("");
  const [unit, setUnit] = useState("");
  const [typed, setTyped] = useState("");
  const [limit, more] = useLength();
  const { data, refusal, reload } = useLive(
    `${state} ${unit}`,
    () =>
      api.get<RequestPage>("/requests", {
        state,
        organizationalUnit: unit,
        limit: String(limit),
      }),
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
      {data &&
        (data.requests.length ? (
          <RequestTable requests={data.requests} />
        ) : (
          <p>{state || unit ? "No request matches." : "No requests yet."}</p>
        ))}
      {more(Boolean(data?.nextCursor), reload)}
    </>
  );
}

export function RequestTable({ requests }: { requests: RequestRecord[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Account</th>
          <th scope="col">State</th>
          <th scope="col">Organizational unit</th>
          <th scope="col">Requested by</th>
          <th scope="col">Changed</th>
        </tr>
      </thead>
      <tbody>
        {requests.map((one) => (
          <tr key={one.requestId}>
            <th scope="row">
              <a href={`#/requests/${encodeURIComponent(one.requestId)}`}>{titleOf(one)}</a>
            </th>
            <td data-label="State">
              <State state={one.state} />
            </td>
            <td data-label="Organizational unit">
              {String(one.request?.organizationalUnit ?? "–")}
            </td>
            <td data-label="Requested by">{personOf(one.requestedBy)}</td>
            <td data-label="Changed">
              <Time at={one.updatedAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function titleOf(one: RequestRecord): string {
  const asked = one.request?.account as { email?: string; accountId?: string } | undefined;
  return one.accountName ?? one.accountId ?? asked?.email ?? asked?.accountId ?? one.requestId;
}

/** Without the issuer, which is the same for all. */
export function personOf(name: string | null): string {
  return name?.split("#").pop()?.split("/").pop() ?? "–";
}
