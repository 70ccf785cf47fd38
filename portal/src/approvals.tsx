// What waits for somebody's yes or no.
import type { RecordedApproval } from "built/api";
import { useState } from "preact/hooks";
import { RetirementTable, accountsOf } from "./accounts";
import { type Refusal, refusalOf } from "./api";
import { useApi } from "./calls";
import { Heading, Refusals, Time } from "./parts";
import { RequestTable, personOf, requestsOf } from "./requests";
import { useList } from "./table";

const PAUSE = 5_000;
const MANY = 100;
const WAITING = { state: "AWAITING_APPROVAL" };

export function Approvals() {
  const requests = useList(requestsOf(WAITING), () => PAUSE, MANY);
  const retirements = useList(accountsOf(WAITING), () => PAUSE, MANY);
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
          <RequestTable requests={requests.rows} />
          {requests.more}
        </section>
      )}
      {retirements.rows && retirements.rows.length > 0 && (
        <section aria-labelledby="retirements">
          <h2 id="retirements">Retirements</h2>
          <RetirementTable accounts={retirements.rows} />
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
            The rule {rule} wants {approvals} of {by.join(", ")}.
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
