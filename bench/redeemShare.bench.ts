/**
 * What of a whole redemption over the loopback, with its reads before and after, is spent in the journal and in taking
 * and giving back the lease: on SQLite as shipped and in memory, in one run and taking turns.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { fork } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { backendBase } from "../src/contracts/PathStyle.js"
import * as AccountConfigEnv from "../src/layers/AccountConfigEnv.js"
import * as CredentialStoreEphemeral from "../src/layers/CredentialStoreEphemeral.js"
import * as HttpClientNode from "../src/layers/HttpClientNode.js"
import * as LeaseMemory from "../src/layers/LeaseMemory.js"
import * as LeaseSql from "../src/layers/LeaseSql.js"
import * as Live from "../src/layers/Live.js"
import * as OperationJournalMemory from "../src/layers/OperationJournalMemory.js"
import * as OperationJournalSql from "../src/layers/OperationJournalSql.js"
import { redeemReset } from "../src/programs/redeemReset.js"
import { Lease } from "../src/services/Lease.js"
import { OperationJournal } from "../src/services/OperationJournal.js"
import { FakeAccount, FakeBackend, ScriptedDialog } from "../src/testing/index.js"

const warmUps = 40
const rounds = 150

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
