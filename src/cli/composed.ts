/** What the layers behind the commands give. */
import type * as HttpClient from "@effect/platform/HttpClient"
import type { AccountServices } from "../layers/Live.js"
import type { AccountConfig } from "../services/AccountConfig.js"
import type { CredentialStore } from "../services/CredentialStore.js"
import type { Lease } from "../services/Lease.js"
import type { OperationJournal } from "../services/OperationJournal.js"
import type { Policies } from "../services/Policies.js"

/** What the commands of the account ask of. */
export type Account =
  | AccountServices
  | AccountConfig
  | CredentialStore
  | Lease
  | HttpClient.HttpClient
  | OperationJournal
  | Policies
