/**
 * For tests: a signed-in account over a fake backend in memory or on a socket, faults as data, scripted answers,
 * generated values. One namespace for each module.
 */
export * as Arbitraries from "./Arbitraries.js"
export * as FakeAccount from "./FakeAccount.js"
export * as FakeAccounts from "./FakeAccounts.js"
export * as FakeBackend from "./FakeBackend.js"
export * as FakeIssuer from "./FakeIssuer.js"
export * as Fault from "./Fault.js"
export * as FaultPlan from "./FaultPlan.js"
export * as ScriptedDialog from "./ScriptedDialog.js"
export * as TestAccount from "./TestAccount.js"
