// Small parts that several views are made of.
import type { RecordedError } from "built/api";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Refusal, refusalOf } from "./api";

const TONES: Record<string, string> = {
  VENDED: "good",
  ACTIVE: "good",
  SUCCEEDED: "good",
  FAILED: "bad",
  REJECTED: "bad",
  STOPPED: "bad",
  AWAITING_APPROVAL: "waits",
  AWAITING_CODE: "waits",
  INVITED: "waits",
  RETIRING: "waits",
  CLOSING: "waits",
  SUPERSEDED: "quiet",
  CLOSED: "quiet",
  DEPARTED: "quiet",
};

const OWNERS: Record<string, string> = {
  retry: "nobody: it passes",
  requester: "whoever asked",
  administrator: "whoever operates account vending",
  "aws-support": "AWS Support",
};

/** A state in words, whose colour says nothing that the words do not. */
export function State({ state }: { state: string }) {
  return (
    <span class={`state ${TONES[state] ?? "runs"}`}>{state.toLowerCase().replace(/_/g, " ")}</span>
  );
}

/** What the view is about; the window's title says it, too. */
export function Heading({ children }: { children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${heading.current?.textContent} · Account vending`;
  });
  return <h1 ref={heading}>{children}</h1>;
}

export function Time({ at }: { at: string | null | undefined }) {
  if (!at) return <>–</>;
  const time = new Date(at);
  return (
    <time dateTime={at} title={at}>
      {time.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" })}
    </time>
  );
}

export function seconds(from: string, to: string | null): string {
  const took = (new Date(to ?? Date.now()).getTime() - new Date(from).getTime()) / 1000;
  if (took < 60) return `${Math.max(took, 0).toFixed(1)} s`;
  if (took < 3600) return `${Math.floor(took / 60)} min ${Math.round(took % 60)} s`;
  return `${Math.floor(took / 3600)} h ${Math.round((took % 3600) / 60)} min`;
}

/** What the API refused, with every mistake and what to do. */
export function Refusals({ refusal }: { refusal: Refusal | undefined }) {
  if (!refusal) return null;
  const { detail, problems, remedy, code } = refusal;
  return (
    <section class="box bad" role="alert">
      {problems.length ? (
        <ul>
          {problems.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      ) : (
        <p>{detail}</p>
      )}
      {remedy && <p>{remedy}</p>}
      {code && <p class="quiet">{code}</p>}
    </section>
  );
}

/** Why something did not go on: what happened, what to do, and who must do it. */
export function Failure({ error }: { error: RecordedError | null }) {
  if (!error) return null;
  return (
    <section class="box bad" aria-labelledby="failure">
      <h2 id="failure">What went wrong</h2>
      <p>{error.message}</p>
      {error.remedy && (
        <p>
          <strong>What to do:</strong> {error.remedy}
        </p>
      )}
      <p class="quiet">
        {[error.code, error.reason].filter(Boolean).join(" / ")}
        {error.owner && <> · who must act: {OWNERS[error.owner] ?? error.owner}</>}
      </p>
    </section>
  );
}

export function Facts({ facts }: { facts: [string, ComponentChildren][] }) {
  const known = facts.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return (
    <dl class="facts">
      {known.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Document(props: { name: string; value: unknown; isOpen?: boolean }) {
  const { name, value, isOpen } = props;
  if (!value) return null;
  return (
    <details open={isOpen}>
      <summary>{name}</summary>
      <pre tabIndex={0} role="region" aria-label={name}>
        {JSON.stringify(value, null, 2)}
      </pre>
    </details>
  );
}

/** A button that does something once, and says why where it could not. */
export function Action(props: { title: string; run: () => Promise<void>; isMain?: boolean }) {
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal>();
  const run = async () => {
    setBusy(true);
    setRefusal(undefined);
    try {
      await props.run();
    } catch (error) {
      setRefusal(refusalOf(error));
    }
    setBusy(false);
  };
  return (
    <>
      <button class={props.isMain ? "main" : ""} disabled={isBusy} onClick={() => void run()}>
        {props.title}
      </button>
      <Refusals refusal={refusal} />
    </>
  );
}

/** A question in a dialog of the browser's own, which keeps the focus and ends with Escape. */
export function Dialog(props: { title: string; children: ComponentChildren; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onClose={props.onClose}>
      <h2 id="dialog-title">{props.title}</h2>
      {props.children}
    </dialog>
  );
}
