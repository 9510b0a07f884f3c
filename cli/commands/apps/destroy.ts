import type { Run } from '../../command.ts';
import { UsageError } from '../../failures.ts';

export const run: Run = async ({ terminal, client, app: meant, result, options, signal }, [name]) => {
  const app = name ?? (await meant());
  const confirmed = options.text('confirm');
  if (confirmed !== app) {
    throw new UsageError(
      confirmed === undefined
        ? `This destroys ${app} with everything it has and cannot be undone. Repeat it with --confirm ${app}.`
        : `${confirmed} is not ${app}; nothing was destroyed.`,
    );
  }
  const gone = await (await client()).destroyApp(app, signal);
  terminal.note(`Destroyed ${gone.name}.`);
  result(gone, () => undefined);
};
