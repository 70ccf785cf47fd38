// One request: where it stands, how it got there, and what can be done about it.
import type { RequestDetails, Step } from "built/api";
import { useRef } from "preact/hooks";
import { useApi } from "./calls";
import { Decision, Decisions } from "./approvals";
import { Graph } from "./graph";
import { useLive } from "./live";
import { Action, Document, Facts, Failure, Heading, Refusals, State, Time, seconds } from "./parts";
import { personOf, titleOf } from "./requests";
import { type Column, Table } from "./table";

const FINAL = ["VENDED", "FAILED", "REJECTED", "SUPERSEDED"];
const CANCELLABLE = ["REQUESTED", "AWAITING_APPROVAL", "QUEUED"];
const QUICK = 1_500; // milliseconds, while steps take seconds
const SLOW = 10_000; // once it waits for people or queues
const SOON = 60_000; // what was sent shows by then, or never

export function RequestView({ id }: { id: string }) {
  const api = useApi();
  const began = useRef(Date.now());
  const path = `/requests/${encodeURIComponent(id)}`;
  const { data, refusal, reload } = useLive(
    id,
    () => api.get<RequestDetails>(path),
    (found) => {
      const isEarly = Date.now() - began.current < SOON;
      if (!found) return isEarly ? QUICK : null;
      // The ledger is ahead of the execution's history by the step that writes it.
      if (found.steps.some((one) => one.state === "RUNNING")) {
        return isEarly || isMoving(found.steps) ? QUICK : SLOW;
      }
      if (FINAL.includes(found.state)) return isEarly ? SLOW : null;
      return isEarly ? QUICK : SLOW;
    },
  );
  if (!data) {
    const isAwaited = refusal?.status === 404 && Date.now() - began.current < SOON / 4;
    return (
      <>
        <Heading>Request</Heading>
        {isAwaited ? (
          <p role="status">It will show in a moment …</p>
        ) : (
          <Refusals refusal={refusal} />
        )}
      </>
    );
  }
  const act = (what: string, body?: unknown) => async () => {
    await api.post(`${path}/${what}`, body, crypto.randomUUID());
    began.current = Date.now();
    reload();
  };
  return (
    <>
      <Heading>{titleOf(data)}</Heading>
      <p role="status">
        <State state={data.state} /> {nowOf(data)}
      </p>
      <Refusals refusal={refusal} />
      <Failure error={data.error} />
      <p class="actions">
        {data.state === "FAILED" && <Action title="Resume" run={act("resume")} />}
        {["FAILED", "REJECTED"].includes(data.state) && (
          <a class="button" href={`#/new/${encodeURIComponent(id)}`}>
            Correct and send again
          </a>
        )}
        {CANCELLABLE.includes(data.state) && <Action title="Cancel" run={act("cancel")} />}
      </p>
      {data.state === "AWAITING_APPROVAL" && (
        <Decision
          title="It waits for approval"
          path={path}
          approval={data.approval}
          onDone={reload}
        />
      )}
      <Facts
        facts={[
          ["Account", data.accountId && <AccountLink id={data.accountId} />],
          ["GovCloud account", data.govCloudAccountId],
          ["Source", data.source],
          ["Organizational unit", String(data.request?.organizationalUnit ?? "")],
          ["Revision", data.revision],
          ["Requested by", personOf(data.requestedBy)],
          ["Requested at", <Time at={data.requestedAt} />],
          ["Changed at", <Time at={data.updatedAt} />],
          ["Expires at", data.expiresAt && <Time at={data.expiresAt} />],
          ["Request", data.requestId],
        ]}
      />
      {[...(data.nextSteps ?? []), ...(data.warnings ?? [])].map((one) => (
        <p class="box waits" key={one}>
          {one}
        </p>
      ))}
      <Decisions approval={data.approval} />
      <Document
        name="What was asked"
        value={data.request}
        isOpen={data.state === "AWAITING_APPROVAL"}
      />
      <h2>Progress</h2>
      <div class="progress">
        <Steps steps={data.steps} />
        <Graph steps={data.steps} />
      </div>
    </>
  );
}

function AccountLink({ id }: { id: string }) {
  return <a href={`#/accounts/${id}`}>{id}</a>;
}

function Steps({ steps }: { steps: Step[] }) {
  if (!steps.length) return <p>No step has begun.</p>;
  return <Table class="steps" columns={STEPS} rows={steps} keyOf={(one) => one.step} />;
}

const STEPS: Column<Step>[] = [
  { title: "Step", of: (one) => one.step },
  {
    title: "State",
    of: (one) => (
      <>
        <State state={one.state} />
        {one.attempts > 1 && <span class="quiet"> {one.attempts} attempts</span>}
      </>
    ),
  },
  { title: "Took", of: (one) => seconds(one.startedAt, one.endedAt), isNumber: true },
];

function isMoving(steps: Step[]): boolean {
  const last = steps.at(-1);
  return last !== undefined && Date.now() - new Date(last.startedAt).getTime() < SOON;
}

function nowOf({ state, steps }: RequestDetails): string {
  if (FINAL.includes(state)) return "";
  const running = steps.filter((one) => one.state === "RUNNING").map((one) => one.step);
  return running.length ? `now: ${running.join(", ")}` : "";
}
