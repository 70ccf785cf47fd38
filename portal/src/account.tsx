// One account: its revisions, how it differs, and what can be done about it.
import type { AccountDetails, AccountDrift, AccountRevision } from "built/api";
import { useState } from "preact/hooks";
import { nameOf } from "./accounts";
import { type Refusal, refusalOf } from "./api";
import { Decision, Decisions } from "./approvals";
import { useApi } from "./calls";
import { Action, Dialog, Document, Facts, Failure, Heading, Refusals, State, Time } from "./parts";
import { personOf } from "./requests";
import { type Column, type Source, Table, useList } from "./table";

const PAUSE = 3_000;
const ENDED = ["CLOSED", "DEPARTED"];

function revisionsOf(id: string): Source<AccountDetails, AccountRevision> {
  return {
    path: `/accounts/${id}`,
    rowsOf: (page) => page.revisions,
    keyOf: (one) => String(one.revision),
  };
}

export function AccountView({ id }: { id: string }) {
  const api = useApi();
  const [isRetiring, setRetiring] = useState(false);
  const { head, rows, refusal, reload, more } = useList(revisionsOf(id), (found) =>
    found && ENDED.includes(found.state) ? null : PAUSE,
  );
  if (!head || !rows) {
    return (
      <>
        <Heading>Account {id}</Heading>
        <Refusals refusal={refusal} />
      </>
    );
  }
  const { retirement } = head;
  return (
    <>
      <Heading>
        {nameOf(head)} <span class="quiet">{id}</span>
      </Heading>
      <p role="status">
        <State state={head.state} />
        {head.state === "RETIRING" && retirement?.closesAt && (
          <>
            {" "}
            closes <Time at={retirement.closesAt} />
          </>
        )}
      </p>
      <Refusals refusal={refusal} />
      <p class="actions">
        {head.requestId && head.state === "ACTIVE" && (
          <>
            <a class="button" href={`#/accounts/${id}/change`}>
              Change
            </a>
            <button onClick={() => setRetiring(true)}>Retire …</button>
          </>
        )}
        {head.requestId && ["AWAITING_APPROVAL", "RETIRING"].includes(head.state) && (
          <Action
            title={head.state === "RETIRING" ? "Restore" : "Cancel retirement"}
            run={async () => {
              await api.post(`/accounts/${id}/restore`, undefined, crypto.randomUUID());
              reload();
            }}
          />
        )}
      </p>
      {retirement && <Failure error={retirement.error} />}
      {head.state === "AWAITING_APPROVAL" && retirement && (
        <Decision
          title="Its retirement waits for approval"
          path={`/accounts/${id}`}
          approval={retirement.approval}
          onDone={reload}
        />
      )}
      <Facts
        facts={[
          ["Organizational unit", String(head.document?.organizationalUnit ?? "")],
          ["Revision", head.revision],
          ["Request", head.requestId && <RequestLink id={head.requestId} />],
          ["Changed at", <Time at={head.updatedAt} />],
          ["Reason to retire", retirement?.reason],
          ["Retirement requested by", retirement && personOf(retirement.requestedBy)],
        ]}
      />
      <Decisions approval={retirement?.approval} />
      {head.drift && <Drift drift={head.drift} />}
      <Document name="Its document" value={head.document} />
      <h2>Revisions</h2>
      {!head.requestId && <p>It was never vended.</p>}
      <ol class="revisions">
        {rows.map((one) => (
          <Revision key={one.revision} revision={one} />
        ))}
      </ol>
      {more}
      {isRetiring && (
        <Retire
          name={nameOf(head)}
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
      <Table columns={keys.map(differenceOf)} rows={drift.differences} keyOf={JSON.stringify} />
    </section>
  );
}

function differenceOf(key: string): Column<Record<string, string>> {
  return { title: key, of: (one) => one[key] ?? "–" };
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
