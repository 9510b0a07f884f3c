import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { noticesOf, type Shipped } from './licences.ts';

/** Lays out the package of the command line alone in the directory that is named; `script/pack-cli` packs it. */
const root = join(import.meta.dirname, '..');
const bundle = join(root, 'dist', 'cli-bundle');
const stage = z.string().parse(process.argv[2]);

const manifest = z
  .object({ version: z.string(), license: z.string(), engines: z.object({ node: z.string() }) })
  .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
const meta = z
  .object({ inputs: z.record(z.string(), z.unknown()) })
  .parse(JSON.parse(readFileSync(join(root, 'dist', 'cli-bundle.json'), 'utf8')));

/** What may be in it: a line of the server's own code here is a mistake in the imports of cli/. */
const OURS = /^(?:cli\/|lib\/|server\/contract\/|package\.json$)/;
/** Path and name of a package; a nested one is by its own path, as it may be of another version. */
const PACKAGE = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//;
const inputs = Object.keys(meta.inputs);
const stray = inputs.filter((path) => !OURS.test(path) && !PACKAGE.test(path));
if (stray.length > 0) throw new Error(`these do not belong into the package: ${stray.join(', ')}`);

const packages = new Map<string, string>();
for (const input of inputs) {
  const [, path, name] = PACKAGE.exec(input) ?? [];
  if (path !== undefined && name !== undefined) packages.set(path, name);
}
const described = z.object({ version: z.string(), license: z.string() });
const seen = new Map<string, Shipped>();
for (const [path, name] of packages) {
  const own = described.parse(JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')));
  seen.set(`${name} ${own.version}`, { path, name, ...own });
}
const bundled = [...seen.values()].toSorted((a, b) => a.name.localeCompare(b.name));

mkdirSync(join(stage, 'dist'), { recursive: true });
for (const file of readdirSync(bundle)) copyFileSync(join(bundle, file), join(stage, 'dist', file));
copyFileSync(join(root, 'LICENSE'), join(stage, 'LICENSE'));
copyFileSync(join(root, 'docs', 'cli.md'), join(stage, 'README.md'));
mkdirSync(join(stage, 'docs'));
for (const page of ['api.md', 'cli.md', 'errors.md', 'gantry.1'])
  copyFileSync(join(root, 'docs', page), join(stage, 'docs', page));
writeFileSync(
  join(stage, 'THIRD-PARTY-NOTICES.md'),
  `# Third-party notices\n\nThe gantry command is built with these packages.\n\n${noticesOf(bundled)}`,
);
const own = {
  name: 'gantry-cli',
  version: manifest.version,
  description: 'The command line of Gantry, a self-hosted platform for your apps.',
  license: manifest.license,
  type: 'module',
  engines: manifest.engines,
  bin: { gantry: 'dist/main.js' },
  man: 'docs/gantry.1',
};
writeFileSync(join(stage, 'package.json'), `${JSON.stringify(own, null, 2)}\n`);
