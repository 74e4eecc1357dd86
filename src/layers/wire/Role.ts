/** The accounts check to the user's role in one account. */
import type { AccountsCheckResponse } from "../../contracts/BackendEndpoints.js"
import { type RoleName, roleFromWord } from "../../domain/WorkspaceRole.js"

type Accounts = (typeof AccountsCheckResponse.Type)["accounts"]

const only = (ids: ReadonlyArray<string>): string | undefined => (ids.length === 1 ? ids[0] : undefined)

const chosen = (accounts: Accounts, ordering: ReadonlyArray<string>): string | undefined =>
  ordering.find((id) => Object.hasOwn(accounts, id)) ?? only(Object.keys(accounts))

/**
 * The role in the account with that id, and in no other. Without an id: in the first account of the backend's
 * ordering that is listed, else in the only one. Null where that gives no role; it is never guessed.
 */
export const roleFromWire = (
  response: typeof AccountsCheckResponse.Type,
  accountId: string | null
): RoleName | null => {
  const id = accountId ?? chosen(response.accounts, response.account_ordering)
  if (id === undefined || !Object.hasOwn(response.accounts, id)) return null
  return roleFromWord(response.accounts[id]?.account?.account_user_role ?? null)
}
