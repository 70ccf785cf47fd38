// Where the page begins.
import { render } from "preact";
import { App } from "./app";
import * as sessions from "./session";
import "./style.css";

async function start(): Promise<void> {
  const config: sessions.Config = await (await fetch("config.json", { cache: "no-cache" })).json();
  let problem = "";
  const session =
    (await sessions.completed(config).catch((error: Error) => {
      problem = error.message;
      return null;
    })) ?? sessions.restored();
  render(
    <App config={config} session={session} problem={problem} />,
    document.getElementById("page")!,
  );
}

start().catch(() => {
  document.getElementById("page")!.textContent =
    "The page cannot read its configuration. Reload it; then tell whoever operates it.";
});
