import { parseAppJson } from './app-json.ts';
import { readText, walkArchive } from './archive.ts';
import { parseDockerignore, type Ignored } from './dockerignore.ts';
import { scanDockerfile } from './dockerfile-rules.ts';
import { buildErrors } from './errors.ts';
import { parseProcfile } from './procfile.ts';

/** What a source says about how it wants to be built and run. */
export interface SourceFacts {
  /** Null: no Dockerfile, so buildpacks. */
  readonly dockerfile: { readonly text: string; readonly stack: boolean; readonly ignored: Ignored } | null;
  readonly procfile: ReadonlyMap<string, string>;
  readonly checks: ReadonlyMap<string, string>;
  /** What in these files is not used, a sentence each; for the transcript. */
  readonly warnings: readonly string[];
}

/** The files at the root that are read here; longer ones are none of theirs. */
const READ = new Set(['Dockerfile', '.dockerignore', 'Procfile', 'app.json']);
const MAX_TEXT = 256 * 1024;

/**
 * Reads a source once from start to end: every entry is checked, the few files that decide are read.
 * Throws `source_refused` and `dockerfile_refused`. `registries` are the platform's registry hosts.
 */
export async function readSource(
  archive: string,
  registries: readonly string[],
  signal: AbortSignal,
): Promise<SourceFacts> {
  const texts = new Map<string, string>();
  await walkArchive(
    archive,
    async ({ path, kind }, content) => {
      if (!READ.has(path)) {
        content.resume();
        return;
      }
      if (kind !== 'file')
        throw buildErrors.of('source_refused', {
          why: `${path} is a ${kind === 'link' ? 'symbolic link' : kind}; it must be a plain file`,
        });
      const { text, whole } = await readText(content, MAX_TEXT);
      if (!whole)
        throw buildErrors.of('source_refused', { why: `${path} is larger than ${MAX_TEXT / 1024} KiB` });
      texts.set(path, text);
    },
    signal,
  );
  const appJson = texts.get('app.json');
  const { checks, warnings } =
    appJson === undefined ? { checks: new Map<string, string>(), warnings: [] } : parseAppJson(appJson);
  const procfile = parseProcfile(texts.get('Procfile') ?? '');
  const written = texts.get('Dockerfile');
  return {
    dockerfile:
      written === undefined
        ? null
        : {
            ...scanDockerfile(written, registries),
            ignored: parseDockerignore(texts.get('.dockerignore') ?? ''),
          },
    procfile: procfile.types,
    checks,
    warnings: [...procfile.warnings, ...warnings],
  };
}
