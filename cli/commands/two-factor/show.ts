import { showTwoFactor } from '../../../server/contract/endpoints/people.ts';
import type { Run } from '../../command.ts';

export const run: Run = async ({ terminal, client, result, signal }) => {
  const state = await (await client()).call(showTwoFactor, {}, signal);
  result(state, () => {
    terminal.print(
      state.enabled
        ? `Two-factor authentication is enabled (${state.recovery_codes_left} recovery codes left).`
        : 'Two-factor authentication is not enabled.',
    );
  });
};
