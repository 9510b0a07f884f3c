/** Of one command so much is told to whoever follows the deployment; all of it is in the log of the app. */
const MOST_LINES = 5_000;
const MOST_BYTES = 1024 * 1024;

/**
 * Hands lines on as they come, many at once when they come faster than they can be handed on. Resolves when the last one
 * is; of what is too much it says how many lines there were more.
 */
export async function relay(
  lines: AsyncIterable<string>,
  hand: (lines: readonly string[]) => Promise<void>,
): Promise<void> {
  let [taken, bytes, left] = [0, 0, 0];
  const waiting: string[] = [];
  let handing: Promise<void> | undefined;
  const handAll = async (): Promise<void> => {
    while (waiting.length > 0) await hand(waiting.splice(0));
    handing = undefined;
  };
  for await (const line of lines) {
    bytes += Buffer.byteLength(line);
    if (taken >= MOST_LINES || bytes > MOST_BYTES) {
      left += 1;
      continue;
    }
    taken += 1;
    waiting.push(line);
    handing ??= handAll();
    handing.catch(() => undefined); // told when it is awaited below
  }
  await handing;
  if (left > 0) await hand([`… and ${left} lines more; see the log of the app.`]);
}
