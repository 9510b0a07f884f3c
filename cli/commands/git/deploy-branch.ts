import type { Run } from '../../command.ts';
import { UsageError } from '../../failures.ts';

export const run: Run = async ({ terminal, client, app: meant, result, options, signal }, [branch]) => {
  const unset = options.flag('unset');
  if (unset && branch !== undefined) throw new UsageError('Give a branch or --unset, not both.');
  const api = await client();
  const app = await meant();
  const now =
    branch === undefined && !unset
      ? await api.deployBranch(app, signal)
      : await api.setDeployBranch(app, branch ?? null, signal);
  result(now, () => terminal.print(now.branch ?? 'main or master, whichever is deployed first'));
};
