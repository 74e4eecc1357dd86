/** The pages of a sign-in by browser. */
import * as Effect from "effect/Effect"
import type { Answer } from "./play.js"
import type { Page } from "./Scenario.js"

/** What is known of the sign-in that was started last: what stands in braces. */
export interface SignIn {
  readonly loginId?: string
  readonly page?: string
  readonly state?: string
  readonly location?: string
}

export const signInOf = (answer: Answer): SignIn => {
  const { authUrl, loginId } = Object("result" in answer ? answer.result : {})
  if (typeof authUrl !== "string") return {}
  const asked = new URL(authUrl).searchParams
  return { loginId, page: asked.get("redirect_uri") ?? "", state: asked.get("state") ?? "" }
}

export const filledIn = (text: string, signIn: SignIn): string =>
  Object.entries(signIn).reduce((filled, [name, value]) => filled.replaceAll(`{${name}}`, value), text)

export const visited = (path: string, signIn: SignIn): Effect.Effect<Page & SignIn> =>
  Effect.promise(async () => {
    const answer = await fetch(new URL(filledIn(path, signIn), signIn.page), { redirect: "manual" })
    return {
      status: answer.status,
      body: await answer.text(),
      location: answer.headers.get("location") ?? ""
    }
  })
