// The accounts that were vended.
import type { AccountPage, AccountSummary } from "built/api";
import { Heading, Refusals, State, Time } from "./parts";
import { personOf } from "./requests";
import { type Column, type Source, Table, useList } from "./table";

const PAUSE = 15_000;

const ACCOUNT: Column<AccountSummary> = {
  title: "Account",
  of: (one) => <a href={`#/accounts/${one.accountId}`}>{one.accountId}</a>,
};
const NAME: Column<AccountSummary> = { title: "Name", of: nameOf };
const UNIT: Column<AccountSummary> = {
  title: "Organizational unit",
  of: (one) => String(one.document?.organizationalUnit ?? "–"),
};

const VENDED: Column<AccountSummary>[] = [
  ACCOUNT,
  NAME,
  { title: "State", of: (one) => <State state={one.state} /> },
  UNIT,
  { title: "Drift", of: (one) => one.drift?.differences.length ?? "none" },
  { title: "Changed", of: (one) => <Time at={one.updatedAt} /> },
];

const RETIREMENTS: Column<AccountSummary>[] = [
  ACCOUNT,
  NAME,
  UNIT,
  { title: "Reason", of: (one) => one.retirement?.reason ?? "–" },
  { title: "Requested by", of: (one) => personOf(one.retirement?.requestedBy ?? null) },
  { title: "Requested", of: (one) => <Time at={one.retirement?.requestedAt} /> },
];

const keyOf = (one: AccountSummary) => one.accountId;

/** The accounts that fit the query. */
export function accountsOf(query: Record<string, string>): Source<AccountPage, AccountSummary> {
  return { path: "/accounts", query, rowsOf: (page) => page.accounts, keyOf };
}

export function Accounts() {
  const { rows, refusal, more } = useList(accountsOf({}), () => PAUSE);
  return (
    <>
      <Heading>Accounts</Heading>
      <Refusals refusal={refusal} />
      {rows &&
        (rows.length ? (
          <Table columns={VENDED} rows={rows} keyOf={keyOf} />
        ) : (
          <p>No account was vended yet.</p>
        ))}
      {more}
    </>
  );
}

/** Accounts whose retirement waits for approval. */
export function RetirementTable({ accounts }: { accounts: AccountSummary[] }) {
  return <Table columns={RETIREMENTS} rows={accounts} keyOf={keyOf} />;
}

export function nameOf({ document, retirement }: AccountSummary): string {
  const account = document?.account as { name?: string } | undefined;
  return account?.name ?? retirement?.accountName ?? "–";
}
