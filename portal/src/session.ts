// Signing in by OIDC's authorization code with PKCE (RFC 7636), as a public client. The token is
// kept for as long as the tab is open, and for nobody else: in sessionStorage, which a strict
// content security policy keeps other people's scripts away from.
export type Config = {
  api: string;
  signIn: {
    authorizationEndpoint: string;
    tokenEndpoint: string;
    clientId: string;
    scope: string;
    token: "access_token" | "id_token";
  };
};

export type Session = { token: string; name: string; expiresAt: number };

type Attempt = { state: string; verifier: string; hash: string };

const SESSION = "session";
const ATTEMPT = "sign-in";
const VERIFIER_BYTES = 32;

/** The session of this tab that has time left. */
export function restored(): Session | null {
  const kept = sessionStorage.getItem(SESSION);
  const session: Session | null = kept && JSON.parse(kept);
  return session && session.expiresAt > Date.now() ? session : null;
}

export function end(): void {
  sessionStorage.removeItem(SESSION);
}

/** Leave for the issuer, who sends people back to where they were. */
export async function begin({ signIn }: Config): Promise<void> {
  const attempt: Attempt = { state: random(), verifier: random(), hash: location.hash };
  sessionStorage.setItem(ATTEMPT, JSON.stringify(attempt));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(attempt.verifier));
  const query = new URLSearchParams({
    response_type: "code",
    client_id: signIn.clientId,
    redirect_uri: here(),
    scope: signIn.scope,
    state: attempt.state,
    code_challenge: encoded(new Uint8Array(digest)),
    code_challenge_method: "S256",
  });
  location.assign(`${signIn.authorizationEndpoint}?${query}`);
}

/** The session that the issuer's answer in the address leads to; null where there is no answer. */
export async function completed({ signIn }: Config): Promise<Session | null> {
  const answer = new URLSearchParams(location.search);
  if (!answer.has("code") && !answer.has("error")) return null;
  const kept = sessionStorage.getItem(ATTEMPT);
  sessionStorage.removeItem(ATTEMPT);
  const attempt: Attempt | null = kept && JSON.parse(kept);
  history.replaceState(null, "", `${here()}${attempt?.hash ?? ""}`);
  if (!attempt || attempt.state !== answer.get("state")) {
    throw new Error("This sign-in was not begun here, or is over. Sign in again.");
  }
  const code = answer.get("code");
  if (!code) throw new Error(`The issuer refused: ${answer.get("error")}`);
  const response = await fetch(signIn.tokenEndpoint, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      client_id: signIn.clientId,
      redirect_uri: here(),
      code,
      code_verifier: attempt.verifier,
    }),
  });
  const tokens = await response.json();
  const token: string | undefined = tokens[signIn.token];
  if (!response.ok || !token) throw new Error(`The issuer refused: ${tokens.error ?? "no token"}`);
  const session = {
    token,
    name: nameIn(tokens.id_token ?? token),
    expiresAt: Date.now() + 1000 * (tokens.expires_in ?? 300),
  };
  sessionStorage.setItem(SESSION, JSON.stringify(session));
  return session;
}

function here(): string {
  return `${location.origin}${location.pathname}`;
}

/** What to call whoever a token is of; the API verifies it, not the page. */
function nameIn(token: string): string {
  try {
    const payload = token.split(".")[1]!.replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(payload), (one) => one.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    return claims.name ?? claims.preferred_username ?? claims.email ?? claims.sub ?? "";
  } catch {
    return "";
  }
}

function random(): string {
  return encoded(crypto.getRandomValues(new Uint8Array(VERIFIER_BYTES)));
}

function encoded(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
