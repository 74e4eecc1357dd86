/** Sign-in and sign-out. */
import * as Schema from "effect/Schema"
import { flag, nullable, openEnum, opt } from "../../../contracts/Tolerant.js"

/** One of the ways to sign in. */
export const LoginAccountParams = Schema.Union(
  Schema.Struct({ type: Schema.Literal("apiKey"), apiKey: Schema.String }),
  Schema.Struct({
    type: Schema.Literal("chatgpt"),
    codexStreamlinedLogin: flag,
    useHostedLoginSuccessPage: flag,
    appBrand: opt(Schema.Literal("codex", "chatgpt"))
  }),
  Schema.Struct({ type: Schema.Literal("chatgptDeviceCode") }),
  Schema.Struct({
    type: Schema.Literal("chatgptAuthTokens"),
    accessToken: Schema.String,
    chatgptAccountId: Schema.String,
    chatgptPlanType: opt(Schema.String)
  }),
  Schema.Struct({ type: Schema.Literal("amazonBedrock"), apiKey: Schema.String, region: Schema.String }),
  Schema.Struct({
    type: Schema.Literal("amazonBedrockAccessKeys"),
    accessKeyId: Schema.String,
    secretAccessKey: Schema.String,
    sessionToken: opt(Schema.String),
    region: Schema.String
  })
).annotations({ identifier: "LoginAccountParams" })

export type LoginAccountParams = typeof LoginAccountParams.Type

/** `authUrl` and `verificationUrl` are for a browser. `account/login/completed` says how the sign-in ended. */
export const LoginAccountResponse = Schema.Union(
  Schema.Struct({ type: Schema.Literal("apiKey") }),
  Schema.Struct({ type: Schema.Literal("chatgpt"), loginId: Schema.String, authUrl: Schema.String }),
  Schema.Struct({
    type: Schema.Literal("chatgptDeviceCode"),
    loginId: Schema.String,
    verificationUrl: Schema.String,
    userCode: Schema.String
  }),
  Schema.Struct({ type: Schema.Literal("chatgptAuthTokens") }),
  Schema.Struct({ type: Schema.Literal("amazonBedrock") })
).annotations({ identifier: "LoginAccountResponse" })

export type LoginAccountResponse = typeof LoginAccountResponse.Type

export const CancelLoginAccountParams = Schema.Struct({ loginId: Schema.String }).annotations({
  identifier: "CancelLoginAccountParams"
})

export const CancelLoginAccountResponse = Schema.Struct({
  status: openEnum("canceled", "notFound")
}).annotations({ identifier: "CancelLoginAccountResponse" })

export const LogoutAccountResponse = Schema.Struct({}).annotations({ identifier: "LogoutAccountResponse" })

/** How a sign-in ended. `loginId` is null for one that took no steps. */
export const AccountLoginCompletedNotification = Schema.Struct({
  loginId: nullable(Schema.String),
  success: Schema.Boolean,
  error: nullable(Schema.String),
  onboardingEntrypoint: nullable(openEnum("life_sciences"))
}).annotations({ identifier: "AccountLoginCompletedNotification" })

export type AccountLoginCompletedNotification = typeof AccountLoginCompletedNotification.Type
