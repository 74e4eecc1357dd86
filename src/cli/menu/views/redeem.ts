/** The redemption of a reset credit as views. */
import type * as DateTime from "effect/DateTime"
import { plainLine } from "../../../domain/PlainText.js"
import type { ResetCredit } from "../../../domain/ResetCredit.js"
import type { UsageSnapshot } from "../../../domain/UsageSnapshot.js"
import type { Choices, Event, State } from "../../../programs/menu/RedeemFlow.js"
import type { Canvas } from "../../render/limits.js"
import { relative, timeAndDistance } from "../../render/time.js"
import type { Row, View } from "../View.js"
import { accountText, counted, creditTitle, expiryText, failureLines, list, row, waiting } from "./words.js"

const title = "Usage limit resets"
const id = (name: string) => `rate-limit-reset-${name}`

const cancel: Event = { _tag: "Cancel" }
const close = row<Event>("Close", cancel)
const retry = (description?: string) => row<Event>("Try again", { _tag: "Retry" }, { description })

/** A result that is only to be read. */
const told = (name: string, lines: ReadonlyArray<string>, rows: ReadonlyArray<Row<Event>> = [close]): View<Event> =>
  list<Event>({ id: id(name), title, lines, rows, cancel })

/** What a reset does where the backend does not say it. */
const scopeText = ({ main, plan }: UsageSnapshot): string =>
  plan === "free" || plan === "go" || main.windows.some((window) => window.name === "monthly")
    ? "Resets your monthly limit."
    : "Resets your weekly and your 5h limit."

const effectText = (credit: ResetCredit | null, usage: UsageSnapshot): string =>
  plainLine(credit?.description ?? "", 300) || scopeText(usage)

const leftText = ({ main }: UsageSnapshot): string =>
  main.windows.map((window) => `${window.name} ${Math.round(window.remainingPercent)}% left`).join(", ")

const quietLines = ({ quietUntil }: Choices, now: DateTime.Zoned): ReadonlyArray<string> =>
  quietUntil === null
    ? []
    : [
        `This account was reset a short while ago. What is shown may be older than that, until ${timeAndDistance(quietUntil, now)}.`
      ]

const picker = (choices: Choices, { now }: Canvas): View<Event> => {
  const { available, credits, usage } = choices
  const rows = (credits ?? [null]).map((credit) =>
    row<Event>(
      creditTitle(credit),
      { _tag: "Choose", credit },
      {
        detail: credit === null ? undefined : expiryText(credit, now),
        description: effectText(credit, usage)
      }
    )
  )
  return list<Event>({
    id: id("picker"),
    title,
    lines: [`${counted(available, "usage limit reset")} available.`, ...quietLines(choices, now)],
    rows: [...rows, row<Event>("Cancel", cancel)],
    cancel
  })
}

const question = (state: State & { readonly _tag: "Confirm" }, { now }: Canvas): View<Event> => {
  const { choices, context, credit } = state
  const left = leftText(choices.usage)
  return list<Event>({
    id: id("confirmation"),
    title: "Use this reset?",
    lines: [
      credit === null ? creditTitle(credit) : `${creditTitle(credit)}, ${expiryText(credit, now)}`,
      `Account: ${accountText(context.session)}`,
      ...(left === "" ? [] : [`Now: ${left}`]),
      ...quietLines(choices, now)
    ],
    rows: [
      row<Event>("Yes, use reset", { _tag: "Confirm" }, { description: effectText(credit, choices.usage) }),
      row<Event>("No, go back", cancel)
    ],
    initial: 1,
    cancel
  })
}

const doneLines = ({ left, redeemed }: State & { readonly _tag: "Done" }): ReadonlyArray<string> => [
  redeemed.outcome === "reset"
    ? "Your usage was reset."
    : "This reset was done before, with the same key. No further credit was used.",
  left === null
    ? "How many resets are left could not be read."
    : left === 0
      ? "No resets are left."
      : `${counted(left, "reset")} left.`,
  `Key: ${plainLine(redeemed.key, 128)}`
]

/** Null once it is closed. */
export const redeemView = (state: State, canvas: Canvas): View<Event> | null => {
  const { now } = canvas
  switch (state._tag) {
    case "Closed":
      return null
    case "Loading":
      return waiting({
        id: id("loading"),
        title,
        line: "Checking your available resets...",
        row: "Loading...",
        event: cancel,
        cancellable: true
      })
    case "LoadFailed":
      return told("load-failed", failureLines(state.error, "redeem", canvas), [retry(), close])
    case "Empty":
      return told("empty", ["No usage limit resets are available."])
    case "Resume":
      return list<Event>({
        id: id("resume"),
        title: "Carry on an earlier reset?",
        lines: [
          `A reset was sent ${relative(state.operation.updatedAt, now)}, and its outcome is not known.`,
          "It is sent again with the same key, so that it can't use a second credit. Before it has ended no other reset can begin.",
          `Key: ${plainLine(state.operation.key, 128)}`
        ],
        rows: [row<Event>("Yes, carry it on", { _tag: "Confirm" }), row<Event>("No, go back", cancel)],
        initial: 1,
        cancel
      })
    case "QuietPeriod":
      return told(
        "quiet-period",
        [
          "This account was reset a short while ago.",
          `The usage that the backend shows may be older than that, until ${timeAndDistance(state.until, now)}.`
        ],
        [
          close,
          row<Event>(
            "Use another reset",
            { _tag: "UseAnother" },
            { description: `${counted(state.choices.available, "reset")} available.` }
          )
        ]
      )
    case "Picker":
      return picker(state.choices, canvas)
    case "Confirm":
      return question(state, canvas)
    case "Consuming":
      return waiting({
        id: id("consuming"),
        title,
        line: "Resetting your usage...",
        row: "Using a reset...",
        event: cancel,
        cancellable: false
      })
    case "Refreshing":
      return waiting({
        id: id("refreshing"),
        title,
        line: "Your usage was reset. Checking what is left...",
        row: "Refreshing...",
        event: cancel,
        cancellable: false
      })
    case "Done":
      return told("done", doneLines(state))
    case "NotNeeded":
      return told("not-needed", ["Your usage does not need a reset now. No credit was used."])
    case "NoneLeft":
      return told("none-left", ["No usage limit resets are available. Nothing was used."])
    case "CreditGone":
      return told(
        "credit-gone",
        ["This reset is gone. Nothing was used."],
        [retry("See which resets there are."), close]
      )
    case "UsedElsewhere":
      return told("used-elsewhere", ["Nothing was done: this key was used before, by somebody else."])
    case "AccountChanged":
      return told("account-changed", ["Another account is signed in by now. Nothing was sent for it. Start again."])
    case "ConsumeFailed":
      return told("consume-failed", failureLines(state.error, "redeem", canvas), [
        retry("With the same key and the same credit: it can't use a second one."),
        close
      ])
  }
}
