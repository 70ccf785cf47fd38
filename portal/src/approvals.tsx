// What waits for somebody's yes or no.
import type { AccountSummary, RecordedApproval, RequestRecord } from "built/api";
import { useState } from "preact/hooks";
import { ACCOUNT, NAME, UNIT, accountsOf } from "./accounts";
import { type Refusal, refusalOf } from "./api";
import { useApi } from "./calls";
import { Heading, Refusals, Time } from "./parts";
import { REQUEST, UNIT_ASKED_FOR, personOf, requestsOf } from "./requests";
import { type Column, Table, useList } from "./table";

const PAUSE = 5_000;
const MANY = 100;
const STATE = { state: "AWAITING_APPROVAL" };
const WAITING = { requests: requestsOf(STATE), retirements: accountsOf(STATE) };

const REQUESTS: Column<RequestRecord>[] = [
  REQUEST,
  { title: "Source", of: (one) => one.source },
  UNIT_ASKED_FOR,
  { title: "Requested by", of: (one) => personOf(one.requestedBy) },
  { title: "Approved by", of: (one) => approversOf(one.approval) },
  { title: "Until", of: (one) => <Time at={one.approval?.expiresAt} /> },
];

const RETIREMENTS: Column<AccountSummary>[] = [
  ACCOUNT,
  NAME,
  UNIT,
  { title: "Reason", of: (one) => one.retirement?.reason ?? "–" },
  { title: "Requested by", of: (one) => personOf(one.retirement?.requestedBy ?? null) },
  { title: "Approved by", of: (one) => approversOf(one.retirement?.approval) },
  { title: "Until", of: (one) => <Time at={one.retirement?.approval?.expiresAt} /> },
];

function approversOf(approval: RecordedApproval | null | undefined): string {
  const given = approval?.decisions.filter((one) => one.decision === "APPROVED") ?? [];
  return given.map((one) => personOf(one.by)).join(", ") || "nobody yet";
}

export function Approvals() {
  const requests = useList(WAITING.requests, () => PAUSE, MANY);
  const retirements = useList(WAITING.retirements, () => PAUSE, MANY);
  const waits = [requests, retirements].map((one) => one.rows?.length);
  return (
    <>
      <Heading>Approvals</Heading>
      <p>What waits for approval. Open a request or an account to see more, and to decide.</p>
      <Refusals refusal={requests.refusal ?? retirements.refusal} />
      {waits.every((count) => count === 0) && <p>Nothing waits for approval.</p>}
      {requests.rows && requests.rows.length > 0 && (
        <section aria-labelledby="requests">
          <h2 id="requests">Requests</h2>
          <Table columns={REQUESTS} rows={requests.rows} keyOf={WAITING.requests.keyOf} />
          {requests.more}
        </section>
      )}
      {retirements.rows && retirements.rows.length > 0 && (
        <section aria-labelledby="retirements">
          <h2 id="retirements">Retirements</h2>
          <Table columns={RETIREMENTS} rows={retirements.rows} keyOf={WAITING.retirements.keyOf} />
          {retirements.more}
        </section>
      )}
    </>
  );
}

/** Yes or no to what waits at this path, with what is wanted. */
export function Decision(props: {
  title: string;
  path: string;
  approval: RecordedApproval | null;
  onDone: () => void;
}) {
  const api = useApi();
  const { title, path, approval } = props;
  const [reason, setReason] = useState("");
  const [refusal, setRefusal] = useState<Refusal>();
  const [isBusy, setBusy] = useState(false);
  const decide = async (what: "approve" | "reject") => {
    setBusy(true);
    setRefusal(undefined);
    try {
      // Of what was shown here, and of nothing that it was changed to meanwhile.
      const body = { content: approval?.content, ...(reason ? { reason } : {}) };
      await api.post(`${path}/${what}`, body, crypto.randomUUID());
      props.onDone();
    } catch (error) {
      setRefusal(refusalOf(error));
    }
    setBusy(false);
  };
  return (
    <section class="box waits" aria-labelledby="approval">
      <h2 id="approval">{title}</h2>
      {approval && <Wanted approval={approval} />}
      <div class="field">
        <label for="decision">Reason (required to reject)</label>
        <input
          id="decision"
          value={reason}
          maxLength={512}
          onInput={({ currentTarget: { value } }) => setReason(value)}
        />
      </div>
      <Refusals refusal={refusal} />
      <p class="actions">
        <button class="main" disabled={isBusy} onClick={() => void decide("approve")}>
          Approve
        </button>
        <button disabled={isBusy || !reason} onClick={() => void decide("reject")}>
          Reject
        </button>
      </p>
    </section>
  );
}

function Wanted({ approval }: { approval: RecordedApproval }) {
  return (
    <>
      <ul>
        {approval.needs.map(({ rule, approvals, by }) => (
          <li key={rule}>
            The rule {rule} wants {approvals === 1 ? "an approval" : `${approvals} approvals`}
            {` by ${by.join(" or ")}.`}
          </li>
        ))}
      </ul>
      <p>
        Until <Time at={approval.expiresAt} />
      </p>
    </>
  );
}

/** Who decided what, and why; nothing where no approval was needed. */
export function Decisions({ approval }: { approval: RecordedApproval | null | undefined }) {
  if (!approval?.decisions.length) return null;
  return (
    <>
      <h2>Decisions</h2>
      <ul>
        {approval.decisions.map((one) => (
          <li key={one.at}>
            {one.decision === "APPROVED" ? "Approved" : "Rejected"} by {personOf(one.by)},{" "}
            <Time at={one.at} />
            {one.reason && <>: {one.reason}</>}
          </li>
        ))}
      </ul>
    </>
  );
}
