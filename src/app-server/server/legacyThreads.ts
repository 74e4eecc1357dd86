/** Notifications of the older protocol about threads. */
import { type InitializeParams, legacyExtension } from "../protocol/schemas/Initialize.js"
import type { ThreadStartResponse } from "../protocol/schemas/Threads.js"

export const wantsLegacy = ({ capabilities }: InitializeParams): boolean =>
  capabilities?.extensions?.[legacyExtension] === true

const words: Readonly<Record<string, string>> = {
  readOnly: "read-only",
  workspaceWrite: "workspace-write",
  dangerFullAccess: "danger-full-access"
}

const olderSandbox = (sandbox: unknown): unknown =>
  typeof sandbox === "object" && sandbox !== null && "type" in sandbox && typeof sandbox.type === "string"
    ? { ...sandbox, type: words[sandbox.type] ?? sandbox.type }
    : sandbox

/** The session of a thread is set up. Newer clients read that from the answer to `thread/start` or `thread/resume`. */
export const legacyConfigured = {
  method: "codex/event/session_configured",
  params: ({ thread, ...answer }: ThreadStartResponse) => ({
    conversationId: thread.id,
    id: "",
    msg: {
      type: "session_configured",
      session_id: thread.sessionId,
      thread_name: thread.name,
      model: answer.model,
      model_provider_id: answer.modelProvider,
      service_tier: answer.serviceTier,
      approval_policy: answer.approvalPolicy,
      approvals_reviewer: answer.approvalsReviewer,
      sandbox_policy: olderSandbox(answer.sandbox),
      cwd: answer.cwd,
      reasoning_effort: answer.reasoningEffort,
      history_log_id: 0,
      history_entry_count: 0,
      initial_messages: null,
      rollout_path: null
    }
  })
}
