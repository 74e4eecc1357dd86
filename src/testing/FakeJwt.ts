/** Unsigned tokens with the claims that real ones carry. */
import * as Encoding from "effect/Encoding"
import { defaultClientId, defaultIssuer } from "../contracts/OAuthApi.js"
import type { FakeAccount } from "./FakeAccount.js"

/** What a sign-in or a refresh hands out. */
export interface IssuedTokens {
  readonly idToken: string
  readonly accessToken: string
  readonly refreshToken: string
}

interface Issue {
  readonly now: number
  readonly lifetimeSeconds: number
  readonly serial: number
}

const encode = (payload: object): string =>
  `${Encoding.encodeBase64Url('{"alg":"none","typ":"JWT"}')}.${Encoding.encodeBase64Url(JSON.stringify(payload))}.fake`

const times = (issue: Issue) => {
  const iat = Math.floor(issue.now / 1000)
  return { iat, exp: iat + issue.lifetimeSeconds, jti: `fake-${issue.serial}` }
}

const auth = (account: FakeAccount) => ({
  chatgpt_plan_type: account.planType,
  chatgpt_user_id: account.userId,
  user_id: account.userId,
  chatgpt_account_id: account.accountId,
  chatgpt_account_is_fedramp: account.isFedramp
})

export const accessToken = (account: FakeAccount, issue: Issue): string =>
  encode({
    iss: defaultIssuer,
    aud: ["https://api.openai.com/v1"],
    client_id: defaultClientId,
    ...times(issue),
    "https://api.openai.com/auth": auth(account),
    "https://api.openai.com/profile": { email: account.email }
  })

export const idToken = (account: FakeAccount, issue: Issue): string =>
  encode({
    iss: defaultIssuer,
    aud: [defaultClientId],
    ...times(issue),
    email: account.email,
    email_verified: true,
    "https://api.openai.com/auth": {
      ...auth(account),
      ...(account.isOrgOwner === null ? {} : { is_org_owner: account.isOrgOwner })
    }
  })
