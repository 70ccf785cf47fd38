// What a request would do, in words.
import type { Plan } from "built/api";
import type { Fields } from "./schema";

type Asked = {
  source?: string;
  account?: { name?: string; email?: string; accountId?: string };
  organizationalUnit?: string;
  tags?: Record<string, string>;
  policies?: { name: string; type: string; content?: string }[];
  serviceAccess?: string[];
  rootAccess?: string[];
  contacts?: Record<string, { name: string; email: string } | null>;
};

export function PlanText({ plan }: { plan: Plan }) {
  if (plan.changes) {
    return (
      <>
        <p>
          Account {plan.accountId}, of which revision {plan.revision} was carried out last:
        </p>
        <List texts={plan.changes} empty="Nothing changes in its document." />
      </>
    );
  }
  return (
    <>
      {plan.state && (
        <p>
          There is a request with the id {plan.requestId} already: {plan.state}. This one corrects
          it.
        </p>
      )}
      <List texts={textsOf(plan.request as Fields as Asked)} empty="Nothing." />
    </>
  );
}

function List({ texts, empty }: { texts: string[]; empty: string }) {
  if (!texts.length) return <p>{empty}</p>;
  return (
    <ul>
      {texts.map((one) => (
        <li key={one}>{one}</li>
      ))}
    </ul>
  );
}

function textsOf(asked: Asked): string[] {
  const { name, email, accountId } = asked.account ?? {};
  const who = accountId ?? email;
  const begins: Record<string, string> = {
    new: `Create the account ${name} (${email}).`,
    "new-govcloud": `Create the account ${name} (${email}) and its pair in GovCloud.`,
    invited: `Invite ${who} into the organization.`,
    existing: `Take account ${who}, which is in the organization already.`,
  };
  const contacts = Object.entries(asked.contacts ?? {}).filter(([, one]) => one);
  return [
    begins[asked.source ?? "new"] ?? "",
    asked.organizationalUnit
      ? `Move it to ${asked.organizationalUnit}, made where missing.`
      : "Leave it in the unit where it is.",
    ...Object.entries(asked.tags ?? {}).map(([key, value]) => `Tag it ${key}=${value}.`),
    ...(asked.policies ?? []).map(
      (one) => `Attach ${one.content ? "and create where missing " : ""}${one.name} (${one.type}).`,
    ),
    ...(asked.serviceAccess ?? []).map((one) => `Enable ${one} for the whole organization.`),
    ...(asked.rootAccess ?? []).map((one) => `Enable ${one} for the whole organization.`),
    ...contacts.map(([kind, one]) => `Set the ${kind} contact to ${one!.name} (${one!.email}).`),
  ].filter(Boolean);
}
