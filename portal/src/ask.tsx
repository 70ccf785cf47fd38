// Asking for an account, or for a change of one: fields, what it would do, and the sending of it.
import type { AccountDetails, Plan, RequestDetails, Started } from "built/api";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Refusal, Refused, refusalOf } from "./api";
import { useApi } from "./calls";
import { RequestFields } from "./form";
import { useLive } from "./live";
import { Heading, Refusals } from "./parts";
import { PlanText } from "./plan";
import { type Fields, type Mistakes, type Schema, mistakesIn, placed, pruned } from "./schema";

const TYPING = 600; // milliseconds without a key before the API is asked
const OWN = ["requestedBy"];

export function NewRequest({ like }: { like: string | undefined }) {
  const api = useApi();
  const { data, refusal } = useLive(
    `schema ${like}`,
    async () => ({
      schema: await api.get<Schema>("/schema"),
      request: like
        ? (await api.get<RequestDetails>(`/requests/${encodeURIComponent(like)}`)).request
        : {},
    }),
    () => null,
  );
  return (
    <>
      <Heading>{like ? "Correct a request" : "New request"}</Heading>
      <Refusals refusal={refusal} />
      {data && (
        <Ask
          schema={data.schema}
          first={(data.request ?? {}) as Fields}
          without={[...OWN, "ifRevision"]}
          send={async (request, key) =>
            `#/requests/${(await api.post<Started>("/requests", request, key)).requestId}`
          }
        />
      )}
    </>
  );
}

export function ChangeAccount({ id }: { id: string }) {
  const api = useApi();
  const { data, refusal } = useLive(
    `change ${id}`,
    async () => ({
      schema: await api.get<Schema>("/schema"),
      account: await api.get<AccountDetails>(`/accounts/${id}`),
    }),
    () => null,
  );
  return (
    <>
      <Heading>Change account {id}</Heading>
      <Refusals refusal={refusal} />
      {data && (
        <Ask
          schema={data.schema}
          // Somebody else's change in between refuses this one.
          first={{ ...(data.account.document as Fields), ifRevision: data.account.revision }}
          without={[...OWN, "source", "requestId", "ifRevision"]}
          send={async (request, key) =>
            `#/requests/${(await api.put<Started>(`/accounts/${id}`, request, key)).requestId}`
          }
        />
      )}
    </>
  );
}

function Ask(props: {
  schema: Schema;
  first: Fields;
  without: string[];
  send: (request: Fields, key: string) => Promise<string>;
}) {
  const { schema, without } = props;
  const api = useApi();
  const [value, setValue] = useState(props.first);
  const [touched, setTouched] = useState(new Set<string>());
  // Once the plan was asked for, whatever is wrong is shown.
  const [isReviewed, setReviewed] = useState(false);
  const [answer, setAnswer] = useState<{ about: string; mistakes: Mistakes; plan?: Plan }>();
  const [refusal, setRefusal] = useState<Refusal>();
  const [isPlanShown, setPlanShown] = useState(false);
  const [isBusy, setBusy] = useState(false);
  // The same for every attempt to send the same, so that a repetition is none.
  const key = useRef({ about: "", key: "" });
  const form = useRef<HTMLFormElement>(null);

  const request = (pruned(value) ?? {}) as Fields;
  if (!request.account) request.account = {};
  const about = JSON.stringify(request);
  const isKnown = answer?.about === about;
  const mistakes = isKnown ? answer.mistakes : mistakesIn(schema, request);

  const ask = async (): Promise<Plan | undefined> => {
    try {
      const plan = await api.post<Plan>("/plan", request);
      setAnswer({ about, mistakes: {}, plan });
      setRefusal(undefined);
      return plan;
    } catch (error) {
      const refused = refusalOf(error);
      if (error instanceof Refused && refused.problems.length) {
        setAnswer({ about, mistakes: placed(refused.problems) });
      }
      setRefusal(refused);
      return undefined;
    }
  };

  useEffect(() => {
    if (!touched.size || isKnown) return;
    const timer = setTimeout(() => void ask(), TYPING);
    return () => clearTimeout(timer);
  }, [about, touched]);

  const review = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const plan = await ask();
    setBusy(false);
    setReviewed(true);
    setPlanShown(plan !== undefined);
    if (!plan) {
      requestAnimationFrame(() =>
        form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus(),
      );
    }
  };

  const send = async () => {
    if (key.current.about !== about) key.current = { about, key: crypto.randomUUID() };
    setBusy(true);
    try {
      location.hash = await props.send(request, key.current.key);
    } catch (error) {
      setRefusal(refusalOf(error));
      setBusy(false);
    }
  };

  if (isPlanShown && answer?.plan) {
    return (
      <section class="plan" aria-labelledby="plan">
        <h2 id="plan" tabIndex={-1} ref={(heading) => heading?.focus()}>
          What this will do
        </h2>
        <PlanText plan={answer.plan} />
        <Refusals refusal={refusal} />
        <p class="actions">
          <button class="main" disabled={isBusy} onClick={() => void send()}>
            Send the request
          </button>
          <button onClick={() => setPlanShown(false)}>Back to the form</button>
        </p>
      </section>
    );
  }
  const isSaid = isReviewed || refusal?.status !== 400;
  return (
    <form ref={form} class="ask" onSubmit={(event) => void review(event)} noValidate>
      <RequestFields
        form={{
          root: schema,
          isTouched: (place) => isReviewed || touched.has(place),
          mistakes,
          onTouch: (place) => setTouched((before) => new Set([...before, place])),
        }}
        value={value}
        without={without}
        onChange={setValue}
      />
      {isSaid && <Refusals refusal={refusal} />}
      <p class="actions">
        <button class="main" disabled={isBusy}>
          Show the plan
        </button>
      </p>
    </form>
  );
}
