import type { Terminal } from './terminal.ts';

/** Says what the invited has to do; only the token itself is the result. */
export function printInvitation(
  terminal: Terminal,
  url: string,
  {
    user,
    token,
    expires_at,
  }: { readonly user: { readonly email: string }; readonly token: string; readonly expires_at: string },
): void {
  terminal.note(`Give this invitation to ${user.email}, and to nobody else; it ends at ${expires_at}.`);
  terminal.note(`There: gantry login:accept --url ${url} (which asks for it, and for a password)`);
  terminal.print(token);
}
