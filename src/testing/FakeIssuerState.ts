/** What the fake issuer remembers, and how it behaves. Pure. */
import * as HashMap from "effect/HashMap"

/**
 * What happens on the sign-in page: the person agrees, refuses, belongs to a workspace without Codex, or the page sends
 * them back with nothing.
 */
export type Consent = "allow" | "deny" | "notEntitled" | "noCode"

/**
 * One answer to a poll: not yet (as 403 or as 404), not so fast, or an end. `expired` and `denied` are told in the words
 * of RFC 8628.
 */
export type DeviceAnswer = "pending" | "pending404" | "slowDown" | "granted" | "denied" | "expired"

export interface FakeCode {
  readonly challenge: string
  readonly redirectUri: string
  readonly clientId: string
  readonly account: string | undefined
  readonly used: boolean
}

/**
 * `account` is who signs in, by key; undefined for the first of the backend. `deviceAnswers` are given in order, the last
 * one for ever. `interval` is what the device flow names, undefined to leave it out. `apiKeys` says whether an ID token
 * can be exchanged for an API key.
 */
export interface FakeIssuerState {
  readonly account: string | undefined
  readonly consent: Consent
  readonly apiKeys: boolean
  readonly deviceEnabled: boolean
  readonly deviceAnswers: ReadonlyArray<DeviceAnswer>
  readonly interval: string | number | undefined
  readonly codes: HashMap.HashMap<string, FakeCode>
  readonly devices: HashMap.HashMap<string, { readonly userCode: string; readonly polls: number }>
  readonly idTokens: HashMap.HashMap<string, string>
  readonly personalTokens: HashMap.HashMap<string, string | undefined>
  readonly serial: number
}

/** What may be chosen from the start. */
export type FakeIssuerOptions = Partial<
  Pick<FakeIssuerState, "account" | "consent" | "apiKeys" | "deviceEnabled" | "deviceAnswers" | "interval">
>

export const makeIssuerState = (options: FakeIssuerOptions = {}): FakeIssuerState => ({
  account: undefined,
  consent: "allow",
  apiKeys: false,
  deviceEnabled: true,
  deviceAnswers: ["pending", "granted"],
  interval: "5",
  codes: HashMap.empty(),
  devices: HashMap.empty(),
  idTokens: HashMap.empty(),
  personalTokens: HashMap.empty(),
  serial: 0,
  ...options
})

/** A new code, bound to its challenge and its redirect address. */
export const issueCode = (
  state: FakeIssuerState,
  asked: Pick<FakeCode, "challenge" | "redirectUri" | "clientId">
): readonly [code: string, state: FakeIssuerState] => {
  const serial = state.serial + 1
  const code = `ac_fake_${serial}_Zp4vT8wQ1rYs6LmK`
  return [
    code,
    { ...state, serial, codes: HashMap.set(state.codes, code, { ...asked, account: state.account, used: false }) }
  ]
}

/** A new personal access token of an account. */
export const issuePersonalToken = (
  state: FakeIssuerState,
  account: string | undefined
): readonly [token: string, state: FakeIssuerState] => {
  const serial = state.serial + 1
  const token = `at-fake-${serial}-hN3kX7bC9dQ2`
  return [token, { ...state, serial, personalTokens: HashMap.set(state.personalTokens, token, account) }]
}
