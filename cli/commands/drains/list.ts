import { listLogDrains } from '../../../server/contract/endpoints/drains.ts';
import type { Run } from '../../command.ts';
import { widthOf } from '../../width.ts';

export const run: Run = async ({ terminal, client, app, result, signal }) => {
  const all = await (await client()).call(listLogDrains, { params: { app: await app() } }, signal);
  result(all, () => {
    for (const { url, token } of all) {
      const line = `${url} (${token})`;
      // Both are to be copied, so a narrow screen is not to break them where it likes.
      const fits = widthOf(line) <= (terminal.columns ?? Infinity);
      for (const part of fits ? [line] : [url, `  (${token})`]) terminal.print(part);
    }
    if (all.length === 0) terminal.note('This app has no drains.');
  });
};
