// What fails, what is skipped and why, and how many there were: hundreds of passes need no lines.
export default async function* reporter(source) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const reasons = new Map();
  for await (const { type, data } of source) {
    if (type === 'test:pass' && data.skip !== undefined) {
      counts.skipped += 1;
      const why = String(data.skip);
      reasons.set(why, [...(reasons.get(why) ?? []), data.name]);
    } else if (type === 'test:pass') {
      counts.passed += 1;
    } else if (type === 'test:fail') {
      counts.failed += 1;
      const { error } = data.details;
      yield `failed: ${data.name} (${data.file ?? ''}:${data.line ?? ''})\n${error?.cause?.stack ?? error?.message ?? error}\n\n`;
    } else if (type === 'test:stderr') {
      yield data.message;
    }
  }
  for (const [why, names] of reasons) yield `skipped: ${names.join(', ')}: ${why}\n`;
  yield `node ${process.version}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`;
}
