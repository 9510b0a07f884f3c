/**
 * What a visitor sees when no app answers. `404.html` is a log-format template: HAProxy puts the host in, which was
 * checked before (letters, digits, dots, hyphens), so it cannot carry markup; a percent sign would have to be doubled.
 */
function page(title: string, text: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; color: #1c2430; background: #f6f7f9; margin: 0; }
main { max-width: 34rem; margin: 18vh auto 0; padding: 0 1.5rem; }
h1 { font-size: 1.4rem; margin: 0 0 .5rem; }
p { margin: 0; color: #4b5563; overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) { body { color: #e8ebf0; background: #14181f; } p { color: #a3adbb; } }
</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p>${text}</p>
</main>
</body>
</html>
`;
}

export const NOT_FOUND_PAGE = page(
  'There is no app here',
  'The host <b>%[var(txn.host)]</b> was not found on this platform.',
);

export const MAINTENANCE_PAGE = page(
  'This app is being worked on',
  'It will be back in a while; please try again later.',
);

export const UNAVAILABLE_PAGE = page(
  'This app is not available right now',
  'No instance of it answered. If it is yours, its logs say why.',
);

function answer(id: string, message: string, retry: boolean): string {
  return `${JSON.stringify({ id, message, retry })}\n`;
}

export const MALFORMED_ANSWER = answer(
  'bad_request',
  'The request could not be read: it is not HTTP, names no host or two, or its path and header fields are too long.',
  false,
);

export const LATE_ANSWER = answer(
  'request_timeout',
  'The request did not arrive whole in the time it had; send it again, all of it at once.',
  true,
);
