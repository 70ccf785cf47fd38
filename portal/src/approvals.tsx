// What waits for somebody's yes or no.
import type { RequestDetails, RequestPage } from "built/api";
import { useState } from "preact/hooks";
import { type Refusal, refusalOf } from "./api";
import { useApi } from "./app";
import { useLive } from "./live";
import { Heading, Refusals, Time } from "./parts";
import { RequestTable } from "./requests";

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

/** Yes or no to a request that waits, with who has decided so far. */
export function Decision(props: { request: RequestDetails; onDone: () => void }) {
  const api = useApi();
  const { request } = props;
  const [reason, setReason] = useState("");
  const [refusal, setRefusal] = useState<Refusal>();
  const [isBusy, setBusy] = useState(false);
  const path = `/requests/${encodeURIComponent(request.requestId)}`;
  const decide = (what: "approve" | "reject") => async () => {
    setBusy(true);
    setRefusal(undefined);
    try {
      await api.post(`${path}/${what}`, reason ? { reason } : {}, crypto.randomUUID());
      props.onDone();
    } catch (error) {
      setRefusal(refusalOf(error));
    }
    setBusy(false);
  };
  return (
    <section class="box waits" aria-labelledby="approval">
      <h2 id="approval">It waits for approval</h2>
      {request.expiresAt && (
        <p>
          Until <Time at={request.expiresAt} />
        </p>
      )}
      <div class="field">
        <label for="decision">Reason (required to reject)</label>
        <input
          id="decision"
          value={reason}
          onInput={({ currentTarget: { value } }) => setReason(value)}
        />
      </div>
      <Refusals refusal={refusal} />
      <p class="actions">
        <button class="main" disabled={isBusy} onClick={() => void decide("approve")()}>
          Approve
        </button>
        <button disabled={isBusy || !reason} onClick={() => void decide("reject")()}>
          Reject
        </button>
      </p>
    </section>
  );
}
