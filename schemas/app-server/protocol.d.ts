/** The account side of the Codex app-server protocol. Generated from its table of methods. */

/** An integer beyond 2^53 is exact only as JSON text. */
export type RequestId = string | number

export interface ClientRequests {
  readonly initialize: { readonly params: InitializeParams; readonly result: InitializeResponse }
  readonly "thread/start": { readonly params: ThreadStartParams; readonly result: ThreadStartResponse }
  readonly "thread/resume": { readonly params: ThreadResumeParams; readonly result: ThreadStartResponse }
  readonly "thread/list": { readonly params: ThreadListParams; readonly result: ThreadListResponse }
  readonly "thread/read": { readonly params: ThreadReadParams; readonly result: ThreadReadResponse }
  readonly "turn/start": { readonly params: TurnStartParams; readonly result: TurnStartResponse }
  readonly "account/login/start": { readonly params: LoginAccountParams; readonly result: LoginAccountResponse }
  readonly "account/login/cancel": {
    readonly params: CancelLoginAccountParams
    readonly result: CancelLoginAccountResponse
  }
  readonly "account/logout": { readonly params?: null; readonly result: LogoutAccountResponse }
  readonly "account/securitySetup/read": { readonly params?: null; readonly result: GetAccountSecuritySetupResponse }
  readonly "account/rateLimits/read": {
    readonly params?: GetAccountRateLimitsParams | null
    readonly result: GetAccountRateLimitsResponse
  }
  readonly "account/rateLimitResetCredit/consume": {
    readonly params: ConsumeAccountRateLimitResetCreditParams
    readonly result: ConsumeAccountRateLimitResetCreditResponse
  }
  readonly "account/usage/read": {
    readonly params?: GetAccountTokenUsageParams | null
    readonly result: GetAccountTokenUsageResponse
  }
  readonly "account/workspaceMessages/read": { readonly params?: null; readonly result: GetWorkspaceMessagesResponse }
  readonly "account/sendAddCreditsNudgeEmail": {
    readonly params: SendAddCreditsNudgeEmailParams
    readonly result: SendAddCreditsNudgeEmailResponse
  }
  readonly "account/read": { readonly params: GetAccountParams; readonly result: GetAccountResponse }
  readonly "accountSession/list": {
    readonly params: AccountSessionsListParams
    readonly result: AccountSessionsResponse
  }
  readonly "accountSession/switch": {
    readonly params: AccountSessionsSwitchParams
    readonly result: AccountSessionsSwitchResponse
  }
  readonly getAuthStatus: { readonly params: GetAuthStatusParams; readonly result: GetAuthStatusResponse }
  readonly "account/gatewayOAuth/read": {
    readonly params?: NoMembers | null
    readonly result: GatewayOAuthReadResponse
  }
  readonly "account/gatewayOAuth/login": { readonly params?: NoMembers | null; readonly result: NoMembers }
  readonly "account/gatewayOAuth/cancel": { readonly params?: NoMembers | null; readonly result: NoMembers }
  readonly "config/read": { readonly params: ConfigReadParams; readonly result: ConfigReadResponse }
  readonly "configRequirements/read": { readonly params?: null; readonly result: ConfigRequirementsReadResponse }
  readonly "model/list": { readonly params: ModelListParams; readonly result: PageResponse }
  readonly "skills/list": { readonly params: SkillsListParams; readonly result: ListResponse }
  readonly "hooks/list": { readonly params: HooksListParams; readonly result: ListResponse }
  readonly "mcpServerStatus/list": { readonly params: ListMcpServerStatusParams; readonly result: PageResponse }
  readonly "collaborationMode/list": { readonly params: NoMembers; readonly result: ListResponse }
}

export interface ServerRequests {
  readonly "account/chatgptAuthTokens/refresh": {
    readonly params: ChatgptAuthTokensRefreshParams
    readonly result: ChatgptAuthTokensRefreshResponse
  }
}

export interface ServerNotifications {
  readonly "account/updated": AccountUpdatedNotification
  readonly "account/login/completed": AccountLoginCompletedNotification
  readonly "account/rateLimits/updated": AccountRateLimitsUpdatedNotification
  readonly "thread/started": ThreadStartedNotification
  readonly configWarning: ConfigWarningNotification
  readonly "turn/completed": unknown
  readonly "thread/settings/updated": unknown
  readonly "item/completed": unknown
  readonly "externalAgentConfig/import/completed": unknown
  readonly "item/agentMessage/delta": unknown
  readonly "item/plan/delta": unknown
  readonly "item/reasoning/summaryTextDelta": unknown
  readonly "item/reasoning/textDelta": unknown
}

export type Account =
  | {
      readonly type: "apiKey"
    }
  | {
      readonly type: "chatgpt"
      readonly email: string | null
      readonly planType: PlanType
      readonly workspaceName: string | null
    }
  | {
      readonly type: "amazonBedrock"
      readonly usesCodexManagedCredentials?: boolean
    }
  | {
      readonly type: "gcp"
    }
  | {
      readonly type: "unknown"
    }

export interface AccountLoginCompletedNotification {
  readonly loginId: string | null
  readonly success: boolean
  readonly error: string | null
  readonly onboardingEntrypoint: "life_sciences" | "unknown" | null
}

export interface AccountRateLimitsUpdatedNotification {
  readonly rateLimits: RateLimitSnapshot
}

export interface AccountSession {
  readonly sessionId: string
  readonly email: string | null
  readonly userId: string | null
  readonly displayName: string | null
  readonly imageUrl: string | null
  readonly lastUsedAt: number
  readonly isActive: boolean
  readonly selectedWorkspaceAccountId: string | null
  readonly workspaces: ReadonlyArray<AccountSessionWorkspace>
}

export interface AccountSessionWorkspace {
  readonly accountId: string
  readonly name: string | null
  readonly imageUrl: string | null
  readonly kind: AccountSessionWorkspaceKind | null
}

export type AccountSessionWorkspaceKind = "personal" | "workspace" | "unknown"

export interface AccountSessionsListParams {
  readonly refreshWorkspaceMetadata?: boolean
}

export interface AccountSessionsResponse {
  readonly activeSessionId: string | null
  readonly sessions: ReadonlyArray<AccountSession>
}

export interface AccountSessionsSwitchParams {
  readonly sessionId: string
  readonly accountId: string
  readonly allowBrowserLogin?: boolean
}

export type AccountSessionsSwitchResponse =
  | AccountSessionsResponse
  | {
      readonly auth_url: string
      readonly login_id: string
    }

export type AccountUpdateReason = "workspaceRoutingReady" | "unknown"

export interface AccountUpdatedNotification {
  readonly authMode: AuthMode | null
  readonly planType: PlanType | null
  readonly reason: AccountUpdateReason | null
  readonly workspaceRole: WorkspaceRole | null
  readonly isWorkspaceOwner: boolean | null
}

export type AuthMode =
  | "chatgpt"
  | "chatgptAuthTokens"
  | "personalAccessToken"
  | "headers"
  | "agentIdentity"
  | "apikey"
  | "bedrockApiKey"
  | "bedrockAccessKeys"
  | "unknown"

export interface CancelLoginAccountParams {
  readonly loginId: string
}

export interface CancelLoginAccountResponse {
  readonly status: "canceled" | "notFound" | "unknown"
}

export interface ChatgptAuthTokensRefreshParams {
  readonly reason: "unauthorized" | "unknown"
  readonly previousAccountId: string | null
}

export interface ChatgptAuthTokensRefreshResponse {
  readonly accessToken: string
  readonly chatgptAccountId: string
  readonly chatgptPlanType: string | null
}

export interface ClientInfo {
  readonly name: string
  readonly title?: string | null
  readonly version: string
}

export interface ConfigReadParams {
  readonly includeLayers?: boolean
  readonly cwd?: string | null
}

export interface ConfigReadResponse {
  readonly config: {
    readonly [key: string]: unknown
  }
  readonly origins: {
    readonly [key: string]: unknown
  }
  readonly layers: ReadonlyArray<unknown> | null
}

export interface ConfigRequirementsReadResponse {
  readonly requirements: {
    readonly [key: string]: unknown
  } | null
  readonly supportsIndependentSpeedModes: boolean
}

export interface ConfigWarningNotification {
  readonly summary: string
  readonly details: string | null
}

export interface ConsumeAccountRateLimitResetCreditParams {
  readonly idempotencyKey: string
  readonly creditId?: string | null
}

export interface ConsumeAccountRateLimitResetCreditResponse {
  readonly outcome: "reset" | "nothingToReset" | "noCredit" | "alreadyRedeemed"
}

export interface CreditsSnapshot {
  readonly hasCredits: boolean
  readonly unlimited: boolean
  readonly balance: string | null
}

export interface GatewayOAuthReadResponse {
  readonly providerId: string
  readonly providerName: string
  readonly required: boolean
  readonly supportsDeviceAuth: boolean
  readonly status: unknown
  readonly error: string | null
}

export interface GetAccountParams {
  readonly refreshToken?: boolean
}

export interface GetAccountRateLimitsParams {
  readonly supportsLunaReserve?: boolean
  readonly excludeResetCreditDetails?: boolean
}

export interface GetAccountRateLimitsResponse {
  readonly ordinaryUsageAllowed: boolean | null
  readonly rateLimits: RateLimitSnapshot
  readonly rateLimitsByLimitId: {
    readonly [key: string]: RateLimitSnapshot
  } | null
  readonly rateLimitResetCredits: RateLimitResetCredits | null
  readonly accountId: string | null
  readonly rateLimitUpsell: unknown
}

export interface GetAccountResponse {
  readonly account: Account | null
  readonly userId: string | null
  readonly requiresOpenaiAuth: boolean
  readonly workspaceRouting: WorkspaceRouting | null
  readonly workspaceRole: WorkspaceRole | null
  readonly isWorkspaceOwner: boolean | null
}

export interface GetAccountSecuritySetupResponse {
  readonly notice: {
    readonly accountId: string
    readonly userId: string
    readonly title: string
    readonly description: string
    readonly action: {
      readonly label: string
      readonly url: string
    }
  } | null
}

export interface GetAccountTokenUsageParams {
  readonly threadId?: string | null
}

export interface GetAccountTokenUsageResponse {
  readonly summary: {
    readonly lifetimeTokens: number | null
    readonly peakDailyTokens: number | null
    readonly longestRunningTurnSec: number | null
    readonly currentStreakDays: number | null
    readonly longestStreakDays: number | null
  }
  readonly dailyUsageBuckets: ReadonlyArray<{
    readonly startDate: string
    readonly tokens: number
  }> | null
  readonly threadUsage: unknown
}

export interface GetAuthStatusParams {
  readonly includeToken?: boolean | null
  readonly refreshToken?: boolean | null
}

export interface GetAuthStatusResponse {
  readonly authMethod: AuthMode | null
  readonly authToken: string | null
  readonly requiresOpenaiAuth: boolean | null
}

export interface GetWorkspaceMessagesResponse {
  readonly featureEnabled: boolean
  readonly messages: ReadonlyArray<WorkspaceMessage>
}

export interface HooksListParams {
  readonly cwds?: ReadonlyArray<string>
  readonly threadId?: string | null
}

export interface InitializeCapabilities {
  readonly experimentalApi?: boolean
  readonly requestAttestation?: boolean
  readonly optOutNotificationMethods?: ReadonlyArray<string> | null
  readonly mcpServerOpenaiFormElicitation?: boolean
  readonly extensions?: {
    readonly [key: string]: unknown
  } | null
  readonly requiredHumanApproval?: boolean
  readonly explicitGatewayOauth?: boolean
}

export interface InitializeParams {
  readonly clientInfo: ClientInfo
  readonly capabilities?: InitializeCapabilities | null
}

export interface InitializeResponse {
  readonly userAgent: string
  readonly codexHome: string
  readonly platformFamily: string
  readonly platformOs: string
}

export interface ListMcpServerStatusParams {
  readonly cursor?: string | null
  readonly limit?: number | null
  readonly detail?: "full" | "toolsAndAuthOnly" | null
  readonly threadId?: string | null
  readonly serverName?: string | null
  readonly environmentId?: string | null
}

export interface ListResponse {
  readonly data: ReadonlyArray<unknown>
}

export type LoginAccountParams =
  | {
      readonly type: "apiKey"
      readonly apiKey: string
    }
  | {
      readonly type: "chatgpt"
      readonly codexStreamlinedLogin?: boolean
      readonly useHostedLoginSuccessPage?: boolean
      readonly appBrand?: "codex" | "chatgpt" | null
    }
  | {
      readonly type: "chatgptDeviceCode"
    }
  | {
      readonly type: "chatgptAuthTokens"
      readonly accessToken: string
      readonly chatgptAccountId: string
      readonly chatgptPlanType?: string | null
    }
  | {
      readonly type: "amazonBedrock"
      readonly apiKey: string
      readonly region: string
    }
  | {
      readonly type: "amazonBedrockAccessKeys"
      readonly accessKeyId: string
      readonly secretAccessKey: string
      readonly sessionToken?: string | null
      readonly region: string
    }

export type LoginAccountResponse =
  | {
      readonly type: "apiKey"
    }
  | {
      readonly type: "chatgpt"
      readonly loginId: string
      readonly authUrl: string
    }
  | {
      readonly type: "chatgptDeviceCode"
      readonly loginId: string
      readonly verificationUrl: string
      readonly userCode: string
    }
  | {
      readonly type: "chatgptAuthTokens"
    }
  | {
      readonly type: "amazonBedrock"
    }

export type LogoutAccountResponse = {}

export interface ModelListParams {
  readonly cursor?: string | null
  readonly limit?: number | null
  readonly modelProvider?: string | null
  readonly includeHidden?: boolean | null
}

export type NoMembers = {}

export interface PageResponse {
  readonly data: ReadonlyArray<unknown>
  readonly nextCursor: string | null
}

export type PlanType =
  | "free"
  | "go"
  | "plus"
  | "pro"
  | "prolite"
  | "promax"
  | "team"
  | "self_serve_business_prolite"
  | "self_serve_business_usage_based"
  | "business"
  | "ent26"
  | "enterprise_cbp_automation"
  | "enterprise_cbp_usage_based"
  | "enterprise"
  | "edu"
  | "edu_plus"
  | "edu_pro"
  | "sci"
  | "sci_plus"
  | "unknown"

export interface RateLimitResetCredit {
  readonly id: string
  readonly resetType: "codexRateLimits" | "unknown"
  readonly status: "available" | "redeeming" | "redeemed" | "unknown"
  readonly grantedAt: number
  readonly expiresAt: number | null
  readonly title: string | null
  readonly description: string | null
}

export interface RateLimitResetCredits {
  readonly availableCount: number
  readonly credits: ReadonlyArray<RateLimitResetCredit> | null
}

export interface RateLimitSnapshot {
  readonly limitId: string | null
  readonly limitName: string | null
  readonly normalModelSlug: string | null
  readonly primary: RateLimitWindow | null
  readonly secondary: RateLimitWindow | null
  readonly credits: CreditsSnapshot | null
  readonly individualLimit: SpendControlLimit | null
  readonly spendControlReached: boolean | null
  readonly planType: PlanType | null
  readonly rateLimitReachedType:
    | "rate_limit_reached"
    | "workspace_owner_credits_depleted"
    | "workspace_member_credits_depleted"
    | "workspace_owner_usage_limit_reached"
    | "workspace_member_usage_limit_reached"
    | null
}

export interface RateLimitWindow {
  readonly usedPercent: number
  readonly windowDurationMins: number | null
  readonly resetsAt: number | null
}

export interface SendAddCreditsNudgeEmailParams {
  readonly creditType: "credits" | "usage_limit"
}

export interface SendAddCreditsNudgeEmailResponse {
  readonly status: "sent" | "cooldown_active"
}

export type SessionSource =
  | "cli"
  | "vscode"
  | "exec"
  | "appServer"
  | "unknown"
  | {
      readonly custom: string
    }
  | {
      readonly subAgent: unknown
    }
  | {
      readonly [key: string]: unknown
    }

export interface SkillsListParams {
  readonly cwds?: ReadonlyArray<string>
  readonly forceReload?: boolean
}

export interface SpendControlLimit {
  readonly limit: string
  readonly used: string
  readonly remainingPercent: number
  readonly resetsAt: number
}

export interface Thread {
  readonly id: string
  readonly sessionId: string
  readonly forkedFromId: string | null
  readonly parentThreadId: string | null
  readonly preview: string
  readonly ephemeral: boolean
  readonly modelProvider: string
  readonly projectId: string | null
  readonly createdAt: number
  readonly updatedAt: number
  readonly status: ThreadStatus
  readonly path: string | null
  readonly cwd: string
  readonly cliVersion: string
  readonly originator: string | null
  readonly source: SessionSource
  readonly threadSource: string | null
  readonly agentNickname: string | null
  readonly agentRole: string | null
  readonly gitInfo: unknown
  readonly name: string | null
  readonly model: string | null
  readonly reasoningEffort: string | null
  readonly environments: ReadonlyArray<unknown> | null
  readonly extra: unknown
  readonly attachedToThreadId: string | null
  readonly section: unknown
  readonly sectionEnteredAt: number | null
  readonly historyMode: string
  readonly recencyAt: number | null
  readonly canAcceptDirectInput: boolean | null
  readonly daybreakEnabled: boolean | null
  readonly turns: ReadonlyArray<unknown>
}

export type ThreadListCwdFilter = string | ReadonlyArray<string>

export interface ThreadListParams {
  readonly cursor?: string | null
  readonly limit?: number | null
  readonly sortKey?: "created_at" | "updated_at" | "recency_at" | "section_position" | null
  readonly sortDirection?: "asc" | "desc" | null
  readonly modelProviders?: ReadonlyArray<string> | null
  readonly sourceKinds?: ReadonlyArray<
    | "cli"
    | "vscode"
    | "exec"
    | "appServer"
    | "subAgent"
    | "subAgentReview"
    | "subAgentCompact"
    | "subAgentThreadSpawn"
    | "subAgentOther"
    | "unknown"
  > | null
  readonly originators?: ReadonlyArray<string> | null
  readonly archived?: boolean | null
  readonly cwd?: ThreadListCwdFilter | null
  readonly searchTerm?: string | null
  readonly parentThreadId?: string | null
  readonly ancestorThreadId?: string | null
  readonly attachedToThreadId?: string | null
  readonly includedThreadIds?: ReadonlyArray<string> | null
  readonly excludedThreadIds?: ReadonlyArray<string> | null
  readonly sectionId?: string | null
  readonly projectId?: string | null
  readonly includeAttachedThreads?: boolean
  readonly currentAccountOnly?: boolean
  readonly useStateDbOnly?: boolean
}

export interface ThreadListResponse {
  readonly data: ReadonlyArray<Thread>
  readonly nextCursor: string | null
  readonly backwardsCursor: string | null
  readonly readStates: unknown
}

export interface ThreadReadParams {
  readonly threadId: string
  readonly includeTurns?: boolean
}

export interface ThreadReadResponse {
  readonly thread: Thread
  readonly readState: unknown
}

export interface ThreadResumeParams {
  readonly threadId: string
  readonly path?: string | null
  readonly history?: ReadonlyArray<unknown> | null
  readonly model?: string | null
  readonly modelProvider?: string | null
  readonly serviceTier?: string | null
  readonly cwd?: string | null
  readonly approvalPolicy?: unknown
  readonly approvalsReviewer?: string | null
  readonly sandbox?: unknown
  readonly permissions?: unknown
  readonly config?: {
    readonly [key: string]: unknown
  } | null
  readonly baseInstructions?: string | null
  readonly developerInstructions?: string | null
  readonly excludeTurns?: boolean
  readonly initialTurnsPage?: unknown
}

export interface ThreadStartParams {
  readonly model?: string | null
  readonly modelProvider?: string | null
  readonly serviceTier?: string | null
  readonly cwd?: string | null
  readonly approvalPolicy?: unknown
  readonly approvalsReviewer?: string | null
  readonly sandbox?: unknown
  readonly permissions?: unknown
  readonly config?: {
    readonly [key: string]: unknown
  } | null
  readonly baseInstructions?: string | null
  readonly developerInstructions?: string | null
  readonly serviceName?: string | null
  readonly ephemeral?: boolean | null
  readonly sessionStartSource?: "startup" | "clear" | null
  readonly threadSource?: string | null
}

export interface ThreadStartResponse {
  readonly thread: Thread
  readonly model: string
  readonly modelProvider: string
  readonly serviceTier: string | null
  readonly cwd: string
  readonly approvalPolicy: unknown
  readonly approvalsReviewer: string
  readonly sandbox: unknown
  readonly activePermissionProfile: unknown
  readonly disabledPluginIds: ReadonlyArray<string>
  readonly instructionSources: ReadonlyArray<string>
  readonly multiAgentMode: string
  readonly runtimeWorkspaceRoots: ReadonlyArray<string>
  readonly reasoningEffort: string | null
}

export interface ThreadStartedNotification {
  readonly thread: Thread
}

export interface ThreadStatus {
  readonly type: "notLoaded" | "idle" | "systemError" | "active" | "unknown"
  readonly activeFlags?: ReadonlyArray<string>
}

export interface TurnStartParams {
  readonly threadId: string
  readonly input: ReadonlyArray<unknown>
  readonly [key: string]: unknown
}

export interface TurnStartResponse {
  readonly turn: unknown
}

export interface WorkspaceMessage {
  readonly messageId: string
  readonly messageType: "headline" | "announcement" | "unknown"
  readonly messageBody: string
  readonly createdAt: number | null
  readonly archivedAt: number | null
}

export type WorkspaceRole = "account-owner" | "account-admin" | "standard-user"

export interface WorkspaceRouting {
  readonly chatgptAccountId: string
  readonly backendOrigin: string
  readonly accountRoutingOverride: string | null
}
