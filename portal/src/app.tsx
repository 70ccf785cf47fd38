// The page's frame: who is signed in, where one can go, and the view that the address names.
import { useEffect, useRef, useState } from "preact/hooks";
import { AccountView } from "./account";
import { Accounts } from "./accounts";
import { Api } from "./api";
import { Approvals } from "./approvals";
import { ChangeAccount, NewRequest } from "./ask";
import { Calls } from "./calls";
import { RequestView } from "./request";
import { Requests } from "./requests";
import * as sessions from "./session";

const PLACES = [
  ["requests", "Requests"],
  ["new", "New request"],
  ["accounts", "Accounts"],
  ["approvals", "Approvals"],
] as const;

export function App(props: {
  config: sessions.Config;
  session: sessions.Session | null;
  problem: string;
}) {
  const { config } = props;
  const [session, setSession] = useState(props.session);
  const [problem, setProblem] = useState(props.problem);
  if (!session) return <SignIn config={config} problem={problem} />;
  const leave = (why: string) => {
    sessions.end();
    setProblem(why);
    setSession(null);
  };
  const api = new Api(config.api, session, () => leave("Your session has ended."));
  return (
    <Calls.Provider value={api}>
      <Frame name={session.name} onLeave={() => leave("")} />
    </Calls.Provider>
  );
}

function SignIn({ config, problem }: { config: sessions.Config; problem: string }) {
  return (
    <main class="sign-in">
      <h1>Account vending</h1>
      <p>AWS accounts on request: ask for one, watch it being made, change it, retire it.</p>
      {problem && (
        <p class="box bad" role="alert">
          {problem}
        </p>
      )}
      <button class="main" onClick={() => void sessions.begin(config)}>
        Sign in
      </button>
    </main>
  );
}

function Frame({ name, onLeave }: { name: string; onLeave: () => void }) {
  const path = usePath();
  const main = useRef<HTMLElement>(null);
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current !== path) main.current?.focus();
    shown.current = path;
  }, [path]);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => (event.preventDefault(), main.current?.focus())}
      >
        Skip to the content
      </a>
      <header>
        <strong>Account vending</strong>
        <nav aria-label="Views">
          {PLACES.map(([place, title]) => (
            <a
              key={place}
              href={`#/${place}`}
              aria-current={path[0] !== place ? undefined : path.length === 1 ? "page" : true}
            >
              {title}
            </a>
          ))}
        </nav>
        <span class="who">
          {name} <button onClick={onLeave}>Sign out</button>
        </span>
      </header>
      <main ref={main} id="main" tabIndex={-1}>
        <View path={path} />
      </main>
    </>
  );
}

function View({ path: [place, id, what] }: { path: string[] }) {
  if (place === "new") return <NewRequest key={id} like={id} />;
  if (place === "accounts" && id && what === "change") return <ChangeAccount id={id} />;
  if (place === "accounts" && id) return <AccountView key={id} id={id} />;
  if (place === "accounts") return <Accounts />;
  if (place === "approvals") return <Approvals />;
  if (id) return <RequestView key={id} id={id} />;
  return <Requests />;
}

/** The parts of the address behind `#/`; the requests where there is nothing. */
function usePath(): string[] {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = () => setHash(location.hash);
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  const parts = hash.replace(/^#\/?/, "").split("/").map(decoded);
  return parts[0] ? parts : ["requests"];
}

/** A part of an address that somebody may have typed. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
