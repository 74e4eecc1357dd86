import { assert, describe, it } from "@effect/vitest"
import { AuthError } from "../../../src/domain/AuthError.js"
import { InviteEmail } from "../../../src/domain/InviteEmail.js"
import { type Event, initial, type State, type Step, update } from "../../../src/programs/menu/InviteFlow.js"
import { actError, ada, bob, busy, noJournal, offerOf, offline, operationOf, timeout } from "./support.js"

const offer = offerOf(ada)
const opened = initial({ session: ada, offer, lastId: 20 })

const after = (events: ReadonlyArray<Event>, [start, commands]: Step = opened): Step =>
  events.reduce<Step>(([state], event) => update(state, event), [start, commands])

const tagOf = (events: ReadonlyArray<Event>) => after(events)[0]._tag

const isIgnored = (state: State, event: Event) => {
  const [next, commands] = update(state, event)
  assert.strictEqual(next, state)
  assert.deepStrictEqual(commands, [])
}

const submit = (text: string): Event => ({ _tag: "Submit", text })
const email = InviteEmail.make("zoe@friends.test")
const send: Event = { _tag: "Send" }
const cancel: Event = { _tag: "Cancel" }
const offerIs = (offer: Extract<Event, { readonly _tag: "OfferIs" }>["offer"]): Event => ({ _tag: "OfferIs", offer })
const failed = (error: Extract<Event, { readonly _tag: "SendFailed" }>["error"], id = 21): Event => ({
  _tag: "SendFailed",
  id,
  error
})
const sent = (id = 21): Event => ({ _tag: "InviteSent", id, reward: "included", key: "key-1" })
const earlier = (id = 21): Event => ({ _tag: "EarlierFound", id, operation: operationOf("invite") })

const asking = [submit(email)]
const sending = [...asking, send]
const rejected = [...sending, failed(actError("invite", "Rejected", "key-1"))]

describe("the address", () => {
  it("is asked for while there is an offer", () => {
    assert.deepStrictEqual(opened, [
      { _tag: "Email", context: { session: ada, offer, lastId: 20 }, initial: "", problem: null },
      []
    ])
    assert.strictEqual(initial({ session: ada, offer: null, lastId: 0 })[0]._tag, "Gone")
  })

  it.each(["", " \t "])("%j is not taken", (text) => isIgnored(opened[0], submit(text)))

  it("is trimmed, and confirmed with a copy of the offer", () => {
    const [state, commands] = after([submit(`  ${email}\n`)])
    assert.deepInclude(state, { _tag: "Confirm", email, offer })
    assert.deepStrictEqual(commands, [])
  })

  it.each([
    ["zoe", "An e-mail address looks like name@example.com."],
    ["a@b.test, c@d.test", "Give exactly one e-mail address, such as name@example.com."],
    ["zoe\u001b[2J@b.test", "The e-mail address holds control or invisible characters."],
    [`${"z".repeat(250)}@b.test`, "An e-mail address has at most 254 characters."]
  ])("%j stays in the line, with the problem", (text, problem) => {
    const [state] = after([submit(text)])
    assert.deepInclude(state, { _tag: "Email", initial: text, problem })
    assert.strictEqual(update(state, submit(email))[0]._tag, "Confirm")
  })

  it("is of no use without an offer", () => assert.strictEqual(tagOf([offerIs(null), submit(email)]), "Gone"))
})

describe("the confirmation", () => {
  it("sends once, as the account of the offer", () => {
    const [state, commands] = after(sending)
    assert.deepInclude(state, { _tag: "Sending", id: 21, email })
    assert.deepStrictEqual(commands, [{ _tag: "SendInvite", id: 21, as: offer.identity, email, offer, again: false }])
    isIgnored(state, send)
    isIgnored(state, submit(email))
    isIgnored(state, { _tag: "SendAgain" })
  })

  it.each([
    ["there is no offer any more", null, "Gone"],
    ["the terms are others", offerOf(ada, { description: "Less." }), "Changed"],
    ["the offer is somebody else's", offerOf(bob), "Changed"]
  ] as const)("sends nothing when %s", (_, offer, tag) => {
    const [state, commands] = after([...asking, offerIs(offer), send])
    assert.strictEqual(state._tag, tag)
    assert.deepStrictEqual(commands, [])
  })

  it("takes the same terms, loaded later, for the same offer", () => {
    const younger = offerOf(ada, { loadedIn: 5 })
    const [, commands] = after([...asking, offerIs(younger), send])
    assert.strictEqual(commands[0]?.offer, younger)
  })

  it("is needed again when the offer was another at first", () => {
    const other = offerOf(ada, { description: "More." })
    const [state] = after([...asking, offerIs(other), send, cancel])
    assert.strictEqual(state._tag, "Closed")
  })
})

describe("what comes of it", () => {
  it.each(["included", "notIncluded", "unknown"] as const)("sent, with the reward %s; the offer is used", (reward) => {
    const [state] = after([...sending, { _tag: "InviteSent", id: 21, reward, key: "key-1" }])
    assert.deepInclude(state, { _tag: "Sent", email, reward, key: "key-1" })
    assert.isNull(state.context.offer)
  })

  it("a definite no: the address may be edited, and the offer stands", () => {
    const [state] = after(rejected)
    assert.deepInclude(state, { _tag: "Rejected", email })
    assert.strictEqual(state.context.offer, offer)
    assert.deepInclude(update(state, { _tag: "EditEmail" })[0], { _tag: "Email", initial: email, problem: null })
    const [again] = after([...rejected, { _tag: "EditEmail" }, submit("yan@friends.test"), send])
    assert.deepInclude(again, { _tag: "Sending", id: 22, email: InviteEmail.make("yan@friends.test") })
    assert.strictEqual(tagOf([...rejected, offerIs(null), { _tag: "EditEmail" }]), "Gone")
  })

  it("no certainty: nothing but to close", () => {
    const error = actError("invite", "OutcomeUnknown", "key-1")
    const [state] = after([...sending, failed(error)])
    assert.deepInclude(state, { _tag: "Unknown", email, error })
    assert.strictEqual(state.context.offer, offer)
    for (const event of [send, submit(email), { _tag: "EditEmail" }, { _tag: "SendAgain" }] as const) {
      isIgnored(state, event)
    }
    assert.strictEqual(update(state, cancel)[0]._tag, "Closed")
  })

  it.each([
    ["the offer changed", actError("invite", "OfferChanged"), "Changed"],
    ["the account changed", actError("invite", "IdentityChanged"), "Changed"],
    ["the stored account changed", AuthError.of("AccountMismatch"), "Changed"],
    ["no offer any more", actError("invite", "NotOffered"), "Gone"],
    ["the offer could not be read again", offline, "NotSent"],
    ["nobody is signed in", AuthError.of("NotSignedIn"), "NotSent"],
    ["another process is at it", busy, "NotSent"],
    ["the journal can't be used", noJournal, "NotSent"],
    ["a read that timed out before", timeout, "NotSent"]
  ] as const)("nothing was sent, as %s: the offer is not shown any more", (_, error, tag) => {
    const [state, commands] = after([...sending, failed(error)])
    assert.strictEqual(state._tag, tag)
    assert.isNull(state.context.offer)
    assert.deepStrictEqual(commands, [])
    for (const event of [send, submit(email), { _tag: "EditEmail" }, { _tag: "SendAgain" }] as const) {
      isIgnored(state, event)
    }
  })

  it("an earlier invite: sent again only if that is said", () => {
    const [state, none] = after([...sending, earlier()])
    assert.deepInclude(state, { _tag: "Earlier", email, offer })
    assert.deepStrictEqual(none, [])
    isIgnored(state, send)
    assert.strictEqual(update(state, cancel)[0]._tag, "Closed")
    const [again, commands] = update(state, { _tag: "SendAgain" })
    assert.deepInclude(commands[0], { id: 22, email, again: true })
    isIgnored(again, { _tag: "SendAgain" })
    isIgnored(again, sent(21))
  })

  it("an earlier invite, and no offer any more", () =>
    assert.strictEqual(tagOf([...sending, earlier(), offerIs(null), { _tag: "SendAgain" }]), "Gone"))
})

describe("Escape", () => {
  it.each([
    ["Email", []],
    ["Confirm", asking],
    ["Rejected", rejected],
    ["Sent", [...sending, sent()]],
    ["Gone", [offerIs(null), submit(email)]],
    ["Changed", [...sending, failed(actError("invite", "OfferChanged"))]],
    ["NotSent", [...sending, failed(offline)]]
  ] as const)("closes %s, with nothing sent", (tag, events) => {
    assert.strictEqual(tagOf(events), tag)
    const [state, commands] = after([...events, cancel])
    assert.strictEqual(state._tag, "Closed")
    assert.deepStrictEqual(commands, [])
    isIgnored(state, offerIs(null))
    isIgnored(state, cancel)
  })

  it("is ignored while it is being sent", () => isIgnored(after(sending)[0], cancel))
})

it.each([
  ["Email", []],
  ["Confirm", asking],
  ["Sending", sending],
  ["Rejected", rejected]
] as const)("an answer with another number changes nothing in %s", (tag, events) => {
  const [state] = after(events)
  assert.strictEqual(state._tag, tag)
  for (const event of [sent(99), earlier(99), failed(timeout, 99)]) isIgnored(state, event)
})
