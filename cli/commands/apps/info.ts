import type { Run } from '../../command.ts';
import { printTable } from '../../table.ts';
import { when } from '../../time.ts';

export const run: Run = async ({ terminal, client, app: meant, result, signal, now }, [name]) => {
  const api = await client();
  const app = await api.app(name ?? (await meant()), signal);
  const formation = await api.formation(app.name, signal);
  result({ app, formation }, () => {
    const rows = [
      ['Name', app.name],
      ['URL', app.web_url ?? ''],
      ['Git', app.git_url],
      ['Owner', app.owner.email],
      ['Processes', formation.map(({ type, quantity }) => `${type}=${quantity}`).join(' ') || 'none yet'],
      ['Created', when(app.created_at, now())],
      ['Released', app.released_at === null ? 'never' : when(app.released_at, now())],
    ];
    printTable(terminal, rows, { whole: [0, 1] });
  });
};
