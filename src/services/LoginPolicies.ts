/** The policies and time limits of signing in that are in force. */
import * as Context from "effect/Context"
import { loginLimits, loginPolicies, type LoginTimes } from "../domain/LoginPolicy.js"

/** Without a layer they are `loginPolicies` and `loginLimits`. */
export class LoginPolicies extends Context.Reference<LoginPolicies>()("effect-codex-account/services/LoginPolicies", {
  defaultValue: (): LoginTimes => ({ policies: loginPolicies, limits: loginLimits })
}) {}
