// What a call has answered, as the records for tests/surfaces have it.

/** Without what differs between two equal runs. */
export const timeless = (value) =>
  JSON.parse(JSON.stringify(value ?? null, (key, each) => (['timing', 'applied_at'].includes(key) ? undefined : each)));

/** An error as the core words it. */
export function told({ code, message, hint, revision, file, line, statement, violations, newer, report }) {
  const error = { code, message, hint, revision, file, line, statement, violations, ...(newer.length && { newer }) };
  return timeless({ error, ...(report && { report }) });
}
