import { beginLogin } from '../../contract/endpoints/login.ts';
import { route, type Route } from '../route.ts';
import type { Services } from '../services.ts';

export function loginRoutes(browserLogins: Services['browserLogins']): readonly Route[] {
  return [
    route(beginLogin, async ({ body, ip, signal }) => {
      const asked = { description: body.description ?? 'A program that does not say what it is', ip };
      const { page, client, code } = await browserLogins.begin(asked, signal);
      return {
        body: {
          browser_url: `/auth/browser/${page.reveal()}`,
          cli_url: '/auth/wait',
          token: client.reveal(),
          code,
        },
      };
    }),
  ];
}
