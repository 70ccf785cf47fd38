// What waits for somebody's yes or no.
import type { RecordedApproval, RequestDetails, RequestPage } from "built/api";
import { useState } from "preact/hooks";
import { type Refusal, refusalOf } from "./api";
import { useApi } from "./calls";
import { useLive } from "./live";
import { Heading, Refusals, Time } from "./parts";
import { RequestTable, personOf } from "./requests";

const PAUSE = 5_000;

export function Approvals() {
  const api = useApi();
  const { data, refusal } = useLive(
    "approvals",
    () => api.get<RequestPage>("/requests", { state: "AWAITING_APPROVAL", limit: "100" }),
    () => PAUSE,
  );
  return (
    <>
      <Heading>Approvals</Heading>
      <p>Requests that wait for approval. Open one to see what it asks for, and to decide.</p>
      <Refusals refusal={refusal} />
      {data &&
        (data.requests.length ? (
          <RequestTable requests={data.requests} />
        ) : (
          <p>Nothing waits for approval.</p>
        ))}
    </>
  );
}

/** Yes or no to a request that waits, with what is wanted and who has decided so far. */
export function Decision(props: { request: RequestDetails; onDone: () => void }) {
  const api = useApi();
  const { request } = props;
  const { approval } = request;
  const [reason, setReason] = useState("");
  const [refusal, setRefusal] = useState<Refusal>();
  const [isBusy, setBusy] = useState(false);
  const path = `/requests/${encodeURIComponent(request.requestId)}`;
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
      <h2 id="approval">It waits for approval</h2>
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
