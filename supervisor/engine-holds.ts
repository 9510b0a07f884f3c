import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** How an engine writes a container down (config.v2.json, Docker 20 to 28); what else is in there is not ours to judge. */
const container = z.object({
  Name: z.string(),
  Config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }),
});

/** The engine's own name for a volume that nobody has named: it goes with its container. */
const ANONYMOUS = /^[0-9a-f]{64}$/;

/**
 * What somebody else keeps in the data directory of an engine that does not run: containers without the label, and volumes
 * that have a name, for the platform makes none. Nothing for an engine that has never run. What cannot be read counts as somebody's.
 */
export async function foreignIn(data: string, label: string): Promise<string[]> {
  const [containers, volumes] = await Promise.all(
    ['containers', 'volumes'].map((name) => directoriesIn(join(data, name))),
  );
  const found: string[] = [];
  for (const id of containers ?? []) {
    const seen = await read(join(data, 'containers', id, 'config.v2.json'));
    if (!seen?.labels.includes(label)) found.push(seen?.name ?? id.slice(0, 12));
  }
  const named = (volumes ?? []).filter((name) => !ANONYMOUS.test(name));
  return [...found, ...named.map((name) => `volume ${name}`)];
}

async function read(file: string): Promise<{ name: string; labels: string[] } | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const parsed = container.safeParse(orNothing(text));
  if (!parsed.success) return undefined;
  const { Name, Config } = parsed.data;
  const labels = Object.entries(Config.Labels ?? {}).map((pair) => pair.join('='));
  return { name: Name.replace(/^\//, ''), labels };
}

function orNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // half written by an engine that was killed
  }
}

async function directoriesIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []); // it has never run
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}
