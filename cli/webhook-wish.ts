import type { WebhookResource } from '../server/contract/webhook-resources.ts';
import type { Options } from './command.ts';
import { UsageError } from './failures.ts';
import { printTable } from './table.ts';
import type { Terminal } from './terminal.ts';

/** What of a webhook the options say. */
export function wishOf(options: Options) {
  const level = levelOf(options.text('level'));
  const [include, url] = [options.text('include'), options.text('url')];
  const [secret, authorization] = [options.text('secret'), options.text('authorization')];
  return {
    ...(include !== undefined && { include: include.split(',').map((one) => one.trim()) }),
    ...(level !== undefined && { level }),
    ...(url !== undefined && { url }),
    ...(secret !== undefined && { secret }),
    ...(authorization !== undefined && { authorization }),
  };
}

function levelOf(text: string | undefined): 'notify' | 'sync' | undefined {
  if (text === undefined || text === 'notify' || text === 'sync') return text;
  throw new UsageError('--level must be notify or sync.');
}

export function printWebhook(terminal: Terminal, webhook: WebhookResource): void {
  const { id, url, level, include } = webhook;
  const rows = [
    ['Id', id],
    ['URL', url],
    ['Include', include.join(',')],
    ['Level', level],
  ];
  printTable(terminal, rows, { whole: [0, 1] });
}
