// The accounts that were vended.
import type { AccountPage, AccountSummary } from "built/api";
import { Heading, Refusals, State, Time } from "./parts";
import { type Column, type Source, Table, useList } from "./table";

const PAUSE = 15_000;

export const ACCOUNT: Column<AccountSummary> = {
  title: "Account",
  of: (one) => <a href={`#/accounts/${one.accountId}`}>{one.accountId}</a>,
};
export const NAME: Column<AccountSummary> = { title: "Name", of: nameOf };
export const UNIT: Column<AccountSummary> = {
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

/** The accounts that fit the query. */
export function accountsOf(query: Record<string, string>): Source<AccountPage, AccountSummary> {
  const keyOf = (one: AccountSummary) => one.accountId;
  return { path: "/accounts", query, rowsOf: (page) => page.accounts, keyOf };
}

export function Accounts() {
  const source = accountsOf({});
  const { rows, refusal, more } = useList(source, () => PAUSE);
  return (
    <>
      <Heading>Accounts</Heading>
      <Refusals refusal={refusal} />
      {rows &&
        (rows.length ? (
          <Table columns={VENDED} rows={rows} keyOf={source.keyOf} />
        ) : (
          <p>No account was vended yet.</p>
        ))}
      {more}
    </>
  );
}

export function nameOf({ document, retirement }: AccountSummary): string {
  const account = document?.account as { name?: string } | undefined;
  return account?.name ?? retirement?.accountName ?? "–";
}
