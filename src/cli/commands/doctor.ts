/** `codex-account doctor`. */
import * as Command from "@effect/cli/Command"
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import type { ConfigurationError } from "../../domain/ConfigurationError.js"
import { plainLine } from "../../domain/PlainText.js"
import { diagnose, failed, type Finding } from "../doctor/diagnose.js"
import { ExitCode } from "../exitCodes.js"
import type { Circumstances } from "../Failure.js"
import { doctorFields } from "../json/toolFields.js"
import type { Canvas } from "../render/limits.js"
import { wrap } from "../render/text.js"
import { present } from "../Report.js"

const marks = { ok: ["green", "✓"], warn: ["yellow", "!"], fail: ["red", "✗"] } as const

const lines = (findings: ReadonlyArray<Finding>, { columns, paint }: Canvas): ReadonlyArray<string> =>
  findings.flatMap(({ check: { advice, message, name, result } }) => {
    const [hue, mark] = marks[result]
    return [
      ...wrap(`${name.padEnd(13)} ${plainLine(message)}`, columns, `${paint(hue, mark)} `, "  "),
      ...(advice === null ? [] : wrap(plainLine(advice), columns, "    → ", "      "))
    ]
  })

type Diagnosed = Effect.Effect.Context<ReturnType<typeof diagnose>>

/** The services come as a layer, whose failure is a finding too. */
export const makeDoctor = <Services, R>(
  account: Layer.Layer<Services, ConfigurationError | ConfigError, R>,
  at: Circumstances
) =>
  Command.make("doctor", {}, () =>
    Effect.gen(function* () {
      const services = yield* Effect.either(Layer.build(account))
      if (Either.isLeft(services)) {
        return [failed("configuration", services.left, at)]
      }
      return yield* diagnose(at).pipe((effect: Effect.Effect<ReadonlyArray<Finding>, never, Diagnosed>) =>
        Effect.provide(effect, services.right)
      )
    }).pipe(
      Effect.scoped,
      present({
        command: "doctor",
        fields: doctorFields,
        value: (findings: ReadonlyArray<Finding>) => ({ checks: findings.map(({ check }) => check) }),
        lines,
        exitCode: (findings) => findings.find(({ check }) => check.result === "fail")?.exitCode ?? ExitCode.done
      })
    )
  )
