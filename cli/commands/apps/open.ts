import type { Run } from '../../command.ts';
import { CommandError } from '../../failures.ts';

export const run: Run = async (
  { terminal, client, app: meant, result, options, config, launch, signal },
  [path],
) => {
  const app = await (await client()).app(await meant(), signal);
  if (app.web_url === null) throw new CommandError(`${app.name} has no URL.`);
  const url = webAddress(app.web_url, path ?? '');
  const { browser } = config;
  const opened = !options.flag('json') && browser !== undefined && (await launch(browser, url));
  result({ url }, () => {
    if (opened) terminal.note(`Opening ${url}`);
    else terminal.print(url);
  });
};

/** Only ever an address of the app itself: what opens it must not be sent elsewhere by a path such as `//other`. */
function webAddress(base: string, path: string): string {
  const url = new URL(base);
  const [, pathname = '', query = '', hash = ''] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(path) ?? [];
  url.pathname = pathname;
  url.search = query;
  url.hash = hash;
  if (!/^https?:$/.test(url.protocol)) throw new CommandError(`${base} is not a web address.`);
  return url.href;
}
