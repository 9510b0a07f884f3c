import type { AskedLogin } from '../services/browser-logins.ts';

/** The pages of a login: no script, and nothing from anywhere else. */
export const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:4rem auto;padding:0 1rem;color:#1c1c28;background:#fff}
h1{font-size:1.4rem}dl{background:#f4f4f8;padding:1rem;border-radius:.5rem}dt{color:#5a5a6e;font-size:.85rem}dd{margin:0 0 .5rem;overflow-wrap:anywhere}
label{display:block;margin:.75rem 0 .25rem}input{width:100%;box-sizing:border-box;padding:.5rem;font:inherit;border:1px solid #8a8a9e;border-radius:.25rem}
button{margin:1rem .5rem 0 0;padding:.5rem 1.25rem;font:inherit;border:1px solid #3b3bb3;border-radius:.25rem;background:#3b3bb3;color:#fff}
button.other{background:#fff;color:#1c1c28;border-color:#8a8a9e}.problem{color:#a3122e}.code{font:bold 1.2rem ui-monospace,monospace}`;

interface Piece {
  /** HTML that was made here. */
  readonly html?: string;
  /** Anything else. */
  readonly text?: string;
}

export function page(title: string, pieces: readonly Piece[]): string {
  const body = pieces.map(({ html, text }) => html ?? `<p>${escaped(text ?? '')}</p>`).join('\n');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(title)} · Gantry</title><style>${STYLE}</style></head>
<body><main><h1>${escaped(title)}</h1>
${body}
</main></body></html>
`;
}

export function signInForm(asked: AskedLogin, problem: string | undefined, now: Date): readonly Piece[] {
  return [
    { html: about(asked, now) },
    ...(problem === undefined ? [] : [{ html: `<p class="problem" role="alert">${escaped(problem)}</p>` }]),
    {
      html: `<form method="post">
<label for="email">Email</label><input id="email" name="email" type="email" autocomplete="username" required autofocus>
<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required>
<label for="code">Code of the second factor, if you have one</label><input id="code" name="code" autocomplete="one-time-code" inputmode="text">
<button name="action" value="sign-in">Log in</button></form>`,
    },
  ];
}

export function decisionForm(
  asked: AskedLogin,
  { email, proof }: { readonly email: string; readonly proof: string },
  now: Date,
): readonly Piece[] {
  return [
    { html: about(asked, now) },
    {
      text: `You are logged in as ${email}. The program will be able to do all that you may do, for 30 days.`,
    },
    {
      html: `<form method="post"><input type="hidden" name="proof" value="${escaped(proof)}">
<button name="action" value="approve">Approve</button><button class="other" name="action" value="deny">Deny</button></form>`,
    },
  ];
}

function about({ description, ip, createdAt, code }: AskedLogin, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - createdAt.getTime()) / 1000));
  return `<p>A program asks to be logged in. Approve it only if you started it yourself just now, and if it shows this code:</p>
<dl><dt>Code</dt><dd class="code">${escaped(code)}</dd><dt>Program</dt><dd>${escaped(description)}</dd>
<dt>From the address</dt><dd>${escaped(ip)}</dd><dt>Asked</dt><dd>${seconds} seconds ago</dd></dl>`;
}

/** Text that is nothing but text, in an element and in an attribute; control characters and bidirectional tricks shown. */
function escaped(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '\uFFFD').replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
