import { inviteUser } from '../../../server/contract/endpoints/people.ts';
import type { Run } from '../../command.ts';
import { printInvitation } from '../../invitation.ts';

export const run: Run = async ({ terminal, client, options, result, signal }, [email = '']) => {
  const api = await client();
  const invited = await api.call(inviteUser, { body: { email, admin: options.flag('admin') } }, signal);
  result(invited, () => printInvitation(terminal, api.url, invited));
};
