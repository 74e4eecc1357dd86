/**
 * For tests: a signed-in account over a fake backend in memory or on a socket, faults as data, scripted answers,
 * generated values.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 */
export * as Arbitraries from "./Arbitraries.js"

/**
 * @since 0.1.0
 */
export * as CallLog from "./CallLog.js"

/**
 * @since 0.1.0
 */
export * as FakeAccount from "./FakeAccount.js"

/**
 * @since 0.1.0
 */
export * as FakeBackend from "./FakeBackend.js"

/**
 * @since 0.1.0
 */
export * as FakeIssuer from "./FakeIssuer.js"

/**
 * @since 0.1.0
 */
export * as FakeSettings from "./FakeSettings.js"

/**
 * @since 0.1.0
 */
export * as FakeState from "./FakeState.js"

/**
 * @since 0.1.0
 */
export * as Fault from "./Fault.js"

/**
 * @since 0.1.0
 */
export * as FaultArbitraries from "./FaultArbitraries.js"

/**
 * @since 0.1.0
 */
export * as FaultPlan from "./FaultPlan.js"

/**
 * @since 0.1.0
 */
export * as ScriptedDialog from "./ScriptedDialog.js"

/**
 * @since 0.1.0
 */
export * as TestAccount from "./TestAccount.js"

/**
 * @since 0.1.0
 */
export * as WireArbitraries from "./WireArbitraries.js"

/**
 * @since 0.1.0
 */
export * as WireNoise from "./WireNoise.js"
