import { disableAcm } from '../../../server/contract/endpoints/certificates.ts';
import type { Run } from '../../command.ts';
import { confirm } from '../../confirm.ts';

export const run: Run = async (context) => {
  const { terminal, client, result, signal } = context;
  const name = await context.app();
  await confirm(context, name, `This ends that the platform gets certificates for ${name}.`);
  const app = await (await client()).call(disableAcm, { params: { app: name } }, signal);
  terminal.note(`No certificates are got for ${app.name} any more.`);
  result(app, () => undefined);
};
