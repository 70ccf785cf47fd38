// The accounts that were vended.
import type { AccountPage, AccountSummary } from "built/api";
import { useApi } from "./calls";
import { useLive } from "./live";
import { Heading, Refusals, State, Time, useLength } from "./parts";
import { personOf } from "./requests";

const PAUSE = 15_000;

export function Accounts() {
  const api = useApi();
  const [limit, more] = useLength();
  const { data, refusal, reload } = useLive(
    "accounts",
    () => api.get<AccountPage>("/accounts", { limit: String(limit) }),
    () => PAUSE,
  );
  return (
    <>
      <Heading>Accounts</Heading>
      <Refusals refusal={refusal} />
      {data && <AccountTable accounts={data.accounts} />}
      {more(Boolean(data?.nextCursor), reload)}
    </>
  );
}

function AccountTable({ accounts }: { accounts: AccountSummary[] }) {
  if (!accounts.length) return <p>No account was vended yet.</p>;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Account</th>
          <th scope="col">Name</th>
          <th scope="col">State</th>
          <th scope="col">Organizational unit</th>
          <th scope="col">Drift</th>
          <th scope="col">Changed</th>
        </tr>
      </thead>
      <tbody>
        {accounts.map((one) => (
          <tr key={one.accountId}>
            <th scope="row">
              <a href={`#/accounts/${one.accountId}`}>{one.accountId}</a>
            </th>
            <td data-label="Name">{nameOf(one)}</td>
            <td data-label="State">
              <State state={one.state} />
            </td>
            <td data-label="Organizational unit">
              {String(one.document?.organizationalUnit ?? "–")}
            </td>
            <td data-label="Drift">{one.drift ? one.drift.differences.length : "none"}</td>
            <td data-label="Changed">
              <Time at={one.updatedAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Accounts whose retirement waits for approval. */
export function RetirementTable({ accounts }: { accounts: AccountSummary[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Account</th>
          <th scope="col">Name</th>
          <th scope="col">Organizational unit</th>
          <th scope="col">Reason</th>
          <th scope="col">Requested by</th>
          <th scope="col">Requested</th>
        </tr>
      </thead>
      <tbody>
        {accounts.map((one) => (
          <tr key={one.accountId}>
            <th scope="row">
              <a href={`#/accounts/${one.accountId}`}>{one.accountId}</a>
            </th>
            <td data-label="Name">{nameOf(one)}</td>
            <td data-label="Organizational unit">
              {String(one.document?.organizationalUnit ?? "–")}
            </td>
            <td data-label="Reason">{one.retirement?.reason ?? "–"}</td>
            <td data-label="Requested by">{personOf(one.retirement?.requestedBy ?? null)}</td>
            <td data-label="Requested">
              <Time at={one.retirement?.requestedAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function nameOf({ document, retirement }: AccountSummary): string {
  const account = document?.account as { name?: string } | undefined;
  return account?.name ?? retirement?.accountName ?? "–";
}
