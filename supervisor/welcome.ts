import { caFileOf } from './certificates.ts';
import type { Settings } from './config.ts';
import type { Home } from './home.ts';

/** What a person wants to know when the platform is ready. `token` is empty but for the first start; `ms` is 0 when nothing was started. */
export function welcome(home: Home, settings: Settings, token: string, ms: number): string[] {
  const { GANTRY_DOMAIN: domain, GANTRY_HTTP_PORT: http, GANTRY_SSH_PORT: ssh } = settings;
  const { GANTRY_HTTPS_PORT: https } = settings;
  const ready = ms > 0 ? [`Gantry is ready (${(ms / 1000).toFixed(1)} s).`] : [];
  const login =
    token === ''
      ? `The admin’s token is in ${home.root}/admin-token; root on this machine is logged in without it.`
      : `The admin’s token, shown this once: ${token} (kept in ${home.root}/admin-token; root on this machine is logged in without it).`;
  return [
    '',
    ...ready,
    `  API    http://api.${domain}:${http} (and http://127.0.0.1:${settings.GANTRY_API_PORT} on this machine)`,
    `  apps   http://<app>.${domain}:${http}`,
    `  HTTPS  https://api.${domain}:${https}, https://<app>.${domain}:${https} (clients need the authority ${caFileOf(home)})`,
    `  git    ssh://git@${domain}:${ssh}/<app>.git`,
    `  state  ${home.root} (logs in ${home.logs})`,
    '',
    login,
    'In a repository with an app:',
    '  gantry keys:add            # your SSH key, once',
    '  gantry apps:create hello',
    '  git push gantry main',
    '',
  ];
}
