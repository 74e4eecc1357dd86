/** What the tests read of README.md and its neighbours. */

/** The programs in a document. */
export const programsIn = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, program = ""]) => program)

/** The links of a document that lead into the package; a link to a heading of the same document has no path. */
export const linksIn = (text: string): ReadonlyArray<{ readonly path: string; readonly anchor: string }> =>
  [...text.matchAll(/\]\((?!https?:)([^)#]*)#?([^)]*)\)/g)].map(([, path = "", anchor = ""]) => ({ path, anchor }))
