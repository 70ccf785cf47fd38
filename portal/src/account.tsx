// One account: its revisions, how it differs, and what can be done about it.
import type { AccountDetails, AccountDrift, AccountRevision } from "built/api";
import { useState } from "preact/hooks";
import { nameOf } from "./accounts";
import { type Refusal, refusalOf } from "./api";
import { Decision, Decisions } from "./approvals";
import { useApi } from "./calls";
import { useLive } from "./live";
import { Action, Dialog, Document, Facts, Failure, Heading, Refusals, State, Time } from "./parts";
import { personOf } from "./requests";

const PAUSE = 3_000;
const ENDED = ["CLOSED", "DEPARTED"];

export function AccountView({ id }: { id: string }) {
  const api = useApi();
  const [isRetiring, setRetiring] = useState(false);
  const { data, refusal, reload } = useLive(
    id,
    () => api.get<AccountDetails>(`/accounts/${id}`),
    (found) => (found && ENDED.includes(found.state) ? null : PAUSE),
  );
  if (!data) {
    return (
      <>
        <Heading>Account {id}</Heading>
        <Refusals refusal={refusal} />
      </>
    );
  }
  const { retirement } = data;
  return (
    <>
      <Heading>
        {nameOf(data)} <span class="quiet">{id}</span>
      </Heading>
      <p role="status">
        <State state={data.state} />
        {data.state === "RETIRING" && retirement?.closesAt && (
          <>
            {" "}
            closes <Time at={retirement.closesAt} />
          </>
        )}
      </p>
      <Refusals refusal={refusal} />
      <p class="actions">
        {data.requestId && data.state === "ACTIVE" && (
          <>
            <a class="button" href={`#/accounts/${id}/change`}>
              Change
            </a>
            <button onClick={() => setRetiring(true)}>Retire …</button>
          </>
        )}
        {data.requestId && ["AWAITING_APPROVAL", "RETIRING"].includes(data.state) && (
          <Action
            title={data.state === "RETIRING" ? "Restore" : "Cancel retirement"}
            run={async () => {
              await api.post(`/accounts/${id}/restore`, undefined, crypto.randomUUID());
              reload();
            }}
          />
        )}
      </p>
      {retirement && <Failure error={retirement.error} />}
      {data.state === "AWAITING_APPROVAL" && retirement && (
        <Decision
          title="Its retirement waits for approval"
          path={`/accounts/${id}`}
          approval={retirement.approval}
          onDone={reload}
        />
      )}
      <Facts
        facts={[
          ["Organizational unit", String(data.document?.organizationalUnit ?? "")],
          ["Revision", data.revision],
          ["Request", data.requestId && <RequestLink id={data.requestId} />],
          ["Changed at", <Time at={data.updatedAt} />],
          ["Reason to retire", retirement?.reason],
          ["Retirement requested by", retirement && personOf(retirement.requestedBy)],
        ]}
      />
      <Decisions approval={retirement?.approval} />
      {data.drift && <Drift drift={data.drift} />}
      <Document name="Its document" value={data.document} />
      <h2>Revisions</h2>
      {!data.requestId && <p>It was never vended.</p>}
      <ol class="revisions">
        {data.revisions.map((one) => (
          <Revision key={one.revision} revision={one} />
        ))}
      </ol>
      {isRetiring && (
        <Retire
          name={nameOf(data)}
          retire={(reason) => api.post(`/accounts/${id}/retire`, { reason }, crypto.randomUUID())}
          onClose={() => {
            setRetiring(false);
            reload();
          }}
        />
      )}
    </>
  );
}

function RequestLink({ id }: { id: string }) {
  return <a href={`#/requests/${encodeURIComponent(id)}`}>{id}</a>;
}

function Drift({ drift }: { drift: AccountDrift }) {
  const keys = [...new Set(drift.differences.flatMap((one) => Object.keys(one)))];
  return (
    <section class="box waits" aria-labelledby="drift">
      <h2 id="drift">It differs from its document</h2>
      <p>
        Since <Time at={drift.at} />
      </p>
      <table>
        <thead>
          <tr>
            {keys.map((key) => (
              <th key={key} scope="col">
                {key}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {drift.differences.map((one, index) => (
            <tr key={index}>
              {keys.map((key) => (
                <td key={key} data-label={key}>
                  {one[key] ?? "–"}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Revision({ revision: one }: { revision: AccountRevision }) {
  return (
    <li value={one.revision}>
      <p>
        <Time at={one.at} /> by {personOf(one.requestedBy)}
      </p>
      {one.changes.length > 0 && (
        <ul>
          {one.changes.map((change) => (
            <li key={String(change)}>{String(change)}</li>
          ))}
        </ul>
      )}
    </li>
  );
}

function Retire(props: {
  name: string;
  retire: (reason: string) => Promise<unknown>;
  onClose: () => void;
}) {
  const [reason, setReason] = useState("");
  const [refusal, setRefusal] = useState<Refusal>();
  const retire = async (event: Event) => {
    event.preventDefault();
    try {
      await props.retire(reason);
      props.onClose();
    } catch (error) {
      setRefusal(refusalOf(error));
    }
  };
  return (
    <Dialog title={`Retire ${props.name}?`} onClose={props.onClose}>
      <p>It is suspended now, and closed after the grace period. Until then it can be restored.</p>
      <form onSubmit={(event) => void retire(event)}>
        <div class="field">
          <label for="reason">Why?</label>
          <input
            id="reason"
            required
            maxLength={512}
            value={reason}
            onInput={({ currentTarget: { value } }) => setReason(value)}
          />
        </div>
        <Refusals refusal={refusal} />
        <p class="actions">
          <button class="main">Retire</button>
          <button type="button" onClick={props.onClose}>
            Keep it
          </button>
        </p>
      </form>
    </Dialog>
  );
}
