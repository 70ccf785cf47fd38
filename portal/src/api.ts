// Calls of the API, and what it refuses with.
import type { Problem } from "built/api";
import type { Session } from "./session";

export type Refusal = Pick<Problem, "detail" | "code" | "remedy" | "problems"> & {
  status: number;
};

/** Why a call did not do what was asked, in words for people. */
export class Refused extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.detail);
  }
}

const OF_API_GATEWAY: Record<number, [string, string]> = {
  401: ["Your session has ended.", "Sign in again."],
  403: ["You may not do this.", "Ask whoever operates account vending."],
  413: ["This is too large.", "Leave something out."],
  429: ["There are too many calls at the moment.", "Wait a moment, then try again."],
};

export class Api {
  constructor(
    private readonly url: string,
    private readonly session: Session,
    private readonly onEnd: () => void,
  ) {}

  get<T>(path: string, query: Record<string, string | undefined> = {}): Promise<T> {
    const given = Object.entries(query).filter(([, value]) => value) as [string, string][];
    return this.call<T>("GET", given.length ? `${path}?${new URLSearchParams(given)}` : path);
  }

  post<T>(path: string, body?: unknown, key?: string): Promise<T> {
    return this.call<T>("POST", path, body, key);
  }

  put<T>(path: string, body: unknown, key: string): Promise<T> {
    return this.call<T>("PUT", path, body, key);
  }

  /** What the route answers; Refused with the API's words, or why there were none. */
  private async call<T>(method: string, path: string, body?: unknown, key?: string): Promise<T> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.session.token}` };
    if (body !== undefined) headers["content-type"] = "application/json";
    if (key) headers["idempotency-key"] = key;
    let response: Response;
    try {
      response = await fetch(`${this.url}${path}`, {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        cache: "no-store",
      });
    } catch {
      throw new Refused(unanswered("The API cannot be reached.", "Check your connection.", 0));
    }
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    if (response.status === 401) this.onEnd();
    throw new Refused(answer.detail ? answer : byStatus(response.status));
  }
}

function byStatus(status: number): Refusal {
  const [detail, remedy] = OF_API_GATEWAY[status] ?? [
    "The API did not answer as it should.",
    "Try again in a moment; then tell whoever operates account vending.",
  ];
  return unanswered(detail, remedy, status);
}

function unanswered(detail: string, remedy: string, status: number): Refusal {
  return { detail, remedy, status, code: "", problems: [] };
}

export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refused) return error.refusal;
  return unanswered(`The page failed: ${String(error)}`, "Reload the page.", 0);
}
