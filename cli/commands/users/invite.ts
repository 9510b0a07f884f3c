import { inviteUserAgain } from '../../../server/contract/endpoints/people.ts';
import type { Run } from '../../command.ts';
import { printInvitation } from '../../invitation.ts';

export const run: Run = async ({ terminal, client, result, signal }, [user = '']) => {
  const api = await client();
  const invited = await api.call(inviteUserAgain, { params: { user } }, signal);
  result(invited, () => printInvitation(terminal, api.url, invited));
};
