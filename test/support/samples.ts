/** Small apps to push. */

/** A server that answers with the text of page.txt, finishes its requests when told to end, and shows $X at /x. */
const SERVER_JS = [
  "const http = require('node:http');",
  "const says = require('node:fs').readFileSync(__dirname + '/page.txt', 'utf8').trim();",
  "const server = http.createServer((req, res) => res.end(req.url === '/x' ? String(process.env.X) : says));",
  "server.listen(process.env.PORT, '0.0.0.0', () => console.log('listening on', process.env.PORT));",
  "process.on('SIGTERM', () => server.close(() => process.exit(0)));",
  '',
].join('\n');

/** A Dockerfile app on the stack image. */
export function dockerfileApp(says: string): Record<string, string> {
  return {
    Dockerfile: [
      'FROM gantry/stack',
      'WORKDIR /srv',
      'COPY server.js page.txt ./',
      'USER 1000',
      'CMD ["node", "server.js"]',
      '',
    ].join('\n'),
    'page.txt': says,
    'server.js': SERVER_JS,
  };
}

/** A Node app without Dockerfile, with a worker beside its web process. */
export function nodeApp(says: string): Record<string, string> {
  return {
    'package.json': JSON.stringify({
      name: 'sample',
      version: '1.0.0',
      private: true,
      scripts: { start: 'node server.js' },
    }),
    'package-lock.json': JSON.stringify({
      name: 'sample',
      version: '1.0.0',
      lockfileVersion: 3,
      packages: { '': { name: 'sample', version: '1.0.0' } },
    }),
    Procfile: 'web: node server.js\nworker: node worker.js\n',
    'page.txt': says,
    'server.js': SERVER_JS,
    'worker.js': "setInterval(() => console.log('working'), 1000);\n",
  };
}

export function staticSite(says: string): Record<string, string> {
  return { 'index.html': `<!doctype html><title>sample</title>${says}\n` };
}
